#!/bin/sh
# Restores a backup into an EMPTY database, and papers into a directory. Usage: restore.sh FOLDER
#   ZHICHENG_BACKUP_URL  libpq address of the new, empty database
#   ZHICHENG_DATA_DIR    where the papers go; unset: without them
# Refuses a backup whose sums are not right and a database that holds anything. All or nothing: one transaction.
set -eu
umask 077
folder=${1:?usage: restore.sh FOLDER}
: "${ZHICHENG_BACKUP_URL:?give the libpq address of the new, empty database}"
(cd "$folder" && sha256sum --check --quiet SHA256SUMS) || {
    echo "restore: the backup in $folder is incomplete or was altered. Remedy: take another one." >&2
    exit 1
}
held=$(psql --no-psqlrc --tuples-only --no-align --dbname="$ZHICHENG_BACKUP_URL" \
    --command="SELECT count(*) FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'S', 'v')")
if [ "$held" -ne 0 ]; then
    echo "restore: the database is not empty ($held relations). Remedy: make a new one; nothing was changed." >&2
    exit 1
fi
pg_restore --single-transaction --exit-on-error --no-owner --no-privileges --dbname="$ZHICHENG_BACKUP_URL" \
    "$folder/zhicheng.dump"
if [ -n "${ZHICHENG_DATA_DIR:-}" ]; then
    mkdir -p "$ZHICHENG_DATA_DIR"
    for kind in papers evidence; do
        [ ! -f "$folder/$kind.tar" ] || tar --extract --directory="$ZHICHENG_DATA_DIR" --file="$folder/$kind.tar"
    done
fi
