-- Placeholder: rota, routes, escalation, receipts.
select 1;
