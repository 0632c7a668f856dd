-- Placeholder: rules edited on screen.
select 1;
