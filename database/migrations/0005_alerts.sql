-- Judgement. A rule's versions are never changed; an alert is one occurrence, its transitions its life.
-- alert.version counts its transitions and is the seq of the newest; alert.reason is why it stands at its
-- grade. Reasons are a code with its figures: alerts/wording.py makes sentences of them.

create table rule (
    id          integer generated always as identity primary key,
    code        text not null unique
);

-- definition: the rule as in config.yaml (alerts/settings.py); the newest version without retired_at is in force.
create table rule_version (
    rule_id     integer not null references rule,
    version     integer not null,
    definition  jsonb not null,
    seeded      jsonb,
    author      text not null,
    reason      text not null,
    created_at  timestamptz not null default now(),
    retired_at  timestamptz,
    primary key (rule_id, version)
);

create table alert (
    id              text primary key,
    rule_id         integer not null,
    rule_version    integer not null,
    series_id       integer references series,
    station_id      integer references station,
    subject         text not null,
    grade           text not null check (grade in ('red', 'orange', 'yellow', 'blue')),
    peak_grade      text not null check (peak_grade in ('red', 'orange', 'yellow', 'blue')),
    state           text not null check (state in ('active', 'acknowledged', 'returned', 'ended')),
    began_at        timestamptz not null,
    raised_at       timestamptz not null,
    ended_at        timestamptz,
    found_afterwards boolean not null default false,
    announced_at    timestamptz,
    origin          smallint not null default 0,
    value           double precision,
    limit_value     double precision,
    peak_value      double precision,
    quality         smallint,
    reason          jsonb not null default '{}',
    evidence        jsonb not null default '{}',
    owner           text,
    acknowledged_at timestamptz,
    note            text,
    public          boolean not null default false,
    department      text references department,
    incident_id     text,
    version         integer not null default 1,
    changed_at      timestamptz not null default now(),
    foreign key (rule_id, rule_version) references rule_version,
    check ((state = 'ended') = (ended_at is not null))
);
create index alert_changed on alert (changed_at);
create index alert_began on alert (began_at desc, id desc);
-- One occurrence, one record: a rule has at most one open alert a subject.
create unique index alert_open on alert (rule_id, subject) where state <> 'ended' and not found_afterwards;

create table alert_transition (
    id          bigint generated always as identity primary key,
    alert_id    text not null references alert,
    seq         integer not null,
    kind        text not null,
    at          timestamptz not null,
    recorded_at timestamptz not null,
    grade       text,
    value       double precision,
    limit_value double precision,
    who         text,
    note        text,
    reason      jsonb not null,
    unique (alert_id, seq)
);

-- What the engine remembers of a rule and a subject between readings (alerts/engine.py).
create table rule_state (
    rule_id     integer not null references rule,
    subject     text not null,
    series_id   integer references series,
    state       jsonb not null,
    changed_at  timestamptz not null default now(),
    primary key (rule_id, subject)
);
create index rule_state_series on rule_state (series_id);

-- Messages still to be sent: written with the transition, routed and sent by the leading alerts process.
create table outbox (
    transition_id bigint primary key references alert_transition,
    created_at  timestamptz not null default now(),
    routed_at   timestamptz
);
create index outbox_waiting on outbox (transition_id) where routed_at is null;

create table message (
    id              bigint generated always as identity primary key,
    transition_id   bigint not null references alert_transition,
    receiver        text not null,
    attempts        integer not null default 0,
    next_try_at     timestamptz not null default now(),
    delivered_at    timestamptz,
    given_up_at     timestamptz,
    error           text,
    unique (transition_id, receiver)
);
create index message_waiting on message (next_try_at) where delivered_at is null and given_up_at is null;
