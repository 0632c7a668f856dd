-- Late readings ask whether an alert of their rule and subject covers them already.
create index alert_subject on alert (rule_id, subject, began_at);
