-- Plain PostgreSQL: the roll-ups are views over the readings, under TimescaleDB's names.
-- bucket is the start of the bucket. sum and count are kept, means are derived; directions use
-- sum_sin and sum_cos. Usable values only: neither missing nor impossible (quality & 3 = 0).
-- sind and cosd, because radians() refuses 5e-324, and with one such reading every roll-up.

create view reading_1m as
select series_id, date_bin('1 minute', observed_at, '2000-01-01 00:00:00+00') as bucket,
       count(*) as total,
       count(value) filter (where quality & 3 = 0) as count,
       count(*) filter (where quality = 0) as good,
       sum(value) filter (where quality & 3 = 0) as sum,
       min(value) filter (where quality & 3 = 0) as min,
       max(value) filter (where quality & 3 = 0) as max,
       (array_agg(value order by observed_at desc) filter (where quality & 3 = 0))[1] as last,
       max(observed_at) filter (where quality & 3 = 0) as last_at,
       sum(sind(value)) filter (where quality & 3 = 0) as sum_sin,
       sum(cosd(value)) filter (where quality & 3 = 0) as sum_cos
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
