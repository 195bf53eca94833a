#!/usr/bin/env bash
# Speed, as ratios within one run: decide over HTTP against plain cpp-httplib's echo (TCP_NODELAY, 16 connections), an open loop corrected
# for coordinated omission, decisions beside ingest. tools/bench.sh [--json] [--items N] [--customers N] [--exposures N] [--seconds S]
# Everything is served from a temporary directory on 127.0.0.1 and ended afterwards. Numbers belong into docs/benchmarks.md with the machine.
set -euo pipefail
cd "$(dirname "$0")/.."
json=false items=20000 customers=100000 exposures=0 seconds=10
while [ $# -gt 0 ]; do
  case "$1" in
    --json) json=true; shift ;;
    --items) items=$2; shift 2 ;;
    --customers) customers=$2; shift 2 ;;
    --exposures) exposures=$2; shift 2 ;;
    --seconds) seconds=$2; shift 2 ;;
    *) echo "usage: tools/bench.sh [--json] [--items N] [--customers N] [--exposures N] [--seconds S]" >&2; exit 2 ;;
  esac
done
say() { echo "bench: $*" >&2; }

say "building (preset bench)"
cmake --preset bench >/dev/null
ninja -C build/bench takt http_load echo_server make_events >/dev/null
bin=build/bench
work=$(mktemp -d)
pids=()
cleanup() { for pid in "${pids[@]}"; do kill "$pid" 2>/dev/null || true; done; wait 2>/dev/null || true; rm -rf "$work"; }
trap cleanup EXIT
takt=$(find $bin -maxdepth 2 -name takt -type f -perm -u+x | head -1)

say "making $customers customers over $items items"
"$bin/bench/make_events" $((customers * 3)) "$customers" "$items" "$exposures" > "$work/events.ndjson"
awk -v n="$items" 'BEGIN { for (i = 0; i < n; i++) printf "{\"type\":\"item\",\"id\":\"sku-%07d\",\"title\":\"Item %d\",\"category\":[\"Top %d\",\"Sub %d\"],\"brand\":\"Brand %d\",\"price\":{\"amount\":\"%d.90\",\"currency\":\"EUR\"}}\n", i, i, i % 12, i % 96, i % 200, 5 + i % 200 }' > "$work/items.ndjson"
import_json=$("$takt" import --json --shift-to-now --data-dir "$work/data" "$work/items.ndjson" "$work/events.ndjson") # the past that caps look at, not what is folded
# As in bench/decide_bench: a slate of ten, twenty cap rules of which the narrow ones bite.
"$takt" config export "$work/config" --data-dir "$work/data" >/dev/null
python3 - "$work/config" <<'PY'
import json, sys
folder = sys.argv[1]
def change(name, edit):
    with open(f"{folder}/{name}") as file: document = json.load(file)
    edit(document)
    with open(f"{folder}/{name}", "w") as file: json.dump(document, file)
def rule(i):
    per = ["item", "group", "category", "brand", "campaign", "tag", "channel", "placement", "all", "kind"][i % 10]
    narrow = per in ("item", "group")
    made = {"id": f"rule-{i}", "per": per, "counts": "contact" if i % 7 == 6 else "impression", "limit": 3 if narrow else 100000,
            "window": {"kind": "lifetime"} if i % 5 == 4 else {"kind": "rolling", "length": f"{1 + i % 7}d"}}
    if i % 20 == 2: made["depth"] = 1
    if i % 6 == 0 and narrow: made["min_gap"] = "4h"
    return made
change("policy.json", lambda policy: policy.update(caps=[rule(i) for i in range(20)]))
change("placements/home.hero.json", lambda placement: placement.update(slots=10))
PY
"$takt" config apply "$work/config" --data-dir "$work/data" >/dev/null
say "training"
train_json=$("$takt" train --json --data-dir "$work/data")

"$bin/bench/echo_server" 0 > "$work/echo.port" & pids+=($!)
"$takt" serve --data-dir "$work/data" --listen 127.0.0.1:0 > "$work/takt.out" 2> "$work/takt.err" & pids+=($!)
for _ in $(seq 200); do grep -qE '127\.0\.0\.1:[1-9]' "$work/takt.out" "$work/takt.err" 2>/dev/null && break; sleep 0.1; done
port=$(grep -ohE '127\.0\.0\.1:[1-9][0-9]*' "$work/takt.out" "$work/takt.err" | head -1 | cut -d: -f2)
echo_port=$(cat "$work/echo.port")

printf '{"customer":{"user_id":"u%%N"},"placements":[{"placement":"home.hero"}],"context":{"channel":"web"}}' > "$work/decide.json"
printf '{"batch":[{"type":"track","event":"Product Viewed","messageId":"load-%%R","userId":"u%%N","properties":{"product_id":"sku-0000001"}}]}' > "$work/track.json"
# What a run measured, and how much of the machine somebody else had meanwhile: a guest that is set aside has a p99 of its own.
load() {
  local before measured
  before=$(grep -m 1 '^cpu ' /proc/stat)
  measured=$("$bin/bench/http_load" "$@" || true)
  awk -v measured="$measured" -v before="$before" '/^cpu / {
    split(before, was); for (i = 2; i <= 9; i++) all += $i - was[i]
    sub(/}$/, "", measured); printf "%s,\"stolen_percent\":%.1f}\n", measured, all ? 100 * ($9 - was[9]) / all : 0; exit }' /proc/stat
}
load --port "$port" --path /api/v1/decide --body "$work/decide.json" --connections 16 --seconds 3 --customers "$customers" >/dev/null # warm
say "echo, decide, echo again (closed loop, 16 connections)"
echo_one=$(load --port "$echo_port" --path /echo --body "$work/decide.json" --connections 16 --seconds "$seconds" --customers "$customers")
decide_closed=$(load --port "$port" --path /api/v1/decide --body "$work/decide.json" --connections 16 --seconds "$seconds" --customers "$customers")
echo_two=$(load --port "$echo_port" --path /echo --body "$work/decide.json" --connections 16 --seconds "$seconds" --customers "$customers")
say "open loop at 1,000 decisions/s"
decide_open=$(load --port "$port" --path /api/v1/decide --body "$work/decide.json" --connections 32 --rate 1000 --seconds "$seconds" --customers "$customers")
say "decisions at 200/s, alone and beside 32 ingesting connections"
alone=$(load --port "$port" --path /api/v1/decide --body "$work/decide.json" --connections 8 --rate 200 --seconds "$seconds" --customers "$customers")
"$bin/bench/http_load" --port "$port" --path /v1/batch --body "$work/track.json" --connections 32 --rate 1000 --seconds "$seconds" --customers "$customers" > "$work/ingest.json" & ingest=$!
beside=$(load --port "$port" --path /api/v1/decide --body "$work/decide.json" --connections 8 --rate 200 --seconds "$seconds" --customers "$customers")
wait $ingest || true
say "decide again: by now most records are in the cache"
warm=$(load --port "$port" --path /api/v1/decide --body "$work/decide.json" --connections 16 --seconds "$seconds" --customers "$customers")
python3 - "$json" "$import_json" "$train_json" "$echo_one" "$echo_two" "$decide_closed" "$decide_open" "$alone" "$beside" "$(cat "$work/ingest.json")" "$warm" <<'PY'
import json, platform, sys
names = ["import", "train", "echo_first", "echo_second", "decide_closed", "decide_open_1000", "decide_alone", "decide_beside_ingest", "ingest", "decide_closed_warm"]
runs = dict(zip(names, map(json.loads, sys.argv[2:])))
echo = (runs["echo_first"]["requests_per_second"] + runs["echo_second"]["requests_per_second"]) / 2
ratios = {"decide_per_echo": runs["decide_closed"]["requests_per_second"] / echo,
          "decide_per_echo_warm": runs["decide_closed_warm"]["requests_per_second"] / echo,
          "decide_open_1000_p99_ms": runs["decide_open_1000"]["p99_us"] / 1000,
          "decide_open_1000_stolen_percent": runs["decide_open_1000"]["stolen_percent"],
          "p99_beside_ingest_per_alone": runs["decide_beside_ingest"]["p99_us"] / runs["decide_alone"]["p99_us"],
          "import_events_per_second": runs["import"].get("events_per_second")}
out = {"machine": platform.processor() or platform.machine(), "ratios": {k: round(v, 4) if v is not None else None for k, v in ratios.items()}, "runs": runs}
print(json.dumps(out) if sys.argv[1] == "true" else json.dumps(out["ratios"], indent=2))
PY
