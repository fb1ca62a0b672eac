#!/usr/bin/env bash
# `make test`: stages in order, the time of each, and the test runner's summary as the last line.
# The first stage that fails ends it; the tests run to their end even if some fail.
set -uo pipefail
cd "$(dirname "$0")/.."
export CARGO_TERM_COLOR="${CARGO_TERM_COLOR:-auto}"
target=$(realpath -m "${CARGO_TARGET_DIR:-target}")
# Built just before the tests, and the one that they start.
export COGNOBSERVE_TEST_BIN="$target/debug/cognobserve"
log=$(mktemp)
trap 'rm -f "$log"' EXIT
names=() times=()

finish() { # $1: exit code, $2: last line
    printf '\n%-10s %8s\n' stage seconds
    local i total=0
    for i in "${!names[@]}"; do
        printf '%-10s %8d\n' "${names[$i]}" "${times[$i]}"
        total=$((total + times[i]))
    done
    printf '%-10s %8d\n\n%s\n' total "$total" "$2"
    exit "$1"
}

stage() { # $1: name, rest: command
    local name=$1 before=$SECONDS
    shift
    printf '\n== %s: %s\n' "$name" "$*"
    "$@"
    local code=$?
    names+=("$name") times+=($((SECONDS - before)))
    [ $code -eq 0 ] || [ "$name" = tests ] || finish 1 "FAILED in stage $name"
    return $code
}

run_tests() {
    if cargo nextest --version >/dev/null 2>&1; then
        cargo nextest run --workspace --locked --no-fail-fast 2>&1 | tee "$log"
    else
        echo "cargo-nextest is not installed: using cargo test"
        cargo test --workspace --locked --no-fail-fast --lib --bins --tests 2>&1 | tee "$log"
    fi
    return "${PIPESTATUS[0]}"
}

# One line that says how many passed, whichever runner it was.
summarise() {
    sed 's/\x1b\[[0-9;]*m//g' "$log" | awk '
        /tests? run: .* passed/ { line = $0; sub(/^ *Summary */, "", line) }
        /^test result: / { for (i = 1; i < NF; i++) { if ($(i+1) ~ /^passed/) p += $i; if ($(i+1) ~ /^failed/) f += $i } }
        END { if (line != "") print line; else printf "%d passed, %d failed\n", p, f }'
}

stage setup scripts/setup.sh compiler python
stage format cargo fmt --all --check
stage lint cargo clippy --workspace --all-targets --locked -- -D warnings
stage build cargo build --workspace --bins --locked
stage tests run_tests
code=$?
if [ $code -ne 0 ]; then
    finish $code "FAILED: $(summarise)"
fi
finish 0 "OK: $(summarise)"
