-- The ledger's proof: what was pruned is counted, replays are asked for and remembered, a canary
-- runs the whole path.

-- quarantined = rows of quarantine + pruned, by feed and hour (of arrival, UTC): a row that somebody
-- deleted is missed. Replays (feed `replay`) keep nothing a second time.
alter table ledger add column pruned bigint not null default 0;

-- Asked on screen or by `python -m ingest replay`, done by ingest; kept as the record of what was
-- done. code: null is every reason. up_to: what came into quarantine after the asking is not meant.
create table replay_request (
    id          bigint generated always as identity primary key,
    code        text,
    up_to       bigint not null,
    asked_at    timestamptz not null default clock_timestamp(),
    asked_by    text not null check (length(trim(asked_by)) > 0),
    started_at  timestamptz,
    reached     bigint not null default 0,
    refused     integer not null default 0,
    why         jsonb not null default '{}',
    done_at     timestamptz
);
-- One open request a reason: who asks twice has the first one.
create unique index replay_request_open on replay_request (code) nulls not distinct where done_at is null;
create index replay_request_asked on replay_request (asked_at desc);

alter table quarantine add column replay_id bigint references replay_request;
create index quarantine_code on quarantine (code, id);
create index quarantine_replay on quarantine (replay_id) where replay_id is not null;

-- A message of our own that the broker brought back, each minute. delay_s: from sending to here, by the
-- sender's clock, which is ours; stored_at: by the database's.
create table canary (
    name        text not null,
    sent_at     timestamptz not null,
    received_at timestamptz not null,
    stored_at   timestamptz not null default clock_timestamp(),
    delay_s     double precision not null,
    primary key (name, sent_at)
);
create index canary_stored on canary (name, stored_at desc);

grant select on replay_request, canary to ingest, staff;
grant insert, update on replay_request to ingest;
grant insert on replay_request to staff;
grant insert on canary to ingest;
grant delete on canary, quarantine, message to ingest;
