-- Who and where: departments, stations, series, instruments, curves, limits.
-- Identity never changes; what may change carries its validity [valid_from, valid_to).

create table department (
    code        text primary key,
    name_zh     text not null,
    name_en     text not null
);

create table station (
    id          integer generated always as identity primary key,
    code        text not null unique,
    kind        text not null,
    created_at  timestamptz not null default now()
);

-- A gauge is moved, renamed, handed to another department: a new version, never an overwrite.
create table station_version (
    station_id      integer not null references station,
    valid_from      timestamptz not null,
    valid_to        timestamptz,
    name_zh         text not null,
    name_en         text not null,
    lon             double precision not null check (lon between -180 and 180),
    lat             double precision not null check (lat between -90 and 90),
    department      text not null references department,
    device          text,
    interval_s      integer not null check (interval_s > 0),
    public          boolean not null,
    public_delay_s  integer not null default 0 check (public_delay_s >= 0),
    details         jsonb not null default '{}',
    primary key (station_id, valid_from),
    check (valid_to is null or valid_to > valid_from)
);
create unique index station_version_current on station_version (station_id) where valid_to is null;

-- One series: one metric of one station. Readings hang on its number.
create table series (
    id          integer generated always as identity primary key,
    station_id  integer not null references station,
    metric      text not null,
    created_at  timestamptz not null default now(),
    unique (station_id, metric)
);

-- The instrument behind a series, for as long as it hung there.
create table sensor (
    series_id       integer not null references series,
    valid_from      timestamptz not null,
    valid_to        timestamptz,
    serial          text,
    low             double precision,
    high            double precision,
    max_step        double precision,
    stuck_after_s   integer,
    interval_s      integer not null,
    department      text not null references department,
    public          boolean not null,
    public_delay_s  integer not null default 0,
    primary key (series_id, valid_from),
    check (valid_to is null or valid_to > valid_from)
);
create unique index sensor_current on sensor (series_id) where valid_to is null;

-- Level-storage curve of a reservoir: points is [[level_m, storage_m3], ...], strictly rising.
create table curve (
    station_id  integer not null references station,
    valid_from  timestamptz not null,
    valid_to    timestamptz,
    points      jsonb not null,
    source      text not null,
    department  text not null references department,
    public      boolean not null,
    public_delay_s  integer not null default 0,
    primary key (station_id, valid_from),
    check (valid_to is null or valid_to > valid_from)
);
create unique index curve_current on curve (station_id) where valid_to is null;

-- A named limit of a series; season_from/to (MM-DD, both inclusive) where it changes in the year:
-- one row a season, and one without season for the rest of the year.
create table limit_value (
    series_id   integer not null references series,
    name        text not null,
    valid_from  timestamptz not null,
    valid_to    timestamptz,
    season_from text check (season_from ~ '^\d\d-\d\d$'),
    season_to   text check (season_to ~ '^\d\d-\d\d$'),
    value       double precision not null,
    label_zh    text not null,
    label_en    text not null,
    source      text not null,
    department  text not null references department,
    public      boolean not null,
    public_delay_s  integer not null default 0,
    unique nulls not distinct (series_id, name, season_from, valid_from),
    check (valid_to is null or valid_to > valid_from),
    check ((season_from is null) = (season_to is null))
);
create unique index limit_value_current on limit_value (series_id, name, season_from) nulls not distinct
 where valid_to is null;
