-- Placeholder: CAP warnings.
select 1;
