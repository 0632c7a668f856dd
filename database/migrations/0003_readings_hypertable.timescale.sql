-- TimescaleDB only: the readings become a hypertable, a week a chunk, compressed after a month.
select create_hypertable('reading', by_range('observed_at', interval '7 days'), create_default_indexes => false);
alter table reading set (
    timescaledb.enable_columnstore,
    timescaledb.segmentby = 'series_id',
    timescaledb.orderby = 'observed_at desc'
);
call add_columnstore_policy('reading', after => interval '30 days');
