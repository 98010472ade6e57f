#!/usr/bin/env bash
# Runs every test, with a PostgreSQL cluster of its own for as long as they run.
set -euo pipefail
cd "$(dirname "$0")/.."
trap 'scripts/postgres.sh stop' EXIT
eval "$(scripts/postgres.sh start)"
if [ ! -d ../shared/corpus ]; then
    echo "skipping: ../shared/corpus is not here; tests on documents of other makers say so" >&2
fi
cargo build --locked --quiet -p sealwright-test-token
cargo nextest run --workspace --locked --features failpoints --no-fail-fast "$@"
