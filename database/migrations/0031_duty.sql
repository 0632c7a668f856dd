-- Telling people: whose turn it is, by which ways they are reached, who was told what and when.

-- A message is a transition on its way to a receiver (way: route, escalation with its step, fallback),
-- or a test, which belongs to none. why: the route, the duty, the receiver that failed.
alter table message alter column transition_id drop not null;
alter table message drop constraint message_transition_id_receiver_key;
alter table message
    add column way          text not null default 'route'
               check (way in ('route', 'escalation', 'fallback', 'test')),
    add column chain        text not null default '',   -- the escalation that the step is of
    add column step         smallint not null default 0,
    add column why          jsonb not null default '{}',
    add column made_at      timestamptz not null default clock_timestamp(),
    add column digest       text,          -- the key of the gathered message that carried it
    add column digest_size  integer,
    add column fell_back_at timestamptz,   -- when others were told in its place
    add constraint message_of_something check ((transition_id is null) = (way = 'test')),
    add constraint message_once unique (transition_id, receiver, way, chain, step);
-- A sender asks for its own; a backlog of one receiver must not slow the others.
create index message_of_receiver on message (receiver, next_try_at)
    where delivered_at is null and given_up_at is null;
-- Few are; who asks for them each second must not read the others.
create index message_given_up on message (given_up_at) where given_up_at is not null;

-- Why nobody was told of it: muted, or below the grade of all whom a route names.
alter table outbox add column untold text;

-- Steps of escalation that were taken, by the transition that people were told of at first. The chain
-- is chosen anew at each moment, and each has steps of its own.
create table escalation (
    transition_id bigint not null references alert_transition,
    step        smallint not null check (step > 0),
    chain       text not null,
    taken_at    timestamptz not null default clock_timestamp(),
    primary key (transition_id, chain, step)
);

-- What is known of a receiver: its bucket of tokens, how the last attempts went, its last test.
create table receiver_state (
    receiver    text primary key,
    tokens      double precision not null default 0,
    refilled_at timestamptz not null default clock_timestamp(),
    delivered_at timestamptz,
    failed_at   timestamptz,
    failing_since timestamptz,             -- the first failure after the last delivery
    failures    integer not null default 0,  -- running: since the last delivery
    error       text,
    tested_at   timestamptz                -- when the last test message was made
);

-- Ways to a person. url holds secrets: nobody reads it but the process that sends.
create table contact (
    id          integer generated always as identity primary key,
    who         text not null check (length(trim(who)) > 0),
    label       text not null check (label ~ '^[A-Za-z0-9][A-Za-z0-9_.-]{0,19}$'),
    url         text not null,
    masked      text not null,
    language    text not null check (language in ('zh', 'en', 'both')),
    min_grade   text not null check (min_grade in ('red', 'orange', 'yellow', 'blue')),
    max_length  integer,
    made_by     text not null,
    made_at     timestamptz not null default clock_timestamp(),
    removed_by  text,
    removed_at  timestamptz,
    check ((removed_by is null) = (removed_at is null))
);
create unique index contact_current on contact (who, label) where removed_at is null;

-- The rota: who is on duty where. A shift that is handed over ends at that moment, and the rest of it is
-- another row; nothing is deleted.
create table duty_shift (
    id          bigint generated always as identity primary key,
    duty        text not null,
    who         text not null check (length(trim(who)) > 0),
    from_at     timestamptz not null,
    to_at       timestamptz not null,
    note        text,
    entered_by  text not null,
    entered_at  timestamptz not null default clock_timestamp(),
    removed_by  text,
    removed_at  timestamptz,
    check (to_at >= from_at),
    check ((removed_by is null) = (removed_at is null))
);
create index duty_shift_time on duty_shift (duty, to_at) where removed_at is null;

create table duty_handover (
    id          bigint generated always as identity primary key,
    duty        text not null,
    shift_id    bigint not null references duty_shift,
    from_who    text not null,
    to_who      text not null check (to_who <> from_who),
    note        text not null check (length(trim(note)) > 0),
    offered_at  timestamptz not null default clock_timestamp(),
    answer      text check (answer in ('accepted', 'declined', 'withdrawn')),
    answered_at timestamptz,
    answer_note text,
    check ((answer is null) = (answered_at is null))
);
create unique index duty_handover_open on duty_handover (shift_id) where answer is null;

grant select on escalation, receiver_state, duty_shift, duty_handover to ingest, staff;
grant insert on escalation to ingest;
grant insert, update on receiver_state to ingest;
grant insert, update on duty_shift, duty_handover to staff;
grant select on contact to ingest;
grant select (id, who, label, masked, language, min_grade, max_length, made_by, made_at, removed_by,
              removed_at), insert on contact to staff;
grant update (removed_by, removed_at) on contact to staff;
