-- Placeholder: shelved, suppressed, out of service, the sealed journal.
select 1;
