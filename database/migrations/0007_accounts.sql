-- People, their sessions and keys, and what they did.

create table account (
    id              integer generated always as identity primary key,
    name            text not null unique,
    role            text not null check (role in ('viewer', 'duty', 'environment', 'administrator')),
    department      text references department,
    password_hash   text not null,
    failed_count    integer not null default 0,
    locked_until    timestamptz,
    created_at      timestamptz not null default now(),
    disabled_at     timestamptz
);

create table session (
    token_hash  bytea primary key,
    account_id  integer not null references account,
    csrf        text not null,
    created_at  timestamptz not null default now(),
    seen_at     timestamptz not null default now(),
    expires_at  timestamptz not null,
    address     text,
    agent       text
);

create table api_token (
    token_hash  bytea primary key,
    account_id  integer not null references account,
    label       text not null,
    created_at  timestamptz not null default now(),
    seen_at     timestamptz,
    revoked_at  timestamptz
);

create table audit (
    id          bigint generated always as identity primary key,
    at          timestamptz not null default now(),
    who         text not null,
    action      text not null,
    object      text,
    detail      jsonb not null default '{}',
    address     text
);

-- The answer given to a write, so that the same write sent twice is done once.
create table idempotency (
    account_id  integer not null references account,
    key         text not null,
    request     bytea not null,
    status      integer not null,
    response    jsonb not null,
    created_at  timestamptz not null default now(),
    primary key (account_id, key)
);
