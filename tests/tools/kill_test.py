#!/usr/bin/env python3
"""kill -9 of a loaded server, again and again: every acknowledged event is there, once; every acknowledged grant is in its ledger and nothing else is;
no cap is exceeded, neither
of a person nor over everybody; and in the end every record is, byte for byte, what its journal says. TAKT_SERVER_KILLS sets the rounds (5), TAKT_SEED the seed.
Usage: kill_test.py TAKT_PROGRAM"""
import collections
import http.client
import os
import pathlib
import random
import subprocess
import sys
import tempfile
import threading
import time
import unittest

import case_report
from takt_process import ENVIRONMENT, Takt

PROGRAM = sys.argv.pop(1) if len(sys.argv) > 1 else None
ROUNDS = int(os.environ.get("TAKT_SERVER_KILLS", "5"))
SEED = int(os.environ.get("TAKT_SEED", "20260305"))
CAP = 3
EVENTS_PER_CUSTOMER = 60  # a record keeps 200 events of a journey: none of these may fall out
PEOPLE, DECISIONS_PER_CALLER = 24, 60  # then come other people. Six callers fill most caps by then, and nobody has 64 request ids, which is what a record keeps
# Each round under another kind of window, all longer than the test: none of them lets a fourth one through.
WINDOWS = ({"kind": "lifetime"}, {"kind": "rolling", "length": "30d"}, {"kind": "anchored_first", "length": "30d"}, {"kind": "anchored_last", "length": "30d"})
TOTAL = 120  # of one item, over everybody and all rounds: two of them are enough to meet it
LOST = (OSError, http.client.HTTPException, ValueError)


def rule_of(round_number):
    return {"id": "three", "counts": "impression", "per": "item", "window": WINDOWS[round_number % len(WINDOWS)], "limit": CAP}


def total_of(item):
    return {"id": "all-together", "scope": "everyone", "counts": "impression", "per": "item", "match": {"items": [item]}, "window": {"kind": "lifetime"}, "limit": TOTAL}


class Caller(threading.Thread):
    """Sends until the connection breaks. What was sent last and never answered is `in_flight`; the rest is acknowledged."""

    def __init__(self, server, number, random_seed):
        super().__init__()
        self.client, self.number, self.random = server.client(), number, random.Random(random_seed)
        self.done, self.in_flight, self.refused = [], None, None

    def run(self):
        with self.client:
            while self.refused is None:
                self.in_flight = self.next()
                try:
                    status, answer = self.send(self.client, self.in_flight)
                except LOST:
                    return
                if status != 200:
                    self.refused = (self.in_flight, status, answer)
                self.done.append((self.in_flight, answer))
                self.in_flight = None


class EventCaller(Caller):
    """Events with names of their own, by which they are found again. Two callers share each customer."""

    def __init__(self, server, number, random_seed, round_number):
        super().__init__(server, number, random_seed)
        self.round, self.count = round_number, 0

    def next(self):
        self.count += 1
        customer = f"e-{self.round}-{self.number // 2}-{self.count // (EVENTS_PER_CUSTOMER // 2)}"
        return {"type": "track", "userId": customer, "event": f"Step {self.round}.{self.number}.{self.count}", "messageId": f"m-{self.round}-{self.number}-{self.count}",
                "properties": {"note": "x" * self.random.choice([0, 10, 2000])}}

    @staticmethod
    def send(client, event):
        return client.post("/v1/track", event)


class DecideCaller(Caller):
    """Few customers and items, so that most decisions meet a full cap; grants are seen now and then."""

    def __init__(self, server, number, random_seed, round_number, items):
        super().__init__(server, number, random_seed)
        self.round, self.count, self.items, self.to_see = round_number, 0, items, []

    def next(self):
        if self.to_see and self.random.random() < 0.5:
            return self.to_see.pop()
        self.count += 1
        placements = [{"placement": "home.hero", "limit": self.random.randint(1, 2), "candidates": [{"item": item} for item in self.items]}]
        customer = f"c-{self.round}-{self.count // DECISIONS_PER_CALLER}-{self.random.randrange(PEOPLE)}"
        return {"request_id": f"r-{self.round}-{self.number}-{self.count}", "customer": {"user_id": customer}, "placements": placements}

    def send(self, client, call):
        if "event" in call:
            return client.post("/v1/track", call)
        status, answer = client.post("/api/v1/decide", call)
        for item in answer["placements"][0]["items"] if status == 200 else []:
            self.to_see.append({"type": "track", "userId": call["customer"]["user_id"], "event": "Promotion Viewed", "messageId": f"v-{answer['decision_id']}-{item['item']}",
                                "properties": {"decision_id": answer["decision_id"], "item_id": item["item"]}})
        return status, answer


class Kill(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.TemporaryDirectory()
        cls.takt = Takt(PROGRAM, pathlib.Path(cls.folder.name) / "data")
        # The long run restarts a shop of some size.
        size = ["--items", 300, "--customers", 300, "--days", 14] if ROUNDS <= 10 else ["--items", 5000, "--customers", 10000, "--days", 30]
        cls.takt.run("demo", *size)
        cls.takt.run("train")
        cls.random = random.Random(SEED)
        cls.events = collections.defaultdict(set)  # customer → names of acknowledged events
        cls.grants = collections.defaultdict(set)  # customer → acknowledged (decision, item)
        cls.seen = collections.defaultdict(set)    # customer → acknowledged views of them
        cls.acknowledged = collections.Counter()
        cls.restarts = []

    @classmethod
    def tearDownClass(cls):
        cls.folder.cleanup()

    def start(self):
        """Now and then it is killed while it opens, too."""
        if self.random.random() < 0.3:
            command = [self.takt.program, "serve", "--data-dir", self.takt.data, "--listen", "127.0.0.1:0"]
            opening = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env=ENVIRONMENT)
            time.sleep(self.random.uniform(0, 0.3))
            opening.kill()
            opening.wait(60)
        server = self.takt.serve()
        self.restarts.append(server.seconds)
        return server

    def set_rules(self, server):
        with server.client() as client:
            items = [item["id"] for item in client.ok("GET", "/api/v1/items?limit=200")["data"] if item["active"] and item["stock"] is None or (item["stock"] or 0) > 0]
            client.ok("PUT", "/api/v1/placements/home.hero", {"channel": "web", "slots": 2, "reservation_ttl": "1d"})
            client.change_policy(lambda policy: policy.update(caps=[rule_of(0)]))
            # Items that may be shown to anybody now: the first that a dry run does not drop.
            dry = client.ok("POST", "/api/v1/decide", {"customer": {"user_id": "nobody"}, "dry_run": True, "explain": "full", "seed": 1,
                                                       "placements": [{"placement": "home.hero", "candidates": [{"item": item} for item in items[:60]]}]})
            blocked = {one["item"] for one in dry["explain"]["dropped"] if any(reason["stage"] == "eligibility" for reason in one["blocked_by"])}
        return [item for item in items[:60] if item not in blocked][:4]

    def load_and_kill(self, server, round_number):
        with server.client() as client:
            client.change_policy(lambda policy: policy.update(caps=[rule_of(round_number), total_of(self.items[0])]))
        callers = [EventCaller(server, number, self.random.random(), round_number) for number in range(6)]
        callers += [DecideCaller(server, number, self.random.random(), round_number, self.items) for number in range(6)]
        for caller in callers:
            caller.start()
        # Answers are counted, not seconds: a slow build has done as much when it is killed. Every other round ends before much has begun.
        self.wait_for(callers, self.random.randint(200, 800) if round_number % 2 == 0 else self.random.randint(0, 40))
        self.assertEqual(server.kill(), -9)
        for caller in callers:
            caller.join(60)
            self.assertIsNone(caller.refused)
        return callers

    @staticmethod
    def wait_for(callers, answers):
        """Until the callers of each kind have that many; or none is left, which their own checks explain."""
        kinds = [[caller for caller in callers if isinstance(caller, kind)] for kind in (EventCaller, DecideCaller)]
        while min(sum(len(caller.done) for caller in some) for some in kinds) < answers and any(caller.is_alive() for caller in callers):
            time.sleep(0.001)

    def note(self, call, answer):
        if call.get("event", "").startswith("Step"):
            self.events[call["userId"]].add(call["event"])
            self.acknowledged["events"] += 1
        elif "event" in call:
            self.seen[call["userId"]].add((call["properties"]["decision_id"], call["properties"]["item_id"]))
            self.acknowledged["views"] += 1
        else:
            self.assertEqual(answer["degraded"], [])
            self.grants[call["customer"]["user_id"]].update((answer["decision_id"], item["item"]) for item in answer["placements"][0]["items"])
            self.acknowledged["decisions"] += 1

    def send_again(self, client, callers):
        """Whatever was not acknowledged, as a client does; and a part of what was: it must not count twice."""
        for caller in callers:
            for call, answer in caller.done:
                self.note(call, answer)
            if caller.in_flight is not None:
                status, answer = caller.send(client, caller.in_flight)
                self.assertEqual(status, 200)
                self.note(caller.in_flight, answer)
            for call, answer in self.random.sample(caller.done, min(10, len(caller.done))):
                status, again = caller.send(client, call)
                self.assertEqual(status, 200)
                if "event" in call:
                    self.assertEqual(again["duplicates"], 1, f"acknowledged, and not known any more: {call}")
                else:
                    self.assertEqual((again["decision_id"], again["placements"]), (answer["decision_id"], answer["placements"]))
                    self.assertTrue(again["replayed"])

    def check_events(self, client, customers):
        for customer in customers:
            names = collections.Counter(event["name"] for event in client.ok("GET", f"/api/v1/customers/{customer}/journey?limit=1000")["data"])
            self.assertEqual(names, collections.Counter(self.events[customer]), customer)

    def check_grants(self, client, customers):
        for customer in customers:
            record = client.ok("GET", f"/api/v1/customers/{customer}")
            self.assertEqual(record["exposures_total"], len(record["exposures"]))
            ledger = {(one["decision_id"], one["item"]): one for one in record["exposures"]}
            self.assertEqual(len(ledger), len(record["exposures"]))
            self.assertEqual(set(ledger), self.grants[customer], f"{customer}: the ledger is not what was granted")
            per_item = collections.Counter(item for _, item in ledger)
            self.assertLessEqual(max(per_item.values(), default=0), CAP, f"{customer}: more than the cap")
            self.assertEqual({key for key, one in ledger.items() if one["state"] == "shown"}, self.seen[customer], customer)
            for decision, _ in sorted(self.grants[customer])[:1]:
                self.assertEqual(client.send("GET", f"/api/v1/decisions/{decision}")[0], 200)

    def check_total(self, client):
        """What everybody was granted of the one item together, by the acknowledged answers and by the server that has counted anew."""
        granted = sum(item == self.items[0] for grants in self.grants.values() for _, item in grants)
        self.assertLessEqual(granted, TOTAL, "more than there was for everybody")
        counted = [one for rule in client.ok("GET", "/api/v1/caps/totals")["caps"] if rule["id"] == "all-together" for one in rule["fullest"]]
        self.assertEqual(sum(one["used"] + one["live"] for one in counted), granted)
        return granted

    def test_nothing_acknowledged_is_lost(self):
        server = self.start()
        type(self).items = self.set_rules(server)
        self.assertEqual(len(self.items), 4)
        for round_number in range(ROUNDS):
            callers = self.load_and_kill(server, round_number)
            server = self.start()
            with server.client() as client:
                self.send_again(client, callers)
                self.check_events(client, [customer for customer in self.events if customer.startswith(f"e-{round_number}-")])
                self.check_grants(client, [customer for customer in self.grants if customer.startswith(f"c-{round_number}-")])
                self.check_total(client)
        with server.client() as client:
            self.check_events(client, self.events)
            self.check_grants(client, self.grants)
            self.assertEqual(self.check_total(client), TOTAL, "else the total was not met, and nothing was tested")
        full = sum(count == CAP for customer in self.grants for count in collections.Counter(item for _, item in self.grants[customer]).values())
        self.assertGreater(full, ROUNDS, "else no cap was met, and nothing was tested")
        self.assertGreater(min(self.acknowledged.values()), 10 * ROUNDS)
        self.check_rebuild(server)
        restarts = sorted(self.restarts[1:])
        print(f"{ROUNDS} kills: acknowledged {dict(self.acknowledged)}, {sum(map(len, self.grants.values()))} grants, {full} full caps; "
              f"ready again after {restarts[len(restarts) // 2]:.2f} s (median), {restarts[-1]:.2f} s (slowest)", file=sys.stderr)

    def check_rebuild(self, server):
        live = self.takt.json("rebuild", "--check")  # the records that the server holds in memory
        self.assertEqual((live["differ"], live["first_different"]), (0, []))
        self.assertGreater(live["customers"], 300)
        server.kill()
        stored = self.takt.json("rebuild", "--check")  # snapshots and journal, as they were left
        self.assertEqual((stored["differ"], stored["digest"]), (0, live["digest"]))
        self.assertEqual(self.takt.json("rebuild")["customers"], live["customers"])
        rebuilt = self.takt.json("rebuild", "--check")
        self.assertEqual((rebuilt["differ"], rebuilt["digest"]), (0, live["digest"]))


if __name__ == "__main__":
    case_report.main()
