-- How long raw readings are kept, by metric; null days: for ever. Roll-ups are always kept.
-- purged_to: below it raw readings may be gone (written before they go), so nothing is rolled up again there;
-- done_to: below it they are gone. Both are borders of chunks, and never go back.
create table retention (
    metric      text primary key,
    days        integer check (days >= 7),
    purged_to   timestamptz,
    done_to     timestamptz
);

-- Readings that came when their metric's retention was over: kept apart from `reading`, in no roll-up,
-- and in every answer that shows raw readings.
create table reading_old (
    series_id   integer not null,
    observed_at timestamptz not null,
    value       double precision,
    quality     smallint not null,
    revision    smallint not null default 0,
    origin      smallint not null default 0,
    received_at timestamptz not null,
    original_at timestamptz,
    primary key (series_id, observed_at),
    check (value is null or (value > '-Infinity' and value < 'Infinity')),
    check ((value is null) = (quality & 1 = 1))
);

grant select on retention, reading_old to ingest, staff;
grant insert, update on reading_old to ingest;

-- The public page must know where its raw readings may be gone, as the staff's does.
create view city.retention as select metric, purged_to from retention where purged_to is not null;
grant select on city.retention to staff, public_reader;
