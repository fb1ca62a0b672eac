#!/usr/bin/env bash
# Installs what is missing for the named needs (compiler, python, databases, browser, sdks, fuzz), and says what it does.
# Nothing that is there already is touched.
set -euo pipefail
cd "$(dirname "$0")/.."

say() { printf 'setup: %s\n' "$*" >&2; }

install_packages() {
    if ! command -v apt-get >/dev/null; then
        say "please install: $*"
        exit 1
    fi
    local as_root=()
    if [ "$(id -u)" -ne 0 ]; then
        command -v sudo >/dev/null || { say "please install as root: apt-get install $*"; exit 1; }
        as_root=(sudo)
    fi
    say "installing $* with apt-get"
    "${as_root[@]}" apt-get update -qq
    DEBIAN_FRONTEND=noninteractive "${as_root[@]}" apt-get install -y -qq --no-install-recommends "$@" >/dev/null
}

need_compiler() {
    command -v cargo >/dev/null || { say "a Rust toolchain is needed (rustup.rs), version $(sed -n 's/^rust-version = "\(.*\)"/\1/p' Cargo.toml) or later"; exit 1; }
    command -v cc >/dev/null || install_packages build-essential
}

# A virtual environment with pinned packages. $1: where, $2: which
make_venv() {
    local venv=$1 wanted=$2
    if [ -f "$venv/installed.txt" ] && cmp -s "$wanted" "$venv/installed.txt" && "$venv/bin/python" -c '' 2>/dev/null; then
        return
    fi
    command -v python3 >/dev/null || install_packages python3 python3-venv
    say "making $venv with $(grep -vc '^#' "$wanted") pinned packages"
    rm -rf "$venv"
    if ! python3 -m venv "$venv" >/dev/null 2>&1; then
        rm -rf "$venv"
        install_packages python3-venv
        python3 -m venv "$venv"
    fi
    "$venv/bin/python" -m pip install --quiet --disable-pip-version-check --no-input -r "$wanted"
    cp "$wanted" "$venv/installed.txt"
}

# The packages of a lockfile. $1: where
install_modules() {
    local at=$1
    command -v node >/dev/null && command -v npm >/dev/null || { say "node (20 or later) and npm are needed"; exit 1; }
    cmp -s "$at/package-lock.json" "$at/node_modules/installed.json" && return
    say "installing the packages of $at/package-lock.json with npm ci"
    npm ci --prefix "$at" --loglevel=error --ignore-scripts --no-audit --no-fund
    cp "$at/package-lock.json" "$at/node_modules/installed.json"
}

# The official OpenTelemetry SDK, for the tests that let real clients talk to the server.
need_python() { make_venv tests/python/.venv tests/python/requirements.txt; }

# What the SDKs' tests need: the providers' official clients, the compilers, tRPC's client.
need_sdks() {
    make_venv sdks/python/.venv sdks/python/requirements-dev.txt
    install_modules sdks/typescript
    install_modules sdks/trpc
}

# The servers that the tests start: they run as nobody's service, on ports of their own.
need_databases() {
    local missing=()
    command -v initdb >/dev/null || compgen -G '/usr/lib/postgresql/*/bin/initdb' >/dev/null || missing+=(postgresql)
    command -v redis-server >/dev/null || missing+=(redis-server)
    [ ${#missing[@]} -eq 0 ] || install_packages "${missing[@]}"
}

# Chromium and the fonts it draws with from the distribution, the two npm packages from the lockfile.
need_browser() {
    local missing=()
    command -v chromium >/dev/null || command -v chromium-browser >/dev/null || command -v google-chrome >/dev/null || missing+=(chromium)
    [ -n "$(find /usr/share/fonts -name 'Inter-Regular.*' -print -quit 2>/dev/null)" ] || missing+=(fonts-inter)
    [ -n "$(find /usr/share/fonts -name 'DejaVuSansMono.ttf' -print -quit 2>/dev/null)" ] || missing+=(fonts-dejavu-core)
    [ -n "$(find /usr/share/fonts -name 'wqy-microhei.ttc' -print -quit 2>/dev/null)" ] || missing+=(fonts-wqy-microhei)
    [ ${#missing[@]} -eq 0 ] || install_packages "${missing[@]}"
    install_modules tests/browser
}

need_fuzz() {
    cargo fuzz --version >/dev/null 2>&1 && return
    say "installing cargo-fuzz (a few minutes)"
    cargo install --locked cargo-fuzz
}

for need in "$@"; do
    case "$need" in
        compiler) need_compiler ;;
        python) need_python ;;
        databases) need_databases ;;
        browser) need_browser ;;
        sdks) need_sdks ;;
        fuzz) need_fuzz ;;
        *) say "unknown need: $need"; exit 2 ;;
    esac
done
