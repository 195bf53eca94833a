#!/usr/bin/env bash
# The promises at length, on a release build: a million random histories of caps, judged by the brute-force oracles; 64 connections
# that want the same three grants, a thousand times; kill -9 of a store that commits, a thousand times, and of a loaded server, fifty times.
# usage: tools/soak.sh [HISTORIES] [FIRST_SEED]     BUILD_DIR: default build/release
set -euo pipefail
cd "$(dirname "$0")/.."

histories=${1:-1000000}
first_seed=${2:-1}
build_dir=${BUILD_DIR:-build/release}
shards=$(nproc)
per_shard=$(((histories + shards - 1) / shards))

cmake --preset release -B "$build_dir" >/dev/null
cmake --build "$build_dir" --target cap_property_test cap_race_test store_crash_test http_test takt

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

# Every directory is killed and opened twenty times: a longer journal would only make the checks slower.
for ((directory = 0; directory < 50; ++directory)); do
  TAKT_KILLS=20 TAKT_SEED=$((first_seed + directory)) "$build_dir/tests/store_crash_test" --gtest_brief=1 >"$logs/crash" 2>&1 || { failed=1; cat "$logs/crash"; }
done
[ "$failed" -ne 0 ] || echo "1000 times killed and opened again: every acknowledged commit is there, every record is what its journal says"
TAKT_RACE_ROUNDS=1000 "$build_dir/tests/cap_race_test" --gtest_brief=1 || failed=1
TAKT_HTTP_RACE_ROUNDS=1000 "$build_dir/tests/http_test" --gtest_brief=1 --gtest_filter='*SixtyFourConnections*' || failed=1
TAKT_SERVER_KILLS=50 TAKT_SEED=$first_seed python3 tests/tools/kill_test.py "$build_dir/takt" || failed=1
exit $failed
