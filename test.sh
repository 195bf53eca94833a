#!/usr/bin/env bash
# Installs what is missing, builds, runs every test, and ends with one line: N passed, N failed, N skipped.
#   ./test.sh [--quick] [--asan | --tsan] [--filter REGEX] [--jobs N]
# --quick         without the tests labelled slow: two minutes once built
# --asan, --tsan  the same tests under AddressSanitizer + UndefinedBehaviorSanitizer, or ThreadSanitizer
# --filter REGEX  only the test programs whose name matches
# --jobs N        compile and test with N processes (all cores)
# Real data sets are looked for in $TAKT_SHARED (default ../shared); tests that miss one are counted as skipped and say why.
set -euo pipefail
started=$SECONDS
cd "$(dirname "${BASH_SOURCE[0]}")"

usage() { sed -n '2,8s/^# \{0,1\}//p' test.sh; }
wrong_usage() { echo "test.sh: $1" >&2; usage >&2; exit 2; }
say() { printf '\n[%3ds] %s\n' $((SECONDS - started)) "$1"; }

preset=dev
quick=no
filter=
jobs=$(nproc)
while [ $# -gt 0 ]; do
  case "$1" in
    --filter | --jobs) [ $# -ge 2 ] || wrong_usage "$1 needs a value" ;;&
    --quick) quick=yes; shift ;;
    --asan) [ "$preset" = dev ] || wrong_usage "one sanitizer at a time"; preset=asan; shift ;;
    --tsan) [ "$preset" = dev ] || wrong_usage "one sanitizer at a time"; preset=tsan; shift ;;
    --filter) filter=$2; shift 2 ;;
    --jobs) jobs=$2; shift 2 ;;
    -h | --help) usage; exit 0 ;;
    *) wrong_usage "unknown option '$1'" ;;
  esac
done
[[ $jobs =~ ^[1-9][0-9]*$ ]] || wrong_usage "--jobs must be a number from 1, not '$jobs'"

say "packages"
tools/install_deps.sh
# Servers and a browser for tests that say SKIPPED without them.
optional=(--servers)
[ "$quick" = yes ] || optional+=(--browser)
tools/install_deps.sh "${optional[@]}" || echo "test.sh: not everything could be installed; some tests will be skipped" >&2

build_dir=build/$preset
say "build ($preset)"
[ -f "$build_dir/build.ninja" ] || cmake --preset "$preset"
cmake --build --preset "$preset" -j "$jobs"

if [ "$preset" = dev ]; then
  # What people run is built too: the program, and beside it the one that answers the ledger's case files.
  say "build (release: takt, ledger_cases)"
  [ -f build/release/build.ninja ] || cmake --preset release
  cmake --build --preset release -j "$jobs" --target takt ledger_cases
fi

# GoogleTest writes one report per program, ctest one over all programs: the summary counts cases, not programs.
reports=$PWD/$build_dir/test_reports
rm -rf -- "$reports"
mkdir -p "$reports/cases"
export GTEST_OUTPUT="xml:$reports/cases/"
export TAKT_SHARED="${TAKT_SHARED:-$PWD/../shared}"
export ASAN_OPTIONS="${ASAN_OPTIONS:-abort_on_error=1:detect_leaks=1:strict_string_checks=1}"
export UBSAN_OPTIONS="${UBSAN_OPTIONS:-print_stacktrace=1}"
# A long memory: a report can only be told apart from a library's own affairs while both of its stacks are known.
export TSAN_OPTIONS="${TSAN_OPTIONS:-halt_on_error=1:second_deadlock_stack=1:history_size=7} suppressions=$PWD/tools/tsan.supp"
# ThreadSanitizer cannot see libgomp's barriers; one OpenMP thread is what requests use anyway.
export OMP_NUM_THREADS=1

selection=()
[ "$quick" = no ] || selection+=(--label-exclude '^slow$')
[ -z "$filter" ] || selection+=(--tests-regex "$filter")
say "test ($preset$([ "$quick" = no ] || echo ', quick'))"
ctest_status=0
ctest --test-dir "$build_dir" --parallel "$jobs" --output-on-failure --no-tests=error --output-junit "$reports/programs.xml" \
  "${selection[@]}" || ctest_status=$?

say "took $(((SECONDS - started) / 60)) min $(((SECONDS - started) % 60)) s"
python3 tools/test_summary.py "$reports" || exit 1
exit "$ctest_status"
