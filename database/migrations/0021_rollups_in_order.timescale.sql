-- A refresh leaves the buckets of all series mixed: a day of one series in minutes lay on 1,300 pages. Chunks that
-- are complete are put in order of series and time, after which they are some 30; smaller ones are complete sooner.
select set_chunk_time_interval('reading_1m', interval '7 days');
select set_chunk_time_interval('reading_5m', interval '28 days');
do $$
declare v record;
begin
    for v in select format('%I.%I', c.materialization_hypertable_schema, c.materialization_hypertable_name)::regclass as target,
                    x.indexname
               from timescaledb_information.continuous_aggregates c
               join pg_indexes x on x.schemaname = c.materialization_hypertable_schema
                                and x.tablename = c.materialization_hypertable_name
                                and x.indexname like '%series\_id\_bucket\_idx'
              where c.view_schema = 'dongtai' and c.view_name in ('reading_1m', 'reading_5m')
    loop
        perform add_reorder_policy(v.target, v.indexname);
    end loop;
end $$;
