-- A refresh computes whole stretches of time, all series of them: where the raw readings of some are gone it
-- would empty their buckets. There this computes the buckets of the given metrics only, in one transaction.
create function roll_up_again(rollup text, metrics text[], since timestamptz, until timestamptz) returns void
language plpgsql as $$
declare
    source text;
    target text;
    members integer[];
begin
    select format('%I.%I', c.partial_view_schema, c.partial_view_name),
           format('%I.%I', h.schema_name, h.table_name)
      into strict source, target
      from _timescaledb_catalog.continuous_agg c
      join _timescaledb_catalog.hypertable h on h.id = c.mat_hypertable_id
     where c.user_view_schema = 'dongtai' and c.user_view_name = rollup;
    select coalesce(array_agg(id), '{}') into members from dongtai.series where metric = any(metrics);
    execute format('delete from %s where series_id = any($1) and bucket >= $2 and bucket < $3', target)
      using members, since, until;
    execute format('insert into %s select * from %s where series_id = any($1) and bucket >= $2 and bucket < $3', target, source)
      using members, since, until;
end $$;
revoke execute on function roll_up_again from public;
