#!/usr/bin/env bash
# `make test`: stages in order, the time of each, and the test runner's summary as the last line.
# The first stage that fails ends it; the tests run to their end even if some fail.
set -uo pipefail
cd "$(dirname "$0")/.."
export CARGO_TERM_COLOR="${CARGO_TERM_COLOR:-auto}"
target=$(realpath -m "${CARGO_TARGET_DIR:-target}")
# Built just before the tests, and the one that they start.
export COGNOBSERVE_TEST_BIN="$target/debug/cognobserve"
# A package of its own, since it is not the server's: its builds are kept beside the workspace's.
rust_sdk=(--manifest-path sdks/rust/Cargo.toml --target-dir "$target/sdk-rust")
logs=$(mktemp -d)
trap 'rm -rf "$logs"' EXIT
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
    case "$name" in
        tests | stories* | table | browser | sdk-*) failed=$((failed + (code != 0))) ;;
        *) [ $code -eq 0 ] || finish 1 "FAILED in stage $name" ;;
    esac
    return $code
}

# One PostgreSQL and one Redis for all test processes, stopped when this script ends. What
# cannot be reached fails the run: tests never pass over a back end.
start_servers() {
    coproc SERVERS { "$target/debug/cognobserve-test-servers"; }
    local line
    for _ in 1 2; do
        IFS= read -r line <&"${SERVERS[0]}" || return 1
        echo "$line"
        export "${line?}"
    done
}

# Passes go to the log only, which the table is made of.
run_tests() { # $1: profile, rest: which tests
    local log=$logs/$1
    shift
    if cargo nextest --version >/dev/null 2>&1; then
        cargo nextest run --workspace --locked --no-fail-fast --status-level pass -- "$@" 2>&1 | tee "$log" |
            grep --line-buffered -v '^ *PASS '
    else
        echo "cargo-nextest is not installed: using cargo test"
        cargo test --workspace --locked --no-fail-fast --lib --bins --tests -- "$@" 2>&1 | tee "$log"
    fi
    return "${PIPESTATUS[0]}"
}

# The stories again with another back end, but for those that are about one profile.
run_stories() { # $1: profile
    COGNOBSERVE_TEST_PROFILE=$1 run_tests "$1" story:: --skip story::embedded:: --skip story::scaled::
}

print_table() {
    scripts/table.py "embedded=$logs/embedded" "postgres=$logs/postgres" "stream=$logs/stream"
}

# The pages in real Chromium, served by the binary that was just built.
run_browser() {
    tests/browser/run.sh 2>&1 | tee "$logs/browser"
    return "${PIPESTATUS[0]}"
}

# An SDK's own tests, against the binary that was just built.
run_sdk() { # $1: which
    case "$1" in
        python) (cd sdks/python && .venv/bin/python -m pytest) ;;
        rust) cargo test --locked --all-features --no-fail-fast "${rust_sdk[@]}" ;;
        *) (cd "sdks/$1" && npm test --silent) ;;
    esac 2>&1 | tee "$logs/sdk-$1"
    return "${PIPESTATUS[0]}"
}

# One line that says how many passed, whichever runner it was.
summarise() { # $1: profile
    sed 's/\x1b\[[0-9;]*m//g' "$logs/$1" | awk '
        /tests? run: .* passed/ { line = $0; sub(/^ *Summary */, "", line) }
        NF == 3 && / pass [0-9]+$/ { p += $3 }
        NF == 3 && / (fail|cancelled) [0-9]+$/ { f += $3 }
        / in [0-9.]+s/ && /passed|failed/ && !/^test result: / { for (i = 1; i < NF; i++) { if ($(i+1) ~ /^passed/) p += $i; if ($(i+1) ~ /^failed/) f += $i } }
        /^test result: / { for (i = 1; i < NF; i++) { if ($(i+1) ~ /^passed/) p += $i; if ($(i+1) ~ /^failed/) f += $i } }
        END { if (line != "") print line; else printf "%d passed, %d failed\n", p, f }'
}

check_format() {
    cargo fmt --all --check && cargo fmt --manifest-path sdks/rust/Cargo.toml --check
}

check_lints() {
    cargo clippy --workspace --all-targets --locked -- -D warnings &&
        cargo clippy "${rust_sdk[@]}" --all-targets --all-features --locked -- -D warnings
}

failed=0
stage setup scripts/setup.sh compiler python databases browser sdks
stage format check_format
stage lint check_lints
stage build cargo build --workspace --bins --locked
stage servers start_servers
stage tests run_tests embedded
summary=$(summarise embedded)
for profile in postgres stream; do
    stage "stories-$profile" run_stories "$profile"
    summary="$summary; stories on $profile: $(summarise "$profile")"
done
stage table print_table
stage browser run_browser
summary="$summary; browser: $(summarise browser)"
for sdk in typescript python rust trpc; do
    stage "sdk-$sdk" run_sdk "$sdk"
    summary="$summary; $sdk: $(summarise "sdk-$sdk")"
done
if [ $failed -ne 0 ]; then
    finish 1 "FAILED: $summary"
fi
finish 0 "OK: $summary"
