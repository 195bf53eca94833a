#!/usr/bin/env bash
# The cap property test at length, on a release build: a million random histories, judged by the brute-force oracles.
# usage: tools/soak.sh [HISTORIES] [FIRST_SEED]     BUILD_DIR: default build/release
set -euo pipefail
cd "$(dirname "$0")/.."

histories=${1:-1000000}
first_seed=${2:-1}
build_dir=${BUILD_DIR:-build/release}
shards=$(nproc)
per_shard=$(((histories + shards - 1) / shards))

cmake --preset release -B "$build_dir" >/dev/null
cmake --build "$build_dir" --target cap_property_test

logs=$(mktemp -d)
trap 'rm -rf "$logs"' EXIT
pids=()
for ((shard = 0; shard < shards; ++shard)); do
  TAKT_HISTORIES=$per_shard TAKT_SEED=$((first_seed + shard * per_shard)) \
    "$build_dir/tests/cap_property_test" >"$logs/$shard" 2>&1 &
  pids+=($!)
done
failed=0
for ((shard = 0; shard < shards; ++shard)); do
  if wait "${pids[$shard]}"; then
    grep 'violations' "$logs/$shard"
  else
    failed=1
    cat "$logs/$shard"
  fi
done
exit $failed
