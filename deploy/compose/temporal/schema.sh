#!/bin/sh
# Temporal's own tables, made or brought up to the version of the image. SQL_PASSWORD comes from the environment.
set -eu
folder=/etc/temporal/schema/postgresql/v12
for part in temporal:temporal temporal_visibility:visibility; do
    database=${part%%:*}
    set -- temporal-sql-tool --plugin postgres12 --endpoint postgres --port 5432 --user temporal --database "$database"
    "$@" setup-schema --version 0.0 || echo "the schema of $database is there already"
    "$@" update-schema --schema-dir "$folder/${part##*:}/versioned"
done
