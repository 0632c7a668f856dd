-- Least rights: ingest (also the alerts process) writes measurements and judgements,
-- staff reads all and writes what people do, public_reader sees the city views only.

do $$
declare r text;
begin
    foreach r in array array['ingest', 'staff', 'public_reader'] loop
        begin
            if not exists (select from pg_roles where rolname = r) then
                execute format('create role %I login', r);
            end if;
        exception when duplicate_object or unique_violation then
            null;  -- roles belong to the server: another database's migration made it just now
        end;
        -- An owner who is no superuser may SET ROLE only into roles that it was given.
        if not pg_has_role(current_user, r, 'member') then
            execute format('grant %I to %I', r, current_user);
        end if;
    end loop;
end $$;

grant usage on schema dongtai to ingest, staff;
grant usage on schema city to staff, public_reader;
grant select on all tables in schema dongtai to ingest, staff;
revoke select on account, session, api_token, idempotency, picture_original from ingest;
grant select on all tables in schema city to staff, public_reader;

grant insert, update on department, station, station_version, series, sensor, curve, limit_value,
      rule, rule_version, reading, series_state, device_status, ledger, quarantine,
      delivery, heartbeat, alert, rule_state, outbox, message,
      picture, picture_original, picture_masked, picture_released to ingest;
grant insert on reading_revision, alert_transition to ingest;  -- written once, never changed
grant delete on delivery, picture to ingest;

grant insert, update on account, session, api_token, idempotency to staff;
grant insert on audit to staff, ingest;
grant delete on session, idempotency to staff;
grant update on alert, rule_state, quarantine, heartbeat to staff;
grant insert on alert_transition, outbox, rule_version, heartbeat to staff;
grant insert, update, delete on picture_masked, picture_released to staff;

-- What any role may do by default, and the public service must not: take the locks that make a
-- process lead, fill the disk with large objects. An owner who is no superuser cannot take these
-- rights away; it is said, not hidden.
do $$
declare f regprocedure;
begin
    for f in select p.oid::regprocedure from pg_proc p join pg_namespace n on n.oid = p.pronamespace
              where n.nspname = 'pg_catalog'
                and (p.proname ~ '^pg_(try_)?advisory_' or p.proname in ('lo_creat', 'lo_create', 'lo_from_bytea'))
    loop
        execute format('revoke execute on function %s from public', f);
        execute format('grant execute on function %s to ingest, staff', f);
    end loop;
exception when insufficient_privilege then
    raise warning 'public_reader can still take advisory locks: run the migrations as a superuser, or revoke these rights by hand';
end $$;
