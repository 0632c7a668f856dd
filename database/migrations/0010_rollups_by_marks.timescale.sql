-- The roll-ups again, by what people marked. Usable: has a value, is not missing, and is marked valid (4096) or
-- neither impossible (2) nor marked invalid (2048): 2051 and 4097 are these with missing (1).
-- good stays `quality = 0`: the share of good is good / total. Other columns: 0004_rollups.plain.sql.

drop view city.rollup_5m;
drop view city.rollup_1h;
drop view city.rollup_1d;
drop materialized view reading_1d_hydro;
drop materialized view reading_1d;
drop materialized view reading_1h;
drop materialized view reading_5m;
drop materialized view reading_1m;

create materialized view reading_1m with (timescaledb.continuous, timescaledb.materialized_only = false) as
select series_id, time_bucket('1 minute', observed_at) as bucket,
       count(*) as total,
       count(value) filter (where value is not null and (quality & 2051 = 0 or quality & 4097 = 4096)) as count,
       count(*) filter (where quality = 0) as good,
       sum(value) filter (where value is not null and (quality & 2051 = 0 or quality & 4097 = 4096)) as sum,
       min(value) filter (where value is not null and (quality & 2051 = 0 or quality & 4097 = 4096)) as min,
       max(value) filter (where value is not null and (quality & 2051 = 0 or quality & 4097 = 4096)) as max,
       last(value, observed_at) filter (where value is not null and (quality & 2051 = 0 or quality & 4097 = 4096)) as last,
       max(observed_at) filter (where value is not null and (quality & 2051 = 0 or quality & 4097 = 4096)) as last_at,
       sum(sind(value)) filter (where value is not null and (quality & 2051 = 0 or quality & 4097 = 4096)) as sum_sin,
       sum(cosd(value)) filter (where value is not null and (quality & 2051 = 0 or quality & 4097 = 4096)) as sum_cos
  from reading group by 1, 2 with no data;

create materialized view reading_5m with (timescaledb.continuous, timescaledb.materialized_only = false) as
select series_id, time_bucket('5 minutes', bucket) as bucket,
       sum(total)::bigint as total, sum(count)::bigint as count, sum(good)::bigint as good, sum(sum) as sum, min(min) as min, max(max) as max,
       last(last, last_at) filter (where last_at is not null) as last, max(last_at) as last_at,
       sum(sum_sin) as sum_sin, sum(sum_cos) as sum_cos
  from reading_1m group by 1, 2 with no data;

create materialized view reading_1h with (timescaledb.continuous, timescaledb.materialized_only = false) as
select series_id, time_bucket('1 hour', bucket) as bucket,
       sum(total)::bigint as total, sum(count)::bigint as count, sum(good)::bigint as good, sum(sum) as sum, min(min) as min, max(max) as max,
       last(last, last_at) filter (where last_at is not null) as last, max(last_at) as last_at,
       sum(sum_sin) as sum_sin, sum(sum_cos) as sum_cos
  from reading_5m group by 1, 2 with no data;

create materialized view reading_1d with (timescaledb.continuous, timescaledb.materialized_only = false) as
select series_id, time_bucket('1 day', bucket, 'Asia/Shanghai') as bucket,
       sum(total)::bigint as total, sum(count)::bigint as count, sum(good)::bigint as good, sum(sum) as sum, min(min) as min, max(max) as max,
       last(last, last_at) filter (where last_at is not null) as last, max(last_at) as last_at,
       sum(sum_sin) as sum_sin, sum(sum_cos) as sum_cos
  from reading_1h group by 1, 2 with no data;

create materialized view reading_1d_hydro with (timescaledb.continuous, timescaledb.materialized_only = false) as
select series_id, time_bucket('1 day', bucket, 'UTC') as bucket,
       sum(total)::bigint as total, sum(count)::bigint as count, sum(good)::bigint as good, sum(sum) as sum, min(min) as min, max(max) as max,
       last(last, last_at) filter (where last_at is not null) as last, max(last_at) as last_at,
       sum(sum_sin) as sum_sin, sum(sum_cos) as sum_cos
  from reading_1h group by 1, 2 with no data;

-- Late readings and marks are refreshed from `touched` by `python -m database keep`; these policies move
-- the live end on, and repair without it. No lower bound: raw readings are kept for ever. Whoever adds a
-- retention of raw readings must bound start_offset by it, or a refresh would empty old buckets.
select add_continuous_aggregate_policy('reading_1m', start_offset => null, end_offset => interval '2 minutes', schedule_interval => interval '1 minute');
select add_continuous_aggregate_policy('reading_5m', start_offset => null, end_offset => interval '10 minutes', schedule_interval => interval '1 minute');
select add_continuous_aggregate_policy('reading_1h', start_offset => null, end_offset => interval '2 hours', schedule_interval => interval '5 minutes');
select add_continuous_aggregate_policy('reading_1d', start_offset => null, end_offset => interval '2 days', schedule_interval => interval '15 minutes');
select add_continuous_aggregate_policy('reading_1d_hydro', start_offset => null, end_offset => interval '2 days', schedule_interval => interval '15 minutes');
