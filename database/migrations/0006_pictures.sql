-- Camera pictures: what is known of a picture, and three separate things: the private original,
-- the masked copy, the copy that the operator released.

create table picture (
    id          bigint generated always as identity primary key,
    station_id  integer not null references station,
    taken_at    timestamptz not null,
    time_source text not null check (time_source in ('topic', 'property', 'exif', 'arrival')),
    received_at timestamptz not null,
    origin      smallint not null default 0,
    original_at timestamptz,
    media_type  text not null,
    width       integer not null,
    height      integer not null,
    size        integer not null,
    sha256      bytea not null,
    unique (station_id, taken_at, sha256)
);
create index picture_newest on picture (station_id, taken_at desc);

create table picture_original (
    picture_id  bigint primary key references picture on delete cascade,
    content     bytea not null,
    thumbnail   bytea not null
);
alter table picture_original alter column content set storage external;

create table picture_masked (
    picture_id  bigint primary key references picture on delete cascade,
    content     bytea not null,
    thumbnail   bytea not null,
    masked_at   timestamptz not null,
    method      text not null
);

create table picture_released (
    picture_id  bigint primary key references picture on delete cascade,
    content     bytea not null,
    thumbnail   bytea not null,
    released_at timestamptz not null,
    released_by text not null
);
