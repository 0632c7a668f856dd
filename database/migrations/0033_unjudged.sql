-- Series whose newest reading the judge failed upon: stored, and nobody looked whether it is over a limit.
-- A row holds until a newer reading of the series is stored; such a one was judged, or renewed the row.
create table unjudged (
    series_id   integer primary key references series,
    newest_at   timestamptz not null,   -- observed_at of the newest reading then
    since       timestamptz not null default clock_timestamp(),
    error       text not null
);
grant select, insert, update on unjudged to ingest;
grant select on unjudged to staff;
