-- The life of an alert after ISA-18.2, and its sealed journal (docs/alert_life.md).
-- returned: the condition is over, and nobody has said yet that they saw it. ended_at is when the
-- condition ended, in both states in which it has.

alter table alert drop constraint alert_check;
update alert set state = 'active' where state = 'returned' and ended_at is null;  -- no program wrote such a row
alter table alert add constraint alert_ended check ((state in ('returned', 'ended')) = (ended_at is not null));

-- One occurrence, one record: one that returned is not open any more, so a new one is another record.
drop index alert_open;
create unique index alert_open on alert (rule_id, subject) where ended_at is null and not found_afterwards;
create index alert_standing on alert (rule_id, subject) where state <> 'ended';

-- latched: of its rule; it stands until a person resets it, though the condition be over.
alter table alert add column latched boolean not null default false;

-- Why alerts are not told, for a time: shelved by an officer (a rule and subject), suppressed by
-- design (by the alert `cause`), out of service (a station, or some of its metrics).
-- grade: the gravest that it hides. until: null while the cause stands, or until further notice.
create table suppression (
    id          bigint generated always as identity primary key,
    kind        text not null check (kind in ('shelved', 'suppressed', 'out_of_service')),
    rule_id     integer references rule,
    subject     text,
    station_id  integer references station,
    metrics     text[],
    grade       text check (grade in ('red', 'orange', 'yellow', 'blue')),
    cause       text references alert,
    began_at    timestamptz not null,
    until       timestamptz,
    who         text not null,
    why         text not null,
    ended_at    timestamptz,
    ended_by    text,
    end_why     text,
    check ((kind = 'out_of_service') = (rule_id is null)),
    check ((rule_id is null) = (subject is null)),
    check (kind <> 'out_of_service' or station_id is not null),
    check ((kind = 'suppressed') = (cause is not null)),
    check (kind <> 'shelved' or until is not null),
    check ((ended_at is null) = (ended_by is null))
);
-- One shelf, and one suppression by design, of a rule and subject at a time.
create unique index suppression_of_rule on suppression (kind, rule_id, subject)
 where ended_at is null and rule_id is not null;
create index suppression_of_station on suppression (station_id)
 where kind = 'out_of_service';
create index suppression_began on suppression (began_at desc, id desc);

-- A transition that was routed and told to nobody: what kept it back.
alter table outbox add column muted_by bigint references suppression;

-- The hash chain: what was written once, in the order in which it was seen. hash: SHA-256 of the
-- hash before and of the canonical text of the entry (alerts/life/canon.py). Exactly one entry each.
create table journal_seal (
    position      bigint primary key,
    transition_id bigint unique references alert_transition,
    rule_id       integer,
    rule_version  integer,
    suppression_id bigint references suppression,
    ending        boolean,
    hash          bytea not null check (length(hash) = 32),
    foreign key (rule_id, rule_version) references rule_version,
    unique (rule_id, rule_version),
    unique (suppression_id, ending),
    check (num_nonnulls(transition_id, rule_version, suppression_id) = 1),
    check ((suppression_id is null) = (ending is null))
);

grant select on suppression, journal_seal to ingest, staff;
grant insert, update on suppression to ingest, staff;
grant insert on journal_seal to ingest;  -- written once, never changed

-- As before, without what was measured while the station was out of service: calibration gas is no
-- warning to the public. Shelved and suppressed ones are true, and stay.
create or replace view city.alert with (security_barrier) as
select a.id, s.code as station, q.metric, coalesce(g.grade, a.grade) as grade,
       a.ended_at is null or a.ended_at > c.seen_to as open,
       a.began_at, a.raised_at, case when a.ended_at <= c.seen_to then a.ended_at end as ended_at,
       case when c.public_delay_s = 0 then a.value end as value,
       case when c.public_delay_s = 0 then a.limit_value end as limit_value,
       a.origin, least(a.changed_at, c.seen_to) as changed_at, r.code as rule, a.rule_version,
       v.definition -> 'label' as label, v.definition -> 'advice' as advice
  from dongtai.alert a
  join dongtai.rule r on r.id = a.rule_id
  join dongtai.rule_version v on v.rule_id = a.rule_id and v.version = a.rule_version
  join dongtai.station s on s.id = a.station_id
  join city.station p on p.code = s.code
  join dongtai.series q on q.id = a.series_id
  join (select *, now() - make_interval(secs => public_delay_s) as seen_to from city.series) c
    on c.series_id = q.id
  left join lateral (select x.grade from dongtai.alert_transition x
                      where c.public_delay_s > 0 and x.alert_id = a.id and x.grade is not null
                        and x.recorded_at <= c.seen_to
                      order by x.seq desc limit 1) g on true
 where a.public and not a.found_afterwards and a.raised_at <= c.seen_to
   and not exists (select from dongtai.suppression u
                    where u.kind = 'out_of_service' and u.station_id = a.station_id
                      and (u.metrics is null or q.metric = any(u.metrics))
                      and (a.ended_at is null or a.ended_at > u.began_at)
                      and (least(u.ended_at, u.until) is null or least(u.ended_at, u.until) > now()
                           or (a.raised_at >= u.began_at
                               and a.ended_at <= least(u.ended_at, u.until))));
