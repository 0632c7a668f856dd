-- Plain PostgreSQL: roll-ups are views and always true, there is nothing to compute.
create function roll_up_again(rollup text, metrics text[], since timestamptz, until timestamptz) returns void
language sql as '';
revoke execute on function roll_up_again from public;
