-- Rules edited on screen: staff makes new ones; a version is written once, so that what was in force
-- when can always be said. Retiring, by a person or since the file has it no more, is a version too.
grant insert on rule to staff;
alter table rule_version add check (length(trim(author)) > 0), add check (length(trim(reason)) > 0);
revoke update on rule, rule_version from ingest;
