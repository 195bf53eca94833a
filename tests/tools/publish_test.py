#!/usr/bin/env python3
"""A rule that is published, a revert, a stop of selling and its end, under load: whoever asks after the reply meets the new rules, nobody is refused, and
what is taken back gives the former answers bit for bit. Usage: publish_test.py TAKT_PROGRAM; TAKT_ROUNDS (3)."""
import datetime
import json
import os
import pathlib
import shutil
import sys
import tempfile
import threading
import time
import unittest

import case_report
from takt_process import Takt

PROGRAM = sys.argv.pop(1) if len(sys.argv) > 1 else None
ROUNDS = int(os.environ.get("TAKT_ROUNDS", "3"))
CALLERS, ITEMS, WITNESSES = 4, 30, 25


class Caller(threading.Thread):
    """Asks as fast as it can. Keeps for each answer when it was asked for, and what it showed."""

    def __init__(self, server, number):
        super().__init__()
        self.client, self.number, self.ends = server.client(), number, threading.Event()
        self.seen, self.failed = [], []

    def run(self):
        count = 0
        with self.client as client:
            while not self.ends.is_set():
                count += 1
                asked = time.monotonic()
                status, answer = client.post("/api/v1/decide", {"customer": {"user_id": f"load-{self.number}-{count % 500}"}, "placements": [{"placement": "home.hero"}]})
                if status != 200 or answer["degraded"]:
                    self.failed.append((status, answer))
                    continue
                self.seen.append((asked, time.monotonic(), {item["item"] for item in answer["placements"][0]["items"]}))


class PublishTest(unittest.TestCase):
    def setUp(self):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="takt_publish_"))
        self.addCleanup(shutil.rmtree, self.folder)
        self.takt = Takt(PROGRAM, self.folder / "data")
        shop = self.folder / "shop.ndjson"
        shop.write_text("".join(json.dumps({"type": "item", "id": f"sku-{i}", "kind": "product", "title": f"Thing {i}", "brand": "Acme" if i % 2 else "Other", "group": f"g-{i}",
                                            "price": {"amount": f"{10 + i}.00", "currency": "EUR"}}) + "\n" for i in range(ITEMS)), encoding="utf-8")
        self.takt.json("import", shop)
        self.now = datetime.datetime.now(datetime.timezone.utc).isoformat(timespec="milliseconds").replace("+00:00", "Z")
        self.server = self.takt.serve()
        self.addCleanup(self.server.kill)

    def witnesses(self, client):
        """What people see whom nobody else asks for: the same question at the same instant with the same seed."""
        answers = []
        for number in range(WITNESSES):
            status, answer = client.post("/api/v1/decide", {"customer": {"user_id": f"witness-{number}"}, "placements": [{"placement": "home.hero"}], "seed": 1 + number, "now": self.now, "dry_run": True, "explain": "summary"})
            self.assertEqual(status, 200, answer)
            for stage in answer["explain"]["funnel"]:
                del stage["micros"]
            answers.append({"placements": answer["placements"], "explain": answer["explain"]})
        return answers

    def change(self, client, method, path, body=None, headers=None):
        asked = time.monotonic()
        status, answer, *_ = client.send(method, path, body, headers)
        self.assertIn(status, (200, 204), answer)
        return asked, time.monotonic(), answer

    def publish(self, client, more):
        asked = time.monotonic()
        client.change_policy(lambda policy: policy.update(more))
        return asked, time.monotonic()

    def test_rules_act_on_the_next_decision_under_load(self):
        callers = [Caller(self.server, number) for number in range(CALLERS)]
        brand = {item: "Acme" if int(item[4:]) % 2 else "Other" for item in (f"sku-{i}" for i in range(ITEMS))}
        spans, slowest = [], 0.0  # (from, to) in which nothing of Acme may be asked for and shown
        for caller in callers:
            caller.start()
        with self.server.client() as client:
            for _ in range(ROUNDS):
                before = self.witnesses(client)
                status, current = client.get("/api/v1/policies")
                version = current["data"][0]["version"]
                asked, done = self.publish(client, {"merchandising": [{"id": "no-acme", "hide": {"brands": ["Acme"]}}]})
                slowest = max(slowest, done - asked)
                self.assertNotEqual(self.witnesses(client), before)
                time.sleep(0.3)
                until = time.monotonic()
                spans.append((done, until))
                asked, done, _ = self.change(client, "POST", f"/api/v1/policies/{version}/revert")
                slowest = max(slowest, done - asked)
                self.assertEqual(self.witnesses(client), before, "the former answers, bit for bit")

                asked, done, paused = self.change(client, "POST", "/api/v1/pause", {"match": {"brands": ["Acme"]}, "note": "recall"})
                slowest = max(slowest, done - asked)
                time.sleep(0.3)
                spans.append((done, time.monotonic()))
                asked, done, _ = self.change(client, "DELETE", f"/api/v1/pause/{paused['id']}")
                slowest = max(slowest, done - asked)
                self.assertEqual(self.witnesses(client), before)
        for caller in callers:
            caller.ends.set()
        for caller in callers:
            caller.join()
        self.assertEqual([caller.failed[:1] for caller in callers if caller.failed], [])
        answers = [one for caller in callers for one in caller.seen]
        shown_inside = judged = 0
        for begins, ends in spans:
            inside = [items for asked, answered, items in answers if asked > begins and answered < ends]
            judged += len(inside)
            shown_inside += sum(1 for items in inside if any(brand[item] == "Acme" for item in items))
        self.assertGreater(judged, 20 * ROUNDS)
        self.assertEqual(shown_inside, 0, "asked after the reply, and still shown")
        self.assertTrue(any(brand[item] == "Acme" for _, _, items in answers for item in items))
        print(f"{len(answers)} decisions under {ROUNDS * 4} changes of the rules, {judged} of them while Acme was hidden or paused: 0 failed, 0 shown; slowest change {slowest * 1000:.0f} ms", file=sys.stderr)


if __name__ == "__main__":
    case_report.main()
