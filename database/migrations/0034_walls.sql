-- Wallboards: screens that nobody sits at, each with a key of its own that no time ends.
-- token_hash: first of the token that an administrator was shown, once used of the device's secret.
create table wall (
    id          integer generated always as identity primary key,
    name        text not null,
    token_hash  bytea not null unique,
    created_at  timestamptz not null default now(),
    created_by  text not null,
    entered_at  timestamptz,    -- when a device took the token; it works no second time
    seen_at     timestamptz,
    address     text,           -- of the device, when last seen
    revoked_at  timestamptz
);
create unique index wall_name on wall (name) where revoked_at is null;
revoke all on wall from ingest;
grant select, insert, update on wall to staff;
