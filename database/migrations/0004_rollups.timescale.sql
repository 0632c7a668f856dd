-- TimescaleDB: hierarchical continuous aggregates, real-time at the live end.
-- Columns and their meaning: 0004_rollups.plain.sql.

create materialized view reading_1m with (timescaledb.continuous, timescaledb.materialized_only = false) as
select series_id, time_bucket('1 minute', observed_at) as bucket,
       count(*) as total,
       count(value) filter (where quality & 3 = 0) as count,
       count(*) filter (where quality = 0) as good,
       sum(value) filter (where quality & 3 = 0) as sum,
       min(value) filter (where quality & 3 = 0) as min,
       max(value) filter (where quality & 3 = 0) as max,
       last(value, observed_at) filter (where quality & 3 = 0) as last,
       max(observed_at) filter (where quality & 3 = 0) as last_at,
       sum(sind(value)) filter (where quality & 3 = 0) as sum_sin,
       sum(cosd(value)) filter (where quality & 3 = 0) as sum_cos
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

-- Below the live end a late reading shows after the next refresh. No lower bound: only what late
-- readings touched is computed again, and raw readings are kept. Whoever adds a retention of raw
-- readings must bound start_offset by it, or a refresh would empty old buckets.
select add_continuous_aggregate_policy('reading_1m', start_offset => null, end_offset => interval '2 minutes', schedule_interval => interval '1 minute');
select add_continuous_aggregate_policy('reading_5m', start_offset => null, end_offset => interval '10 minutes', schedule_interval => interval '1 minute');
select add_continuous_aggregate_policy('reading_1h', start_offset => null, end_offset => interval '2 hours', schedule_interval => interval '5 minutes');
select add_continuous_aggregate_policy('reading_1d', start_offset => null, end_offset => interval '2 days', schedule_interval => interval '15 minutes');
select add_continuous_aggregate_policy('reading_1d_hydro', start_offset => null, end_offset => interval '2 days', schedule_interval => interval '15 minutes');
