#!/usr/bin/env python3
"""Writes the texts that the fuzzers start from: the examples of the API description and of docs/rules.md; and a dictionary of our words.

usage: make_seeds.py DIRECTORY        (binary seeds: the program `seeds` beside the fuzzers)
"""
import json
import pathlib
import re
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
# Path → (corpus, choice of event_fuzz.cc); a text without a choice is the whole input.
BODIES = [
    (r"^/v1/batch$", "event", 1), (r"^/v1/(track|identify|alias|page|screen|group)$", "event", 0), (r"cloud", "event", 2),
    (r"^/api/v1/items/", "event", 4), (r"^/api/v1/placements/", "event", 5), (r"^/api/v1/features/", "event", 6),
    (r"^/api/v1/audiences/", "event", 7), (r"^/api/v1/decide", "decide", None), (r"^/api/v1/policies/", "policy", None),
]
DECIDE = json.dumps({
    "request_id": "r-1", "customer": {"user_id": "u1", "anonymous_id": "a1", "user_hash": "00"}, "now": "2026-11-20T10:00:00Z", "seed": 7, "dry_run": True,
    "explain": "full", "deadline_ms": 20, "context": {"channel": "web", "locale": "de-AT", "country": "AT", "zone": "Europe/Vienna", "session_id": "s", "device": "phone"},
    "placements": [{"placement": "home.hero", "limit": 3, "anchor": {"items": ["sku-1"]}, "exclude": ["sku-2"], "after": "c", "replaces": "d-1",
                    "filter": {"all": [{"field": "item.price", "op": "<=", "value": 20}, {"not": {"field": "item.brand", "op": "in", "value": ["A", "B"]}}]},
                    "candidates": [{"item": "sku-3", "score": 0.5}]}]})


def examples(operation):
    for content in operation.get("requestBody", {}).get("content", {}).values():
        if "example" in content:
            yield content["example"]
        yield from (one["value"] for one in content.get("examples", {}).values() if "value" in one)


def main():
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    target = pathlib.Path(sys.argv[1])
    written = {}

    def write(corpus, choice, text):
        folder = target / f"{corpus}_corpus"
        folder.mkdir(parents=True, exist_ok=True)
        written[corpus] = written.get(corpus, 0) + 1
        prefix = b"" if choice is None else bytes([choice])
        (folder / f"seed_{written[corpus]:03}").write_bytes(prefix + text.encode())

    paths = json.loads((ROOT / "api/openapi.json").read_text())["paths"]
    for path, operations in paths.items():
        for method, operation in operations.items():
            if not isinstance(operation, dict):
                continue
            for pattern, corpus, choice in BODIES:
                if re.search(pattern, path):
                    for example in examples(operation):
                        text = example if isinstance(example, str) else json.dumps(example, ensure_ascii=False)
                        write(corpus, choice, text)
    write("decide", None, DECIDE)
    page = (ROOT / "docs/rules.md").read_text()
    for block in re.findall(r"```(?:json)?\n(\{.*?)\n(?:```|given|when)", page, re.DOTALL):
        write("policy", None, block.split("\n\n")[0])
    for block in re.findall(r"^\s*(\{.*\})\s*$", (ROOT / "docs/conditions.md").read_text(), re.MULTILINE):
        write("event", 8, block)
    words = set()
    for source in sorted((ROOT / "api/json").glob("*.cc")):
        words.update(re.findall(r'"([A-Za-z_][A-Za-z0-9_]{1,30})"', source.read_text()))
    (target / "json.dict").write_text("".join(f'"\\"{word}\\""\n' for word in sorted(words)))
    print(", ".join(f"{count} {corpus}" for corpus, count in sorted(written.items())))


if __name__ == "__main__":
    main()
