-- What people say a tank holds, where no sensor tells: facts that are added, never changed.
create table tank_entry (
    id          bigint generated always as identity primary key,
    station_id  integer not null references station,
    tank        text not null,
    quantity_t  double precision not null check (quantity_t >= 0 and quantity_t < 'infinity'),
    at          timestamptz not null,   -- when it held so much
    entered_at  timestamptz not null default clock_timestamp(),
    entered_by  text not null check (length(trim(entered_by)) > 0),
    note        text
);
create index tank_entry_newest on tank_entry (station_id, tank, at desc, id desc);

grant select on tank_entry to ingest, staff;
grant insert on tank_entry to staff;
