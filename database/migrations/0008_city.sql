-- The allow-list: everything the public service can read, and nothing else.
-- Views run with their owner's rights; public_reader has no right on any table behind them.

-- security_barrier: no function that a reader brings sees a row before the view's own conditions.

create schema city;

-- Which migrations the database has: the public service refuses one that lacks any.
create view city.schema_migration as
select number, name, checksum, ground from dongtai.schema_migration;

create view city.station with (security_barrier) as
select s.code, s.kind, v.name_zh, v.name_en, v.lon, v.lat, v.interval_s, v.public_delay_s,
       v.details -> 'town' as town
  from dongtai.station s
  join dongtai.station_version v on v.station_id = s.id and v.valid_to is null
 where v.public;

create view city.series with (security_barrier) as
select q.id as series_id, s.code as station, q.metric, n.interval_s,
       greatest(v.public_delay_s, n.public_delay_s) as public_delay_s
  from dongtai.series q
  join dongtai.station s on s.id = q.station_id
  join dongtai.station_version v on v.station_id = s.id and v.valid_to is null and v.public
  join dongtai.sensor n on n.series_id = q.id and n.valid_to is null and n.public;

-- A series that never reported is a row without values: unknown is a state.
create view city.latest with (security_barrier) as
select p.station, p.metric, p.interval_s, r.observed_at, r.value, r.quality, r.origin, r.received_at, r.original_at
  from city.series p
  left join lateral (select * from dongtai.reading r
                      where r.series_id = p.series_id
                        and r.observed_at <= now() - make_interval(secs => p.public_delay_s)
                      order by r.observed_at desc limit 1) r on true;

create view city.reading with (security_barrier) as
select p.series_id, p.station, p.metric, r.observed_at, r.value, r.quality, r.origin
  from city.series p
  join dongtai.reading r on r.series_id = p.series_id
   and r.observed_at <= now() - make_interval(secs => p.public_delay_s);

create view city.limit_value with (security_barrier) as
select p.station, p.metric, l.name, l.value, l.label_zh, l.label_en, l.source, l.season_from, l.season_to
  from city.series p
  join dongtai.limit_value l on l.series_id = p.series_id and l.valid_to is null and l.public;

create view city.curve with (security_barrier) as
select p.code as station, c.points, c.source
  from city.station p
  join dongtai.station s on s.code = p.code
  join dongtai.curve c on c.station_id = s.id and c.valid_to is null and c.public;

-- No owner, no note, no evidence: who works on an alert is not public.
-- Of a delayed series everything comes later alike: the grade, the end, and no present value at all.
create view city.alert with (security_barrier) as
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
 where a.public and not a.found_afterwards and a.raised_at <= c.seen_to;

create view city.picture with (security_barrier) as
select p.id, s.code as camera, p.taken_at, p.width, p.height, p.origin, p.original_at,
       r.released_at, r.content, r.thumbnail
  from dongtai.picture p
  join dongtai.picture_released r on r.picture_id = p.id
  join dongtai.station s on s.id = p.station_id
  join city.station c on c.code = s.code
 where p.taken_at <= now() - make_interval(secs => c.public_delay_s);

-- Roll-ups of a delayed series: a bucket only when all of it may be seen.
-- offset 0: the planner then rolls up one series, not all of them before it joins.
create view city.rollup_5m with (security_barrier) as
select p.station, p.metric, h.bucket, h.total, h.count, h.good, h.sum, h.min, h.max, h.last, h.sum_sin, h.sum_cos
  from city.series p
  join lateral (select * from dongtai.reading_5m r where r.series_id = p.series_id offset 0) h
    on h.bucket <= now() - make_interval(secs => p.public_delay_s + 300 * (p.public_delay_s > 0)::int);

create view city.rollup_1h with (security_barrier) as
select p.station, p.metric, h.bucket, h.total, h.count, h.good, h.sum, h.min, h.max, h.last, h.sum_sin, h.sum_cos
  from city.series p
  join lateral (select * from dongtai.reading_1h r where r.series_id = p.series_id offset 0) h
    on h.bucket <= now() - make_interval(secs => p.public_delay_s + 3600 * (p.public_delay_s > 0)::int);

create view city.rollup_1d with (security_barrier) as
select p.station, p.metric, h.bucket, h.total, h.count, h.good, h.sum, h.min, h.max, h.last, h.sum_sin, h.sum_cos
  from city.series p
  join lateral (select * from dongtai.reading_1d r where r.series_id = p.series_id offset 0) h
    on h.bucket <= now() - make_interval(secs => p.public_delay_s + 86400 * (p.public_delay_s > 0)::int);
