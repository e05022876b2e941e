#!/bin/sh
# Puts the npm packages of the TypeScript tests (Temporal's client, ajv) under .cache/typescript.
set -eu

here=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$here/../.." && pwd)
. "$root/tests/npm.sh"

npm_packages "$here" "$root/.cache/typescript"
