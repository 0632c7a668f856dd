-- The roll-ups again, by what people marked. Usable: has a value, is not missing, and is marked valid (4096) or
-- neither impossible (2) nor marked invalid (2048): 2051 and 4097 are these with missing (1).
-- good stays `quality = 0`: the share of good is good / total. Other columns: 0004_rollups.plain.sql.

drop view city.rollup_5m;
drop view city.rollup_1h;
drop view city.rollup_1d;
drop view reading_1d_hydro;
drop view reading_1d;
drop view reading_1h;
drop view reading_5m;
drop view reading_1m;

create view reading_1m as
select series_id, date_bin('1 minute', observed_at, '2000-01-01 00:00:00+00') as bucket,
       count(*) as total,
       count(value) filter (where value is not null and (quality & 2051 = 0 or quality & 4097 = 4096)) as count,
       count(*) filter (where quality = 0) as good,
       sum(value) filter (where value is not null and (quality & 2051 = 0 or quality & 4097 = 4096)) as sum,
       min(value) filter (where value is not null and (quality & 2051 = 0 or quality & 4097 = 4096)) as min,
       max(value) filter (where value is not null and (quality & 2051 = 0 or quality & 4097 = 4096)) as max,
       (array_agg(value order by observed_at desc) filter (where value is not null and (quality & 2051 = 0 or quality & 4097 = 4096)))[1] as last,
       max(observed_at) filter (where value is not null and (quality & 2051 = 0 or quality & 4097 = 4096)) as last_at,
       sum(sind(value)) filter (where value is not null and (quality & 2051 = 0 or quality & 4097 = 4096)) as sum_sin,
       sum(cosd(value)) filter (where value is not null and (quality & 2051 = 0 or quality & 4097 = 4096)) as sum_cos
  from reading group by 1, 2;

create view reading_5m as
select series_id, date_bin('5 minutes', bucket, '2000-01-01 00:00:00+00') as bucket,
       sum(total)::bigint as total, sum(count)::bigint as count, sum(good)::bigint as good, sum(sum) as sum, min(min) as min, max(max) as max,
       (array_agg(last order by last_at desc nulls last))[1] as last, max(last_at) as last_at,
       sum(sum_sin) as sum_sin, sum(sum_cos) as sum_cos
  from reading_1m group by 1, 2;

create view reading_1h as
select series_id, date_bin('1 hour', bucket, '2000-01-01 00:00:00+00') as bucket,
       sum(total)::bigint as total, sum(count)::bigint as count, sum(good)::bigint as good, sum(sum) as sum, min(min) as min, max(max) as max,
       (array_agg(last order by last_at desc nulls last))[1] as last, max(last_at) as last_at,
       sum(sum_sin) as sum_sin, sum(sum_cos) as sum_cos
  from reading_5m group by 1, 2;

-- The air-quality day: the Beijing calendar day.
create view reading_1d as
select series_id, date_trunc('day', bucket, 'Asia/Shanghai') as bucket,
       sum(total)::bigint as total, sum(count)::bigint as count, sum(good)::bigint as good, sum(sum) as sum, min(min) as min, max(max) as max,
       (array_agg(last order by last_at desc nulls last))[1] as last, max(last_at) as last_at,
       sum(sum_sin) as sum_sin, sum(sum_cos) as sum_cos
  from reading_1h group by 1, 2;

-- The hydrological day: from 08:00 Beijing time, which is 00:00 UTC.
create view reading_1d_hydro as
select series_id, date_trunc('day', bucket, 'UTC') as bucket,
       sum(total)::bigint as total, sum(count)::bigint as count, sum(good)::bigint as good, sum(sum) as sum, min(min) as min, max(max) as max,
       (array_agg(last order by last_at desc nulls last))[1] as last, max(last_at) as last_at,
       sum(sum_sin) as sum_sin, sum(sum_cos) as sum_cos
  from reading_1h group by 1, 2;
