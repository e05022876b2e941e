#!/bin/sh
# One backup of what the service keeps: its database, then its papers (their names are the hashes of their content). Usage: backup.sh FOLDER
#   ZHICHENG_BACKUP_URL  libpq address of the database, e.g. postgresql://zhicheng@db.internal/zhicheng (PGPASSWORD beside it)
#   ZHICHENG_DATA_DIR    the data directory: its papers and evidence are taken, keys are not; unset: the database only
# The service may run on: the dump is one snapshot. Take Temporal's own databases AFTER this one (docs/deploy.md says why).
# The folder is new, readable by its owner only, and complete when it holds the file SHA256SUMS.
set -eu
umask 077
folder=${1:?usage: backup.sh FOLDER}
: "${ZHICHENG_BACKUP_URL:?give the libpq address of the database}"
mkdir "$folder"
pg_dump --format=custom --no-owner --no-privileges --dbname="$ZHICHENG_BACKUP_URL" --file="$folder/zhicheng.dump"
if [ -n "${ZHICHENG_DATA_DIR:-}" ]; then
    for kind in papers evidence; do
        [ ! -d "$ZHICHENG_DATA_DIR/$kind" ] || tar --create --directory="$ZHICHENG_DATA_DIR" --file="$folder/$kind.tar" "$kind"
    done
fi
cd "$folder"
for file in *; do sha256sum "$file"; done >.sums
mv .sums SHA256SUMS
