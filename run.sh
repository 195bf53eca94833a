#!/usr/bin/env bash
# From a bare Debian 12 to a served decision: installs what is missing, builds, fills an empty data directory with the demo
# shop, trains, serves. A second run finds all that done and starts in seconds.
#   ./run.sh [--port N] [--data-dir DIR] [--no-serve]
# --port N        listen on 127.0.0.1:N (8080)
# --data-dir DIR  where everything is kept (./takt-data); a directory that already holds data is served as it is
# --no-serve      stop after training
set -euo pipefail
started=$SECONDS
start_dir=$PWD
cd "$(dirname "${BASH_SOURCE[0]}")"

usage() { sed -n '2,7s/^# \{0,1\}//p' "${BASH_SOURCE[0]##*/}"; }
wrong_usage() { echo "run.sh: $1" >&2; usage >&2; exit 2; }
say() { printf '\n[%3ds] %s\n' $((SECONDS - started)) "$1"; }

port=8080
data_dir=takt-data
serve=yes
while [ $# -gt 0 ]; do
  case "$1" in
    --port | --data-dir) [ $# -ge 2 ] || wrong_usage "$1 needs a value" ;;&
    --port) port=$2; shift 2 ;;
    --port=*) port=${1#*=}; shift ;;
    --data-dir) data_dir=$2; shift 2 ;;
    --data-dir=*) data_dir=${1#*=}; shift ;;
    --no-serve) serve=no; shift ;;
    -h | --help) usage; exit 0 ;;
    *) wrong_usage "unknown option '$1'" ;;
  esac
done
[[ $port =~ ^[0-9]{1,5}$ ]] && [ "$port" -ge 1 ] && [ "$port" -le 65535 ] || wrong_usage "--port must be 1 to 65535, not '$port'"
[ -n "$data_dir" ] || wrong_usage "--data-dir must not be empty"
# A relative directory is meant from where the caller stands.
case "$data_dir" in
  /* | takt-data) ;;
  *) data_dir=$start_dir/$data_dir ;;
esac
data_dir=${data_dir%/}
[ ! -e "$data_dir" ] || [ -d "$data_dir" ] || { echo "run.sh: $data_dir exists and is not a directory" >&2; exit 1; }

# Asked before the long part, and again before serving: someone else's answer on our port must not pass for ours.
require_free_port() {
  if (exec 3<>"/dev/tcp/127.0.0.1/$port") 2>/dev/null; then
    echo "run.sh: something answers on 127.0.0.1:$port already (another run.sh?); try --port" >&2
    exit 1
  fi
}
[ "$serve" = no ] || require_free_port

say "packages"
tools/install_deps.sh

say "build (release)"
# Configuring takes seconds even when nothing changed; ninja does it again by itself when a CMake file did.
[ -f build/release/build.ninja ] || cmake --preset release
cmake --build --preset release --target takt

takt=build/release/takt
if [ ! -d "$data_dir" ] || [ -z "$(ls -A "$data_dir")" ]; then
  # Made beside its place and moved there at the end: an interrupted first run leaves no half-filled shop behind.
  new_dir=$data_dir.new
  rm -rf -- "$new_dir"
  say "demo shop → $data_dir"
  "$takt" demo --data-dir "$new_dir"
  say "train"
  "$takt" train --data-dir "$new_dir"
  [ ! -d "$data_dir" ] || rmdir -- "$data_dir"
  mv -- "$new_dir" "$data_dir"
else
  say "data directory $data_dir is in use already: kept as it is (takt train learns from what came in since)"
fi

if [ "$serve" = no ]; then
  say "done; ./run.sh serves it"
  exit 0
fi

say "serve"
require_free_port
address=http://127.0.0.1:$port
"$takt" serve --data-dir "$data_dir" --listen "127.0.0.1:$port" &
server=$!
trap 'kill -TERM "$server" 2>/dev/null || true' INT TERM
trap 'kill -TERM "$server" 2>/dev/null || true; wait "$server" 2>/dev/null || true' EXIT

ready=no
for _ in $(seq 600); do
  kill -0 "$server" 2>/dev/null || break
  if curl -fsS -o /dev/null --max-time 2 "$address/readyz" 2>/dev/null && kill -0 "$server" 2>/dev/null; then
    ready=yes
    break
  fi
  sleep 0.1
done
if [ "$ready" = no ]; then
  echo "run.sh: the server did not become ready; its messages are above." >&2
  exit 1
fi

cat <<TEXT

[$(printf '%3d' $((SECONDS - started)))s] Takt is serving $data_dir. Stop it with Ctrl-C.

  Console     $address/   (not built in this release: answers 501)
  A decision, with its reasons:

curl -s $address/api/v1/decide -H 'Content-Type: application/json' -d '{"customer":{"user_id":"anna"},"placements":[{"placement":"home.hero"}],"context":{"channel":"web","locale":"en"},"explain":"summary"}'

TEXT

# A signal interrupts `wait`; the server then drains, and its own exit status is ours.
status=0
wait "$server" || status=$?
while kill -0 "$server" 2>/dev/null; do
  status=0
  wait "$server" || status=$?
done
trap - EXIT
exit "$status"
