-- Which alerts belong together: place and cause, and the alert that founded the group (alerts/quiet/groups.py).
alter table alert add column grouping jsonb;
create index alert_group on alert ((grouping ->> 'key'), raised_at) where grouping is not null;
create index alert_group_id on alert ((grouping ->> 'id')) where grouping is not null;
-- What wanted somebody, by the time it did: the score of a shift.
create index alert_called on alert_transition (recorded_at) where kind in ('raised', 'stepped_up');
create index alert_unended on alert (raised_at) where ended_at is null;

-- What was known when an alert was raised (`raised`, a moment later) and all that followed (`sealed`, when it is
-- over and the time after it too). Written once. sha256: of the document as canonical JSON (alerts/evidence_pack.py).
create table alert_evidence (
    alert_id    text not null references alert,
    part        text not null check (part in ('raised', 'sealed')),
    document    jsonb not null,
    sha256      bytea not null,
    written_at  timestamptz not null default clock_timestamp(),
    primary key (alert_id, part)
);
create index alert_ended on alert (ended_at) where ended_at is not null;

grant select on alert_evidence to ingest, staff;
grant insert on alert_evidence to ingest;
