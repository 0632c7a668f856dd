-- Rules edited on screen: staff makes new ones; a version is written once, so that what was in force
-- when can always be said (ingest retires what has gone from the file, which is an update).
grant insert on rule to staff;
alter table rule_version add check (length(trim(author)) > 0), add check (length(trim(reason)) > 0);
revoke update on rule, rule_version from ingest;
grant update (retired_at) on rule_version to ingest;
