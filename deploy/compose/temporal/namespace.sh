#!/bin/sh
# The namespace of the service. Histories of applications that have ended are kept for ninety days: the database and
# the papers are the record, the history is for looking closely.
set -eu
temporal operator namespace describe --namespace title-review >/dev/null 2>&1 ||
    temporal operator namespace create --namespace title-review --retention 90d
