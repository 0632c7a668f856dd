-- The public views of the roll-ups, unchanged, on the roll-ups of 0010; and the rights on both.

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

grant select on reading_1m, reading_5m, reading_1h, reading_1d, reading_1d_hydro to ingest, staff;
grant select on city.rollup_5m, city.rollup_1h, city.rollup_1d to staff, public_reader;
