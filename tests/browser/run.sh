#!/usr/bin/env bash
# Runs the browser tests against $COGNOBSERVE_TEST_BIN; `run.sh WORD` only those with WORD in their name.
# Fails, never skips, if node, Chromium or a package is missing.
set -euo pipefail
cd "$(dirname "$0")"
command -v node >/dev/null || { echo "node is missing" >&2; exit 1; }
rm -f ../../target/screenshots/failed-*.png
exec node --test --test-reporter=spec --test-timeout=900000 ${1:+--test-name-pattern="$1"} stories/*.test.mjs
