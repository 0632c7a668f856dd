-- Further tests of a sensor's quality: usual (twelve ranges), spike, neighbours; as in its settings.
alter table sensor add column checks jsonb not null default '{}';
