#!/usr/bin/env bash
# Builds takt and packs it for Debian 12; prints the path of the package. tools/package_check.sh installs it somewhere bare.
#   tools/package.sh [--preset NAME] [--jobs N]
# --preset NAME  what to pack (release); asan and others are for checking the package itself
# --jobs N       compile with N processes (all cores)
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

usage() { sed -n '2,5s/^# \{0,1\}//p' tools/package.sh; }
wrong_usage() { echo "package.sh: $1" >&2; usage >&2; exit 2; }

preset=release
jobs=$(nproc)
while [ $# -gt 0 ]; do
  case "$1" in
    --preset | --jobs) [ $# -ge 2 ] || wrong_usage "$1 needs a value" ;;&
    --preset) preset=$2; shift 2 ;;
    --jobs) jobs=$2; shift 2 ;;
    -h | --help) usage; exit 0 ;;
    *) wrong_usage "unknown option '$1'" ;;
  esac
done
[[ $jobs =~ ^[1-9][0-9]*$ ]] || wrong_usage "--jobs must be a number from 1, not '$jobs'"
command -v dpkg-shlibdeps >/dev/null || { echo "package.sh: dpkg-shlibdeps is missing: apt-get install dpkg-dev" >&2; exit 1; }

build_dir=build/$preset
{
  [ -f "$build_dir/build.ninja" ] || cmake --preset "$preset"
  cmake --build --preset "$preset" -j "$jobs" --target takt
  rm -f "$build_dir"/packages/takt_*.deb
  (cd "$build_dir" && cpack -G DEB -B packages)
} >&2
ls "$build_dir"/packages/takt_*.deb
