#!/bin/sh
# Run by the postgres image once, on an empty data folder. By hand: docs/how-to/run-in-production.md.
set -eu
psql --no-psqlrc --quiet --set ON_ERROR_STOP=1 --username "${POSTGRES_USER:-postgres}" \
    --dbname "$POSTGRES_DB" --file /opt/concord/roles.sql
