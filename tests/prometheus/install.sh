#!/bin/sh
# Puts promtool (from Debian's package prometheus, unpacked and not installed: no service starts) under
# .cache/prometheus. Does nothing when it is there.
set -eu

root=$(cd "$(dirname "$0")/../.." && pwd)
cache="$root/.cache/prometheus"
[ -x "$cache/promtool" ] && exit 0

as_root() {
    if [ "$(id -u)" -eq 0 ]; then "$@"; else sudo "$@"; fi
}

fetched=$(mktemp -d)
trap 'rm -rf "$fetched"' EXIT
cd "$fetched"
apt-get download -qq prometheus 2>/dev/null || { as_root apt-get update -qq && apt-get download -qq prometheus; }
dpkg -x prometheus_*.deb unpacked
mkdir -p "$cache"
cp unpacked/usr/bin/promtool "$cache/promtool.new"
mv "$cache/promtool.new" "$cache/promtool"
