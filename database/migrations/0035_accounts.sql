-- Accounts on screen: a first password that must be changed, sessions and tokens that can be named
-- without their secret, tokens of less than their account's role, an audit that nobody rewrites.

alter table account
    add column must_change boolean not null default false,  -- the password was somebody else's choice
    add column seen_at     timestamptz;

alter table session   add column id bigint generated always as identity unique;
alter table api_token
    add column id         bigint generated always as identity unique,
    add column role       text check (role in ('viewer', 'duty', 'environment', 'administrator')),
    add column expires_at timestamptz,
    add column revoked_by text;
create index session_of_account on session (account_id);
create index api_token_of_account on api_token (account_id);

create index audit_newest on audit (at desc, id desc);
create index audit_of_person on audit (who, at desc, id desc);

create function keep_audit() returns trigger language plpgsql as $$
begin
    raise exception 'the audit is written once: a row is neither changed nor deleted';
end $$;
create trigger audit_kept before update or delete on audit
    for each row execute function keep_audit();
