-- A refresh job cuts everything since the first reading into pieces of one bucket before it looks which of them to compute:
-- a year in minutes took it 3 s, each minute, with nothing to do. In pieces of a day it is milliseconds.
do $$
declare v record;
begin
    for v in select format('dongtai.%I', j.hypertable_name)::regclass as view, j.schedule_interval,
                    (j.config ->> 'start_offset')::interval as since, (j.config ->> 'end_offset')::interval as until, p.buckets
               from (values ('reading_1m', 1440), ('reading_5m', 288), ('reading_1h', 24)) p (name, buckets)
               join timescaledb_information.jobs j on j.hypertable_name = p.name
              where j.hypertable_schema = 'dongtai' and j.proc_name = 'policy_refresh_continuous_aggregate'
    loop
        perform remove_continuous_aggregate_policy(v.view);
        perform add_continuous_aggregate_policy(v.view, start_offset => v.since, end_offset => v.until,
                                                schedule_interval => v.schedule_interval, buckets_per_batch => v.buckets);
    end loop;
end $$;
