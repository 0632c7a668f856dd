-- What people say of stretches of readings: facts that are added, never changed. A later mark over
-- the same readings takes their place; a mark is withdrawn by a further one that names it.

create table mark (
    id          bigint generated always as identity primary key,
    series_id   integer not null references series,
    from_at     timestamptz not null,
    until_at    timestamptz,            -- exclusive; null: until somebody says otherwise
    verdict     text not null check (verdict in ('invalid', 'valid', 'withdrawn')),
    withdraws   bigint references mark,
    reason      text not null check (length(trim(reason)) > 0),
    who         text not null check (length(trim(who)) > 0),
    made_at     timestamptz not null default clock_timestamp(),
    check (until_at is null or until_at > from_at),
    check ((verdict = 'withdrawn') = (withdraws is not null))
);
create index mark_series on mark (series_id, id);
create unique index mark_withdrawn on mark (withdraws) where withdraws is not null;

-- Which marks the stored readings already show.
create table mark_applied (
    mark_id     bigint primary key references mark,
    applied_at  timestamptz not null default clock_timestamp()
);

grant select on mark, mark_applied to ingest, staff;
grant insert on mark to staff;
grant insert on mark_applied to ingest;
