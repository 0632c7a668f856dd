-- TimescaleDB only: the readings become a hypertable, a week a chunk.
select create_hypertable('reading', by_range('observed_at', interval '7 days'), create_default_indexes => false);
