-- Warnings to the public (CAP 1.2). A row is one message: the Alert, its Updates, its Cancel; those of one
-- event share a thread. It is written by one person and published by another: the triggers below hold that,
-- whatever the program does. What is published never changes.
create table warning (
    id          text primary key,       -- the message's identifier, never used again
    thread      text not null references warning,   -- the id of its first message
    number      integer not null check (number >= 1),
    type        text not null check (type in ('Alert', 'Update', 'Cancel')),
    state       text not null check (state in ('draft', 'submitted', 'published', 'discarded')),
    version     integer not null default 1,         -- the seq of its newest step
    content     jsonb not null,         -- what is said (alerts/warnings/content.py); no names of people
    alert_id    text references alert,  -- what it was written of
    author_id   integer not null references account,
    created_at  timestamptz not null default clock_timestamp(),
    approver_id integer references account,
    published_at timestamptz,           -- `sent`
    expires_at  timestamptz,
    cap         text,                   -- the message as it went out
    changed_at  timestamptz not null default clock_timestamp(),
    unique (thread, number),
    check ((number = 1) = (id = thread)),
    check ((number = 1) = (type = 'Alert')),
    check ((state = 'published') = (cap is not null)),
    check ((state = 'published') = (published_at is not null)),
    check (state <> 'published' or (approver_id is not null and expires_at > published_at)),
    check (approver_id <> author_id)
);
-- Of a thread one message at a time is being written.
create unique index warning_open on warning (thread) where state in ('draft', 'submitted');
create index warning_changed on warning (changed_at desc, id desc);
create index warning_expires on warning (expires_at) where state = 'published';

-- Who did what, when and why; content as it was after it. Written once.
create table warning_step (
    warning_id  text not null references warning,
    seq         integer not null,
    kind        text not null check (kind in ('drafted', 'edited', 'submitted', 'returned', 'published', 'discarded')),
    at          timestamptz not null default clock_timestamp(),
    account_id  integer not null references account,
    who         text not null check (length(trim(who)) > 0),
    reason      text,
    content     jsonb not null,
    primary key (warning_id, seq)
);

create function check_warning() returns trigger language plpgsql as $$
begin
    if tg_op = 'INSERT' then
        if new.state <> 'draft' then
            raise exception 'a warning begins as a draft, not as %', new.state using errcode = 'check_violation';
        end if;
        return new;
    end if;
    if old.state in ('published', 'discarded') then
        raise exception 'warning % is %: it never changes; write an update or a cancel', old.id, old.state
            using errcode = 'check_violation';
    end if;
    if (new.id, new.thread, new.number, new.type, new.author_id, new.created_at)
       is distinct from (old.id, old.thread, old.number, old.type, old.author_id, old.created_at) then
        raise exception 'warning %: what it is and who wrote it never change', old.id using errcode = 'check_violation';
    end if;
    if new.state = 'published' then
        if old.state <> 'submitted' or new.content is distinct from old.content then
            raise exception 'warning %: only what was submitted is published, as it was submitted', old.id
                using errcode = 'check_violation';
        end if;
        if exists (select from dongtai.warning_step s where s.warning_id = new.id and s.account_id = new.approver_id
                      and s.kind in ('drafted', 'edited', 'submitted')) then
            raise exception 'warning %: who wrote of it cannot approve it', old.id using errcode = 'check_violation';
        end if;
        if new.expires_at <= clock_timestamp() then
            raise exception 'warning %: it has expired already', old.id using errcode = 'check_violation';
        end if;
    end if;
    return new;
end $$;
create trigger warning_checked before insert or update on warning
    for each row execute function check_warning();

grant select on warning, warning_step to ingest, staff;
grant insert, update on warning to staff;
grant insert on warning_step to staff;

-- What was approved, and nothing of who wrote it or of what waits.
create view city.warning with (security_barrier) as
select w.id, w.thread, w.number, w.type, w.published_at, w.expires_at, w.content, w.cap,
       n.id as replaced_by, n.published_at as replaced_at, n.type as replaced_type
  from dongtai.warning w
  left join lateral (select l.id, l.published_at, l.type from dongtai.warning l
                      where l.thread = w.thread and l.number > w.number and l.state = 'published'
                      order by l.number limit 1) n on true
 where w.state = 'published';
grant select on city.warning to staff, public_reader;
