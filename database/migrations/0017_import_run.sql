-- Histories that `python -m ingest import` brings in. A run moves in the transaction that stores its rows, so that
-- one which was killed goes on where it stood: nothing twice, nothing left out.
create table import_run (
    id              bigint generated always as identity primary key,
    file_name       text not null,
    file_sha256     text not null,
    mapping_sha256  text not null,
    rows_done       bigint not null default 0,  -- rows of the file; what follows counts readings
    read            bigint not null default 0,
    stored          bigint not null default 0,
    duplicate       bigint not null default 0,
    revised         bigint not null default 0,
    refused         bigint not null default 0,
    left_out        bigint not null default 0,  -- cells that are empty, or that the mapping leaves out
    derived         bigint not null default 0,
    memory          jsonb not null default '[]',  -- what vetting remembers of each series, until it is finished
    started_by      text not null default session_user,
    started_at      timestamptz not null default clock_timestamp(),
    moved_at        timestamptz not null default clock_timestamp(),
    finished_at     timestamptz
);
create index import_run_file on import_run (file_sha256, mapping_sha256, id);

-- What was not taken, and why. row_number: 1 is the first after the header; content: as in the file.
create table import_refused (
    id          bigint generated always as identity primary key,
    run_id      bigint not null references import_run,
    row_number  bigint not null,
    readings    integer not null check (readings > 0),
    code        text not null,
    reason      text not null,
    content     text not null
);
create index import_refused_run on import_refused (run_id, id);

grant select, insert, update on import_run to ingest;
grant select, insert on import_refused to ingest;
grant select on import_run, import_refused to staff;
