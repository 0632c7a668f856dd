-- What a million readings cost on TimescaleDB: disk after compression, refresh of the roll-ups.
-- Wants an empty migrated database, whose owner runs it:
--   psql -X -f bench/ground.sql postgresql://owner@host/measure
-- 100 series, 10,000 readings a minute apart, older than the month after which chunks are compressed.
-- Values walk in steps of 0.01; a device reports on the minute, a reading arrives 1 to 3 s later.
\set ON_ERROR_STOP on
\set QUIET on
\pset tuples_only on
\timing off
set search_path = dongtai, public;
select setseed(0.5);

\echo insert 1,000,000 readings
\timing on
insert into reading (series_id, observed_at, value, quality, received_at)
select s, t, round((20 + 0.01 * sum(trunc(random() * 3 - 1)) over (partition by s order by t))::numeric, 2),
       case when random() < 0.01 then 4 else 0 end, t + make_interval(secs => 1 + 2 * random())
  from generate_series(1, 100) s,
       generate_series(date_trunc('week', now()) - interval '70 days',
                       date_trunc('week', now()) - interval '70 days' + interval '9999 minutes',
                       interval '1 minute') t;
\timing off
\echo bytes a reading before compression, with its index
select round(hypertable_size('reading') / 1e6, 1);

\echo first refresh of 1m, 5m, 1h, 1d, 1d_hydro over all of it
\timing on
call refresh_continuous_aggregate('reading_1m', null, null);
call refresh_continuous_aggregate('reading_5m', null, null);
call refresh_continuous_aggregate('reading_1h', null, null);
call refresh_continuous_aggregate('reading_1d', null, null);
call refresh_continuous_aggregate('reading_1d_hydro', null, null);
\timing off
\echo bytes a reading in each roll-up
select view_name, round(hypertable_size(format('%I.%I', materialization_hypertable_schema, materialization_hypertable_name)) / 1e6, 2)
  from timescaledb_information.continuous_aggregates order by 1;

\echo compression by its job
select job_id as compress from timescaledb_information.jobs
 where hypertable_name = 'reading' and proc_name in ('policy_compression', 'policy_columnstore') \gset
\timing on
call run_job(:compress);
\timing off
\echo bytes a reading after compression
select round(hypertable_size('reading') / 1e6, 2);
\echo chunks, compressed ones
select count(*), count(*) filter (where is_compressed) from timescaledb_information.chunks where hypertable_name = 'reading';

\echo 1,000 late readings of one series into the compressed week
\timing on
insert into reading (series_id, observed_at, value, quality, received_at)
select 1, t + interval '30 seconds', 21, 0, now()
  from generate_series(date_trunc('week', now()) - interval '69 days',
                       date_trunc('week', now()) - interval '69 days' + interval '999 minutes',
                       interval '1 minute') t;
\timing off
\echo refresh after them
\timing on
call refresh_continuous_aggregate('reading_1m', null, null);
call refresh_continuous_aggregate('reading_5m', null, null);
call refresh_continuous_aggregate('reading_1h', null, null);
call refresh_continuous_aggregate('reading_1d', null, null);
call refresh_continuous_aggregate('reading_1d_hydro', null, null);
\timing off
\echo the roll-ups count them: 1,001,000 expected in each
select sum(total) from reading_1m;
select sum(total) from reading_1d;
\echo bytes a reading after the late ones, and after the job has compressed them too
select round(hypertable_size('reading') / 1e6, 2);
call run_job(:compress);
select round(hypertable_size('reading') / 1e6, 2);
\echo policies that forget: none expected
select count(*) from timescaledb_information.jobs where proc_name = 'policy_retention';
