#!/usr/bin/env bash
# The front door: echo through it against plain cpp-httplib, decide at 1 to 1,000 connections, normal load beside idle and slow clients.
#   tools/bench_front.sh [--seconds S] [--items N] [--customers N] [--workers N] [--build DIR]
# Everything runs on 127.0.0.1 from a temporary directory and is ended afterwards. Ratios of one run count; a busy machine blurs them.
set -euo pipefail
cd "$(dirname "$0")/.."
seconds=5 items=2000 customers=20000 workers=16 bin=build/bench
while [ $# -gt 1 ]; do
  case "$1" in
    --seconds) seconds=$2 ;;
    --items) items=$2 ;;
    --customers) customers=$2 ;;
    --workers) workers=$2 ;;
    --build) bin=$2 ;;
    *) echo "usage: tools/bench_front.sh [--seconds S] [--items N] [--customers N] [--workers N] [--build DIR]" >&2; exit 2 ;;
  esac
  shift 2
done
say() { echo "bench_front: $*" >&2; }
say "building (preset bench)"
cmake --preset bench -B "$bin" >/dev/null
ninja -C "$bin" takt http_load echo_server make_events >/dev/null
ulimit -n "$(ulimit -Hn)"
work=$(mktemp -d)
pids=()
cleanup() { for pid in "${pids[@]}"; do kill "$pid" 2>/dev/null || true; done; wait 2>/dev/null || true; rm -rf "$work"; }
trap cleanup EXIT
takt=$(find "$bin" -maxdepth 2 -name takt -type f -perm -u+x | head -1)

say "making $customers customers over $items items"
"$bin/bench/make_events" $((customers * 3)) "$customers" "$items" 0 > "$work/events.ndjson"
awk -v n="$items" 'BEGIN { for (i = 0; i < n; i++) printf "{\"type\":\"item\",\"id\":\"sku-%07d\",\"title\":\"Item %d\",\"category\":[\"Top %d\",\"Sub %d\"],\"brand\":\"Brand %d\",\"price\":{\"amount\":\"%d.90\",\"currency\":\"EUR\"}}\n", i, i, i % 12, i % 96, i % 200, 5 + i % 200 }' > "$work/items.ndjson"
"$takt" import --json --data-dir "$work/data" "$work/items.ndjson" "$work/events.ndjson" >/dev/null
"$bin/bench/echo_server" 0 > "$work/plain.port" & plain_pid=$! pids+=($!)
"$bin/bench/echo_server" 0 --front --workers "$workers" > "$work/front.port" & front_pid=$! pids+=($!)
TAKT_HTTP_THREADS=$workers "$takt" serve --data-dir "$work/data" --listen 127.0.0.1:0 > "$work/takt.out" 2>&1 & pids+=($!)
for _ in $(seq 200); do grep -qE '127\.0\.0\.1:[1-9]' "$work/takt.out" && [ -s "$work/front.port" ] && break; sleep 0.1; done
plain=$(cat "$work/plain.port") front=$(cat "$work/front.port")
port=$(grep -ohE '127\.0\.0\.1:[1-9][0-9]*' "$work/takt.out" | head -1 | cut -d: -f2)
printf '{"customer":{"user_id":"u%%N"},"placements":[{"placement":"home.hero"}],"context":{"channel":"web"}}' > "$work/decide.json"
: > "$work/empty"

load() { "$bin/bench/http_load" --body "$work/decide.json" --customers "$customers" --seconds "$seconds" "$@" >> "$work/$name.jsonl" || true; }
health() { "$bin/bench/http_load" --port "$port" --path /healthz --method GET --body "$work/empty" --connections 4 --rate 100 --seconds "$seconds" >> "$work/$name.jsonl" || true; }
# Processor time beside the rate: neighbours on the machine take a share of the one, and hardly touch the other.
cpu_ticks() { sed 's/.*) //' "/proc/$1/stat" | awk '{ print $12 + $13 }'; }
for round in 1 2 3 4 5; do
  say "echo at 16 connections, plain and behind the front ($round of 5)"
  for name in echo_plain echo_front; do
    [ $name = echo_plain ] && pid=$plain_pid to=$plain || { pid=$front_pid; to=$front; }
    before=$(cpu_ticks "$pid")
    load --port "$to" --path /echo --connections 16
    echo $(($(cpu_ticks "$pid") - before)) >> "$work/$name.ticks"
  done
done
name=warm; load --port "$port" --path /api/v1/decide --connections 16
for round in 1 2 3; do
  for connections in 1 16 200 1000; do
    say "decide at $connections connections ($round of 3)"
    name=decide_$connections; load --port "$port" --path /api/v1/decide --connections "$connections" --threads 1
    name=echo_$connections; load --port "$front" --path /echo --connections "$connections" --threads 1
  done
done
say "decisions at 100/s, alone and beside 5,000 idle and 200 slow clients"
name=alone; load --port "$port" --path /api/v1/decide --connections 8 --rate 100
name=health_alone; health
name=beside
"$bin/bench/http_load" --port "$port" --path /api/v1/decide --body "$work/decide.json" --customers "$customers" --connections 8 --rate 100 --seconds $((seconds * 3)) \
  --idle 5000 --slow 200 > "$work/beside.jsonl" & beside=$!
sleep "$seconds"
name=health_beside; health
wait $beside || true
name=alone; load --port "$port" --path /api/v1/decide --connections 8 --rate 100
python3 - "$work" <<'PY'
import json, os, pathlib, statistics, sys
work = pathlib.Path(sys.argv[1])
runs = {path.stem: [json.loads(line) for line in path.read_text().splitlines()] for path in work.glob("*.jsonl")}
middle = lambda name, key: statistics.median(run[key] for run in runs[name])
rate = lambda name: middle(name, "requests_per_second")
print(f"echo at 16 connections: plain {rate('echo_plain'):,.0f}/s, front {rate('echo_front'):,.0f}/s, ratio {rate('echo_front') / rate('echo_plain'):.2f} (bar 1.2)")
def micros(name):
    ticks = map(int, (work / f"{name}.ticks").read_text().split())
    return statistics.median(1e6 / os.sysconf("SC_CLK_TCK") * tick / run["requests"] for tick, run in zip(ticks, runs[name]))
print(f"processor time of the server per echo: plain {micros('echo_plain'):.1f} us, front {micros('echo_front'):.1f} us")
print(f"{'connections':>12} {'decide/s':>10} {'p50 ms':>8} {'p99 ms':>8} {'max/min':>8} {'wrong':>6} {'echo/s':>10} {'max/min':>8}")
for n in (1, 16, 200, 1000):
    decide, echo = runs[f"decide_{n}"], runs[f"echo_{n}"]
    fair = lambda some: statistics.median(run["most_per_connection"] / max(1, run["least_per_connection"]) for run in some)
    print(f"{n:>12} {rate(f'decide_{n}'):>10,.0f} {middle(f'decide_{n}', 'p50_us') / 1e3:>8.2f} {middle(f'decide_{n}', 'p99_us') / 1e3:>8.2f} {fair(decide):>8.2f}"
          f" {sum(run['wrong'] for run in decide):>6} {rate(f'echo_{n}'):>10,.0f} {fair(echo):>8.2f}")
print(f"decide at 1,000 per 16 connections: {rate('decide_1000') / rate('decide_16'):.2f} (bar 0.7)")
beside = runs["beside"][0]
print(f"beside 5,000 idle and 200 slow: decide p99 {beside['p99_us'] / 1e3:.2f} ms against {middle('alone', 'p99_us') / 1e3:.2f} alone"
      f" (ratio {beside['p99_us'] / middle('alone', 'p99_us'):.2f}, bar 1.5), wrong {beside['wrong']}, idle still connected {beside['idle_alive']}, slow cut {beside['times_cut']} times")
print(f"healthz p99 {middle('health_beside', 'p99_us') / 1e3:.2f} ms beside them (bar 50), {middle('health_alone', 'p99_us') / 1e3:.2f} alone")
PY
