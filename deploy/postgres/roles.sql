-- The three accounts of Concord's database (design §5.11), for psql 15+, connected as superuser to
-- the database they are for. May be run again: it then sets the passwords and privileges anew.
--
--   concord_owner   owns the tables and migrates; nothing that serves people runs as it
--   concord_app     the web application: rows, never tables, and of a case only what row-level
--                   security gives to the person who acts (docs/adr/0014)
--   concord_system  worker, sweep, imports and reports: the same privileges, and every row.
--                   The web application switches to it by SET ROLE for a few named acts; being a
--                   member alone opens nothing (NOINHERIT)
--
-- None may bypass row-level security, make roles or make databases. The policies call the last two
-- by these names; others (psql -v owner=… -v app=… -v system=…) are for trying this file out.
-- Passwords come from the
-- environment (CONCORD_OWNER_PASSWORD, CONCORD_APP_PASSWORD, CONCORD_SYSTEM_PASSWORD), so that they
-- stand in no argument list.

\set ON_ERROR_STOP on
\if :{?owner} \else \set owner concord_owner \endif
\if :{?app} \else \set app concord_app \endif
\if :{?system} \else \set system concord_system \endif
\getenv owner_password CONCORD_OWNER_PASSWORD
\getenv app_password CONCORD_APP_PASSWORD
\getenv system_password CONCORD_SYSTEM_PASSWORD
\if :{?owner_password} \else \set missing CONCORD_OWNER_PASSWORD \endif
\if :{?app_password} \else \set missing CONCORD_APP_PASSWORD \endif
\if :{?system_password} \else \set missing CONCORD_SYSTEM_PASSWORD \endif
\if :{?missing}
    \echo Set :missing in the environment first.
    DO 'BEGIN RAISE EXCEPTION ''a password is not set; nothing was changed''; END';
\endif

SELECT format('CREATE ROLE %I', name)
FROM unnest(ARRAY[:'owner', :'app', :'system']) AS name
WHERE NOT EXISTS (SELECT FROM pg_roles WHERE rolname = name) \gexec

-- A statement with a password in it must not reach the log, even when it fails.
SET log_min_error_statement = panic;
SET log_statement = 'none';
SET log_min_duration_statement = -1;
ALTER ROLE :"owner" LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOBYPASSRLS PASSWORD :'owner_password';
ALTER ROLE :"app" LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOBYPASSRLS PASSWORD :'app_password';
ALTER ROLE :"system" LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOBYPASSRLS PASSWORD :'system_password';

-- In this order: on PostgreSQL 16 and later it is the GRANT that remembers whether it is inherited.
ALTER ROLE :"app" NOINHERIT;
GRANT :"system" TO :"app";

-- The database and its one schema belong to the owner; nobody else gets in.
SELECT current_database() AS database \gset
ALTER DATABASE :"database" OWNER TO :"owner";
ALTER SCHEMA public OWNER TO :"owner";
REVOKE ALL ON DATABASE :"database" FROM PUBLIC;
REVOKE ALL ON SCHEMA public FROM PUBLIC;
GRANT CONNECT ON DATABASE :"database" TO :"app", :"system";
GRANT USAGE ON SCHEMA public TO :"app", :"system";

-- Rows of the tables there are, and of those the owner will make.
GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO :"app", :"system";
GRANT USAGE, SELECT ON ALL SEQUENCES IN SCHEMA public TO :"app", :"system";
ALTER DEFAULT PRIVILEGES FOR ROLE :"owner" IN SCHEMA public
    GRANT SELECT, INSERT, UPDATE, DELETE ON TABLES TO :"app", :"system";
ALTER DEFAULT PRIVILEGES FOR ROLE :"owner" IN SCHEMA public
    GRANT USAGE, SELECT ON SEQUENCES TO :"app", :"system";

-- The server log would print a failed statement with the values in it.
SELECT format('ALTER ROLE %I IN DATABASE %I SET %s', name, current_database(), setting)
FROM unnest(ARRAY[:'owner', :'app', :'system']) AS name,
     unnest(ARRAY[
         'log_min_error_statement = panic',
         'log_error_verbosity = terse',
         'log_parameter_max_length = 0',
         'log_parameter_max_length_on_error = 0',
         'log_min_duration_statement = -1',
         'idle_in_transaction_session_timeout = ''120s'''
     ]) AS setting \gexec
-- A page that takes this long is broken; a migration that waits for a lock stops everybody.
SELECT format('ALTER ROLE %I IN DATABASE %I SET statement_timeout = ''30s''', :'app', current_database()) \gexec
SELECT format('ALTER ROLE %I IN DATABASE %I SET lock_timeout = ''10s''', :'owner', current_database()) \gexec
