-- What was measured. quality: bits of sensors/quality.py (0 good, 1 missing, 2 impossible, ...);
-- origin: 0 live, 1 recorded, 2 simulated, 3 exercise (sensors/reading.py).

create table reading (
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

-- What a correction replaced: the older value with when it came and what took its place.
create table reading_revision (
    series_id   integer not null,
    observed_at timestamptz not null,
    revision    smallint not null,
    value       double precision,
    quality     smallint not null,
    origin      smallint not null,
    received_at timestamptz not null,
    replaced_at timestamptz not null,
    replaced_by text not null,
    primary key (series_id, observed_at, revision)
);

-- The live end of each series: one row, which is also the lock that whoever judges must hold.
-- judged_to is the judged watermark: the newest observed_at that the rules have seen.
create table series_state (
    series_id   integer primary key references series,
    observed_at timestamptz,
    value       double precision,
    quality     smallint,
    revision    smallint not null default 0,
    origin      smallint,
    received_at timestamptz,
    original_at timestamptz,
    judged_to   timestamptz,
    same_since  timestamptz,
    previous_at timestamptz,
    previous_value double precision,
    changed_at  timestamptz not null default now()
);
create index series_state_changed on series_state (changed_at);

create table device_status (
    device      text primary key,
    online      boolean not null,
    reported_at timestamptz not null
);

-- Messages, one outcome each: received = stored + duplicate + revised + quarantined.
-- received is counted on arrival, before decoding; hour is the hour of arrival, labelled by its start.
create table ledger (
    feed            text not null,
    hour            timestamptz not null,
    received        bigint not null default 0,
    stored          bigint not null default 0,
    duplicate       bigint not null default 0,
    revised         bigint not null default 0,
    quarantined     bigint not null default 0,
    readings        bigint not null default 0,
    readings_late   bigint not null default 0,
    primary key (feed, hour)
);

create table quarantine (
    id          bigint generated always as identity primary key,
    received_at timestamptz not null,
    feed        text not null,
    topic       text not null,
    payload     bytea not null,
    size        bigint not null,
    code        text not null,
    reason      text not null,
    replayed_at timestamptz,
    outcome     text
);
create index quarantine_received on quarantine (received_at desc, id desc);

-- Messages without a device time that may come again with the DUP flag: what they were stored as.
create table delivery (
    client_id   text not null,
    packet_id   integer not null,
    digest      bytea not null,
    received_at timestamptz not null,
    primary key (client_id, packet_id)
);

-- Each process says here that it lives; detail holds what only it knows (broker link, delays).
create table heartbeat (
    process     text primary key,
    at          timestamptz not null,
    up_since    timestamptz not null,
    detail      jsonb not null default '{}'
);
