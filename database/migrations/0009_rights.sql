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
