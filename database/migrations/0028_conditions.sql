-- Placeholder: what rules can ask beyond limits.
select 1;
