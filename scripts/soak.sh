#!/usr/bin/env bash
# Long runs: every fuzz target for SECONDS_EACH (default 600) on a nightly compiler.
set -euo pipefail
cd "$(dirname "$0")/.."
command -v cargo-fuzz >/dev/null || cargo install --locked --quiet cargo-fuzz
mkdir -p fuzz/corpus/pdf
cp -n test-vectors/samples/*.pdf fuzz/corpus/pdf/ 2>/dev/null || true
for target in pdf cms certificate picture; do
    cargo +nightly fuzz run "$target" -- -max_total_time="${SECONDS_EACH:-600}" -max_len=400000
done
