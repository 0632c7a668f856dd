-- How far an open mark has been shown: the next run looks at newer readings only.
alter table mark_applied add column shown_to timestamptz;
grant update on mark_applied to ingest;
