#!/usr/bin/env python3
"""takt replay: a day of decisions over HTTP, with events between them, comes out again bit for bit: by the server that made them, after a restart, and
after the policy, the model and the catalogue have changed. Usage: replay_test.py TAKT_PROGRAM"""
import datetime
import json
import pathlib
import random
import shutil
import sys
import tempfile
import unittest

import case_report
from takt_process import Takt

PROGRAM = sys.argv.pop(1) if len(sys.argv) > 1 else None
ORGANIC = {"channel": "web", "slots": 4, "mode": "organic", "sources": ["recently_viewed", "popular", "new"]}


class Day:
    """Simulated hours of a shop: people come back, look, click, buy, give consent, sign in. Seeded; counts what the log must hold."""

    def __init__(self, takt, folder, seed):
        self.takt, self.folder, self.random = takt, folder, random.Random(seed)
        self.now = datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(minutes=1)
        self.logged, self.repeated, self.dry, self.messages = set(), 0, 0, 0
        self.last = {}  # user → the last answer

    def text(self, at=None):
        return (at or self.now).isoformat(timespec="milliseconds").replace("+00:00", "Z")

    def who(self):
        number = self.random.randrange(30)
        if number < 4:
            return {"anonymous_id": f"new-device-{self.random.randrange(6)}"}
        if number == 4:
            return {"user_id": f"stranger-{self.random.randrange(10**9)}"}
        return {"user_id": {5: "anna", 6: "ben"}.get(number, f"u-{number}")}

    def placements(self):
        some = lambda count: [{"item": item} for item in self.random.sample(self.items, count)]
        hero = {"placement": "home.hero"}
        return self.random.choice([
            [hero], [hero], [hero | {"limit": self.random.randint(1, 3)}],
            [{"placement": "product.similar", "anchor": {"items": [self.random.choice(self.items)]}}],
            [hero, {"placement": "product.similar", "limit": 4, "anchor": {"items": self.random.sample(self.items, 3)}}, {"placement": "listing"}],
            [{"placement": "listing"}], [{"placement": "mail.weekly"}],
            [hero | {"candidates": some(30) + [{"item": "no-such-item", "score": 1.5}]}]])

    def decide(self, client):
        request = {"customer": self.who(), "placements": self.placements(), "now": self.text()}
        user = request["customer"].get("user_id")
        kind = self.random.random()
        if kind < 0.15:
            request["request_id"] = f"r-{self.random.randrange(10**9)}"
        elif kind < 0.22:
            request |= {"dry_run": True, "explain": "full"}
        elif kind < 0.3 and user in self.last:
            request["replaces"] = [self.last[user]["decision_id"]]
        elif kind < 0.36:
            request["filter"] = {"field": "item.price.amount", "op": "ge", "value": self.random.randint(10, 60)}
        elif kind < 0.42:
            request["exclude"] = self.random.sample(self.items, 5)
        elif kind < 0.48:
            request["context"] = {"channel": "web", "device": "mobile", "locale": "de-DE", "session_id": f"s-{self.random.randrange(50)}",
                                  "consent": {"profile": self.random.random() < 0.5, "frequency": self.random.random() < 0.5}}
        elif kind < 0.52 and user in self.last and self.last[user]["placements"][0]["placement"] == "home.hero":
            request |= {"placements": [{"placement": "home.hero"}], "after": self.last[user]["decision_id"], "now": self.last[user]["at"]}
        elif kind < 0.58:
            request |= {"seed": self.random.getrandbits(63), "explain": self.random.choice(["summary", "full"])}
        for _ in range(2 if "request_id" in request else 1):
            answer = client.ok("POST", "/api/v1/decide", request)
            self.note(answer, request, user)
        return request["customer"], answer

    def note(self, answer, request, user):
        if request.get("dry_run"):
            self.dry += 1
            return
        if answer.get("replayed"):
            self.repeated += 1
            return
        self.logged.add(answer["decision_id"])
        if user:
            self.last[user] = answer | {"at": request["now"]}

    def event(self, customer, name, properties):
        self.messages += 1
        who = {"userId": customer["user_id"]} if "user_id" in customer else {"anonymousId": customer["anonymous_id"]}
        return who | {"type": "track", "event": name, "messageId": f"day-{self.messages}", "properties": properties}

    def react(self, client, customer, answer):
        """Over HTTP, at real time: the decisions are hours ahead of it, so receipt and grant lie wide apart."""
        if answer["decision_id"] is None:
            return
        for placement in answer["placements"]:
            for item in placement["items"]:
                if self.random.random() < 0.6:
                    client.ok("POST", "/v1/track", self.event(customer, "Promotion Viewed", {"decision_id": answer["decision_id"], "item_id": item["item"]}))
                if self.random.random() < 0.1:
                    client.ok("POST", "/v1/track", self.event(customer, "Promotion Clicked", {"decision_id": answer["decision_id"], "item_id": item["item"]}))
                if self.random.random() < 0.03:
                    client.ok("POST", "/v1/track", self.event(customer, "Promotion Dismissed", {"decision_id": answer["decision_id"], "item_id": item["item"], "scope": "item"}))
        if self.random.random() < 0.03:
            client.ok("POST", f"/api/v1/decisions/{answer['decision_id']}/release", "")

    def import_hour(self):
        """Through the control socket, at simulated time: browsing, orders, consent, people who sign in."""
        lines = []
        for _ in range(40):
            self.messages += 1
            line = {"messageId": f"day-{self.messages}", "timestamp": self.text(), "receivedAt": self.text()} | {k.replace("_id", "Id"): v for k, v in self.who().items()}
            kind = self.random.random()
            if kind < 0.7:
                line |= {"type": "track", "event": "Product Viewed", "properties": {"product_id": self.random.choice(self.items), "dwell_ms": self.random.randint(300, 60000)}}
            elif kind < 0.8:
                line |= {"type": "track", "event": "Order Completed", "properties": {"order_id": f"o-{self.messages}", "products": [{"product_id": self.random.choice(self.items), "quantity": 1}]}}
            elif kind < 0.9:
                line |= {"type": "identify", "traits": {"consent": {"marketing": {"email": self.random.random() < 0.8}, "profile": self.random.random() < 0.9}}}
            elif kind < 0.95:
                line |= {"type": "identify", "userId": f"u-{self.random.randrange(7, 30)}", "anonymousId": f"new-device-{self.random.randrange(6)}"}
            else:
                line |= {"type": "alias", "userId": f"u-{self.random.randrange(7, 30)}", "previousId": f"stranger-alias-{self.random.randrange(9)}"}
            lines.append(json.dumps(line))
        path = self.folder / "hour.ndjson"
        path.write_text("\n".join(lines) + "\n")
        assert self.takt.json("import", path)["rejected"] == 0

    def live(self, client, hours, decisions_per_hour):
        for _ in range(hours):
            for _ in range(decisions_per_hour):
                self.react(client, *self.decide(client))
                self.now += datetime.timedelta(minutes=60 / decisions_per_hour)
            self.import_hour()


def put_forward(policy, items):
    """A cap for some people, and everything that is done by hand."""
    policy["caps"][0].update(limit=2, audience={"not": {"seen": {"within": "1h", "at_least": 6}}})
    policy["merchandising"] = [{"id": "shelf", "match": {"placements": ["home.hero"]}, "pin": [{"item": items[1], "slot": 2}],
                                "boost": [{"match": {"items": items[2:5]}, "factor": 3}], "hide": {"items": [items[6]]}}]


class Replay(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.TemporaryDirectory()
        cls.takt = Takt(PROGRAM, pathlib.Path(cls.folder.name) / "data")
        cls.takt.run("demo", "--items", 300, "--customers", 200, "--days", 14)
        cls.takt.run("train")

    @classmethod
    def tearDownClass(cls):
        cls.folder.cleanup()

    def check(self, day, **where):
        counts = self.takt.json("replay", *(part for key, value in where.items() for part in (f"--{key}", value)))
        self.assertEqual((counts["differ"], counts["without_record"], counts["not_held"]), (0, 0, []), counts)
        self.assertEqual(counts["reproduced"], counts["decisions"])
        if not where:
            self.assertEqual(counts["decisions"], len(day.logged))
        return counts

    def test_a_day(self):
        """One story, since each part needs what the one before left."""
        day = Day(self.takt, pathlib.Path(self.folder.name), seed=11)
        server = self.takt.serve()
        with server.client() as client:
            client.ok("PUT", "/api/v1/placements/listing", ORGANIC)
            day.items = [item["id"] for item in client.ok("GET", "/api/v1/items?limit=200")["data"]]
            day.live(client, hours=12, decisions_per_hour=30)
            self.check(day)  # through the running server
            self.what_if(client.ok("GET", "/api/v1/policies/current"), decisions=len(day.logged))
            middle = day.now

            # Stock, rules, placements and the model change under way: the old ones are still held.
            path = f"/api/v1/items/{day.items[0]}"
            before = client.ok("GET", path)
            for stock in (0, 5):
                client.ok("PUT", path, before | {"stock": stock})
                day.live(client, hours=1, decisions_per_hour=30)
            client.ok("PUT", "/api/v1/items/brand-new", {"title": "Brand new", "price": {"amount": "20.00", "currency": "EUR"}})
            client.ok("PUT", "/api/v1/placements/listing", ORGANIC | {"slots": 2})
            client.ok("PUT", "/api/v1/features/premium", {"attribute": "premium", "equals": True})
            client.ok("PUT", "/api/v1/audiences/lookers", {"condition": {"journey": {"event": "Product Viewed", "at_least": 2, "within": "2h"}}})
            client.ok("PUT", path, client.ok("GET", path) | {"attributes": {"premium": True}, "audience": "lookers"})
            day.live(client, hours=2, decisions_per_hour=30)
            self.check(day)
            client.change_policy(lambda policy: put_forward(policy, day.items))
            self.assertEqual(self.takt.json("train")["version"], 2)
            client.ok("PUT", "/api/v1/features/premium", {"attribute": "premium", "equals": False})
            configured = day.folder / "documents.ndjson"
            configured.write_text('{"type":"feature","id":"likes_it_dear","trait":"budget","attribute":"price_class","deviation":2}\n{"type":"feature","id":"bad one","trait":"x"}\n'
                                  '{"type":"audience","id":"lookers","condition":{"not":{"seen":{"within":"3h","at_least":3}}}}\n')
            self.assertLessEqual({"documents": 2, "rejected": 1}.items(), self.takt.json("import", configured).items())
            day.live(client, hours=1, decisions_per_hour=30)
            client.ok("PUT", path, before)
            for gone in ("features/premium", "items/brand-new", "audiences/lookers"):  # what they were while they were there is held
                self.assertEqual(client.send("DELETE", f"/api/v1/{gone}")[0], 204)
            day.live(client, hours=4, decisions_per_hour=30)
        self.assertEqual(server.stop(), 0)
        counts = self.check(day)  # by itself, after the server
        self.assertGreater(min(day.repeated, day.dry), 10)
        self.assertGreater(counts["reproduced"], 500)

        # After a restart it is the same world, and what was decided in it is one story with what comes.
        server = self.takt.serve()
        with server.client() as client:
            day.live(client, hours=1, decisions_per_hour=30)
        server.stop()
        self.check(day)
        halves = [self.check(day, to=day.text(middle))["decisions"], self.check(day, **{"from": day.text(middle)})["decisions"]]
        self.assertEqual(sum(halves), len(day.logged))
        self.assertGreater(min(halves), 0)
        self.assertRegex(self.takt.run("replay").stdout, rf"(?s){len(day.logged)}  decisions.*reproduced, bit for bit")

        # What is gone is named, and nothing else is lost with it.
        shutil.rmtree(self.takt.data / "artefacts" / "1")
        counts = self.takt.json("replay")
        self.assertEqual([one["name"] for one in counts["not_held"]], ["model 1"])
        self.assertEqual(counts["reproduced"] + counts["not_held"][0]["decisions"], len(day.logged))
        self.assertGreater(counts["reproduced"], 100)

    def what_if(self, policy, decisions):
        """Under the policy in force nothing would have been otherwise; under one that hides half of everything much would."""
        written = pathlib.Path(self.folder.name) / "draft.json"
        written.write_text(json.dumps(policy), encoding="utf-8")
        report = self.takt.json("replay", "--policy", written)
        self.assertEqual(report["decisions"]["changed"], 0, report)
        self.assertLessEqual(report["decisions"]["replayed"], decisions)  # without those whose customers are left out, which are counted
        self.assertGreater(report["decisions"]["replayed"], decisions // 2)
        written.write_text(json.dumps(policy | {"merchandising": [{"id": "none", "hide": {"kinds": ["product"]}}]}), encoding="utf-8")
        self.assertGreater(self.takt.json("replay", "--policy", written)["decisions"]["changed"], 10)
        written.write_text(json.dumps(policy | {"merchandising": [{"id": "none"}]}), encoding="utf-8")
        refused = self.takt.run("replay", "--policy", written, check=False)
        self.assertEqual(refused.returncode, 1)
        self.assertIn("/merchandising/0", refused.stderr)

    def test_usage(self):
        what_if = self.takt.run("replay", "--policy", "no-such-file.json", check=False)
        self.assertEqual(what_if.returncode, 1)
        self.assertIn("no-such-file.json", what_if.stderr)
        for arguments in (["--from", "yesterday"], ["--sample", "2"], ["--nonsense"]):
            self.assertEqual(self.takt.run("replay", *arguments, check=False).returncode, 2, arguments)


if __name__ == "__main__":
    case_report.main()
