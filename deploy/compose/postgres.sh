#!/bin/sh
# Run once, by the image, when the data directory is new: two users, three databases, nothing shared.
set -eu
psql --username postgres --set ON_ERROR_STOP=1 \
    --set temporal_password="$TEMPORAL_DB_PASSWORD" --set zhicheng_password="$ZHICHENG_DB_PASSWORD" <<'SQL'
CREATE USER temporal PASSWORD :'temporal_password';
CREATE USER zhicheng PASSWORD :'zhicheng_password';
CREATE DATABASE temporal OWNER temporal;
CREATE DATABASE temporal_visibility OWNER temporal;
CREATE DATABASE zhicheng OWNER zhicheng;
REVOKE CONNECT ON DATABASE temporal, temporal_visibility, zhicheng FROM PUBLIC;
SQL
