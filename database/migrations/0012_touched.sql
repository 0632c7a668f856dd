-- Ranges of time that late readings, corrections or marks changed, written in their transaction: whose roll-ups
-- `python -m database keep` computes again. Both ends inclusive. Rows only come and go: a shared row per
-- range would lose a change that commits while its range is being refreshed.
create table touched (
    id          bigint generated always as identity primary key,
    since       timestamptz not null,
    until       timestamptz not null,
    touched_at  timestamptz not null default clock_timestamp(),
    check (until >= since)
);
grant select, insert on touched to ingest, staff;
