#!/usr/bin/env python3
"""Whom does a campaign lose, and to what? The reach of `takt decide --dry-run` over everybody must be what /why says of each of them, asked one by
one: per code and rule the same number of people. Usage: reach_test.py TAKT_PROGRAM; TAKT_CUSTOMERS (everybody) and TAKT_SAMPLE (asked one by one)."""
import collections
import datetime
import json
import os
import pathlib
import random
import shutil
import sys
import tempfile
import unittest

import case_report
from takt_process import Takt

PROGRAM = sys.argv.pop(1) if len(sys.argv) > 1 else None
CUSTOMERS, SAMPLE = int(os.environ.get("TAKT_CUSTOMERS", "400")), int(os.environ.get("TAKT_SAMPLE", "120"))
ITEMS = [{"id": "pumps-38", "group": "pumps", "brand": "Acme", "tags": ["shoe"]}, {"id": "pumps-39", "group": "pumps", "brand": "Acme", "tags": ["shoe"]},
         {"id": "boots", "brand": "Boot", "tags": ["shoe", "winter"]}, {"id": "bag", "brand": "Acme"}]
POLICY = {"caps": [{"id": "item-weekly", "per": "item", "window": {"kind": "rolling", "length": "7d"}, "limit": 1},
                   {"id": "shoes", "per": "tag", "window": {"kind": "rolling", "length": "30d"}, "limit": 3},
                   {"id": "any", "per": "all", "window": {"kind": "lifetime"}, "limit": 4, "min_gap": "12h"},
                   {"id": "gentle", "per": "brand", "window": {"kind": "anchored_first", "length": "14d"}, "limit": 2, "audience": "gold"}],
          "post_purchase": [{"per": "group", "pause": "30d"}],
          "gates": [{"id": "case", "fact": "case_open", "match": {"kinds": ["product"]}, "ttl": "30d"}],
          "merchandising": [{"id": "recall", "hide": {"items": ["bag"]}, "audience": {"not": {"audience": "gold"}}}]}


def world(seed):
    """Documents, then what four hundred people did in the last weeks: some were shown nearly everything, some have a case open, some bought."""
    draw, now = random.Random(seed), datetime.datetime.now(datetime.timezone.utc)
    yield {"type": "audience", "id": "gold", "condition": {"field": "customer.traits.tier", "op": "eq", "value": "gold"}}
    for item in ITEMS:
        yield {"type": "item", "kind": "product", "title": item["id"], "price": {"amount": "10.00", "currency": "EUR"}} | item
    yield {"type": "placement", "id": "offer", "channel": "web", "slots": 1}
    yield {"type": "policy"} | POLICY
    for number in range(CUSTOMERS):
        user, order = f"u-{number}", 0
        at = lambda hours: (now - datetime.timedelta(hours=hours)).isoformat(timespec="milliseconds").replace("+00:00", "Z")
        yield {"type": "identify", "userId": user, "timestamp": at(900), "traits": {"tier": draw.choice(["gold", "silver"])}}
        busy = draw.random() < 0.7
        for _ in range(draw.randrange(5, 12) if busy else draw.randrange(3)):
            yield {"type": "track", "userId": user, "event": "Promotion Viewed", "timestamp": at(draw.choice([2, 30, 100, 200, 500])), "properties": {"item_id": draw.choice(ITEMS)["id"]}}
        if draw.random() < 0.3:
            yield {"type": "track", "userId": user, "event": "Case Opened", "timestamp": at(20), "properties": {"case_id": "c"}}
        for _ in range(draw.randrange(3)):
            order += 1
            yield {"type": "track", "userId": user, "event": "Order Completed", "timestamp": at(draw.choice([50, 300, 800])),
                   "properties": {"order_id": f"{user}-{order}", "products": [{"product_id": draw.choice(ITEMS)["id"], "quantity": 1}]}}


class ReachTest(unittest.TestCase):
    def setUp(self):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="takt_reach_"))
        self.addCleanup(shutil.rmtree, self.folder)
        self.takt = Takt(PROGRAM, self.folder / "data")
        events = self.folder / "world.ndjson"
        with events.open("w", encoding="utf-8") as out:
            for line in world(11):
                out.write(json.dumps(line) + "\n")
        imported = self.takt.json("import", events)
        self.assertEqual(imported["rejected"], 0, imported)

    def reach(self, users):
        listed = self.folder / "users.txt"
        listed.write_text("".join(user + "\n" for user in users), encoding="utf-8")
        answer = self.takt.json("decide", "--customers", listed, "--placement", "offer", "--dry-run")["reach"]
        return answer, {(one["code"], one["rule"] or ""): one["customers"] for one in answer["lost"]}

    def test_reach_is_what_why_says_of_each(self):
        everybody = [f"u-{number}" for number in range(CUSTOMERS)]
        whole, _ = self.reach(everybody)
        self.assertEqual(whole["customers"], CUSTOMERS)
        self.assertEqual(whole["items"] + whole["hold"] + whole["defer"] + whole["fallback"], CUSTOMERS)
        sample = random.Random(5).sample(everybody, min(SAMPLE, CUSTOMERS))
        answer, lost = self.reach(sample)
        one_by_one, kept = collections.Counter(), 0
        server = self.takt.serve()
        with server.client() as client:
            for user in sample:
                said = [client.get(f"/api/v1/customers/user:{user}/why?placement=offer&item={item['id']}")[1] for item in ITEMS]
                if any(why["verdict"] == "would_show" for why in said):
                    kept += 1
                    continue
                one_by_one.update({(reason["code"], reason.get("rule", "")) for why in said for reason in why["blocked_by"]})
        server.stop()
        self.assertEqual(kept, answer["items"])
        self.assertEqual(dict(one_by_one), lost)
        for rule in ("item-weekly", "any", "gentle", "case", "recall"):  # the people of this world do meet the rules
            self.assertTrue(any(cause[1] == rule for cause in lost), (rule, lost))
        print(f"{CUSTOMERS} customers, {len(sample)} asked one by one: {len(lost)} causes, 0 differ", file=sys.stderr)


if __name__ == "__main__":
    case_report.main()
