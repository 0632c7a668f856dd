-- When a password was given: one that somebody else chose opens nothing for ever.

alter table account add column password_at timestamptz not null default now();
