-- Where a gas went, as it was computed at the time: one row each time it was computed anew. A leak is
-- known by its place (the plant, else the sensor) and by the metric that speaks of it.
create table footprint (
    id          bigint generated always as identity primary key,
    station_id  integer not null references station,
    metric      text not null,
    began_at    timestamptz not null,   -- of this leak: when it was first computed
    computed_at timestamptz not null,
    valid_to    timestamptz,            -- null: it stands
    sensors     text[] not null,        -- whose readings or alerts speak of it
    level       smallint not null,      -- the AEGL above which the worst of them lies
    document    jsonb not null,
    check (valid_to is null or valid_to >= computed_at)
);
create unique index footprint_current on footprint (station_id, metric) where valid_to is null;
create index footprint_time on footprint (computed_at);

grant select on footprint to ingest, staff;
grant insert, update, delete on footprint to ingest;  -- old ones are thinned out
