#!/bin/sh
# Run once by the PostgreSQL image on an empty volume: a role that owns the tables, used by
# migrations alone, and the application's role, which owns nothing and so cannot truncate
# a table or disable a trigger.
set -eu
psql -v ON_ERROR_STOP=1 -v owner_password="$OWNER_PASSWORD" -v app_password="$APP_PASSWORD" \
     --username "$POSTGRES_USER" --dbname postgres <<'SQL'
CREATE ROLE mldtrial_owner LOGIN NOSUPERUSER CREATEDB PASSWORD :'owner_password';
CREATE ROLE mldtrial_app LOGIN NOSUPERUSER NOCREATEDB PASSWORD :'app_password';
CREATE DATABASE mldtrial OWNER mldtrial_owner;
\connect mldtrial
ALTER SCHEMA public OWNER TO mldtrial_owner;
GRANT USAGE ON SCHEMA public TO mldtrial_app;
ALTER DEFAULT PRIVILEGES FOR ROLE mldtrial_owner IN SCHEMA public GRANT SELECT, INSERT, UPDATE, DELETE ON TABLES TO mldtrial_app;
ALTER DEFAULT PRIVILEGES FOR ROLE mldtrial_owner IN SCHEMA public GRANT USAGE, SELECT ON SEQUENCES TO mldtrial_app;
ALTER ROLE mldtrial_app SET lock_timeout = '5s';
ALTER ROLE mldtrial_app SET statement_timeout = '30s';
ALTER ROLE mldtrial_app SET idle_in_transaction_session_timeout = '60s';
SQL
