-- Placeholder: the score of a shift, evidence sealed later.
select 1;
