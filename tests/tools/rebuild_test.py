#!/usr/bin/env python3
"""takt rebuild at some size: 50,000 events of 2,000 people, decisions for all of them, people who turn out to be one; then every snapshot is dropped and
folded again, and each record has the bytes it had. Usage: rebuild_test.py TAKT_PROGRAM"""
import datetime
import json
import pathlib
import random
import sys
import tempfile
import unittest

import case_report
from takt_process import Takt

PROGRAM = sys.argv.pop(1) if len(sys.argv) > 1 else None
PEOPLE, EVENTS, ITEMS = 2000, 50_000, 400
TOPICS = ["delivery", "refund", "size"]


class Journeys:
    """Lines for `takt import`, seeded: browsing, orders and refunds, cases, consent, sign-ins on devices, accounts that are joined."""

    def __init__(self, seed):
        self.random = random.Random(seed)
        self.end = datetime.datetime.now(datetime.timezone.utc)
        self.count, self.orders, self.cases = 0, [], []

    def items(self):
        for number in range(ITEMS):
            yield {"type": "item", "id": f"sku-{number}", "title": f"Thing {number}", "group": f"g-{number // 3}", "category": ["Shop", f"Shelf {number % 7}", f"Box {number % 40}"],
                   "brand": f"Brand {number % 11}", "tags": [f"tag-{number % 5}"], "price": {"amount": f"{10 + number % 90}.50", "currency": "EUR"}}

    def line(self, days_ago, who, **rest):
        self.count += 1
        at = self.end - datetime.timedelta(days=days_ago)
        return {"messageId": f"m-{self.count}", "timestamp": at.isoformat(timespec="milliseconds").replace("+00:00", "Z")} | who | rest

    def track(self, days_ago, who, event, **properties):
        return self.line(days_ago, who, type="track", event=event, properties=properties)

    def who(self):
        number = min(int(self.random.expovariate(1) * PEOPLE / 4), PEOPLE - 1)  # a few are there all the time, many hardly ever
        return {"anonymousId": f"a-{number}"} if self.random.random() < 0.3 else {"userId": f"u-{number}"}

    def event(self, days_ago):
        who, item, kind = self.who(), f"sku-{self.random.randrange(ITEMS)}", self.random.random()
        if kind < 0.6:
            return self.track(days_ago, who, "Product Viewed", product_id=item, dwell_ms=self.random.randint(200, 90_000))
        if kind < 0.7:
            return self.track(days_ago, who, "Product Added", product_id=item, quantity=1)
        if kind < 0.76:
            self.orders.append((who, f"o-{self.count}", item))
            return self.track(days_ago, who, "Order Completed", order_id=f"o-{self.count}", products=[{"product_id": item, "quantity": self.random.randint(1, 3), "price": 19.9}])
        if kind < 0.78 and self.orders:
            who, order, item = self.random.choice(self.orders)
            return self.track(days_ago, who, "Order Refunded", order_id=order, products=[{"product_id": item, "quantity": 1}])
        if kind < 0.8:
            self.cases.append((who, f"case-{self.count}"))
            return self.track(days_ago, who, "Case Opened", case_id=f"case-{self.count}", topic=self.random.choice(TOPICS))
        if kind < 0.82 and self.cases:
            who, case = self.cases.pop(self.random.randrange(len(self.cases)))
            return self.track(days_ago, who, "Case Closed", case_id=case)
        if kind < 0.86:
            consent = {"marketing": {self.random.choice(["email", "push"]): self.random.random() < 0.8}, "profile": self.random.random() < 0.9}
            return self.line(days_ago, who, type="identify", traits={"consent": consent, "plan": self.random.choice(["a", "b"])}, context={"timezone": "Europe/Berlin", "locale": "de-DE"})
        if kind < 0.88:
            return self.track(days_ago, who, "Promotion Viewed", item_id=item, placement="home.hero")  # an exposure from elsewhere
        if kind < 0.89:
            return self.track(days_ago, who, "Promotion Dismissed", item_id=item, scope=self.random.choice(["item", "category"]))
        if kind < 0.92:
            return self.line(days_ago, {"userId": f"u-{self.random.randrange(PEOPLE)}", "anonymousId": f"a-{self.random.randrange(PEOPLE)}"}, type="identify")
        return self.line(days_ago, who, type="page", name="Home", properties={"path": "/"})

    def months(self):
        for number in range(EVENTS):
            days_ago = 60 * (1 - number / EVENTS)
            yield self.event(days_ago + (self.random.uniform(0, 5) if self.random.random() < 0.02 else 0))  # some come late

    def reactions(self, answers):
        for answer in answers:
            who = {"userId": answer["user"]}
            for item in answer["placements"][0]["items"]:
                if self.random.random() < 0.7:
                    yield self.track(0, who, "Promotion Viewed", decision_id=answer["decision_id"], item_id=item["item"])
                if self.random.random() < 0.1:
                    yield self.track(0, who, "Promotion Clicked", decision_id=answer["decision_id"], item_id=item["item"])

    def joined_accounts(self, count):
        for _ in range(count):
            one, other = self.random.sample(range(PEOPLE), 2)
            yield self.line(0, {"userId": f"u-{one}", "previousId": f"u-{other}"}, type="alias")


class Rebuild(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.TemporaryDirectory()
        self.addCleanup(self.folder.cleanup)
        self.takt = Takt(PROGRAM, pathlib.Path(self.folder.name) / "data")

    def bring(self, lines):
        path = pathlib.Path(self.folder.name) / "lines.ndjson"
        path.write_text("".join(json.dumps(line) + "\n" for line in lines))
        summary = self.takt.json("import", path)
        self.assertEqual((summary["rejected"], summary["duplicates"]), (0, 0), summary)
        return summary

    def decide(self, placement, job):
        people = [f"u-{number}" for number in range(PEOPLE)]
        path = pathlib.Path(self.folder.name) / "people.txt"
        path.write_text("\n".join(people) + "\n")
        answers = [json.loads(line) for line in self.takt.run("decide", "--customers", path, "--placement", placement, "--job", job).stdout.splitlines()]
        self.assertEqual(len(answers), PEOPLE)
        return [answer | {"user": user} for user, answer in zip(people, answers)]

    def check(self):
        counts = self.takt.json("rebuild", "--check")
        self.assertEqual((counts["differ"], counts["first_different"]), (0, []))
        return counts

    def people(self):
        """What may be seen of a part of them, over HTTP."""
        server = self.takt.serve()
        with server.client() as client:
            seen = [client.get(f"/api/v1/customers/u-{number}") for number in range(0, PEOPLE, 10)]
        server.stop()
        for _, record in seen:
            for exposure in record.get("exposures", []):
                del exposure["state"]  # reserved may have become expired meanwhile
        return seen

    def test_every_record_has_the_bytes_it_had(self):
        journeys = Journeys(seed=3)
        self.bring(journeys.items())
        summary = self.bring(journeys.months())
        self.assertEqual(summary["accepted"], EVENTS)
        self.takt.run("train")
        self.bring(journeys.reactions(self.decide("home.hero", "monday")))
        self.bring(journeys.joined_accounts(200))  # two ledgers become one
        self.bring(journeys.reactions(self.decide("product.similar", "tuesday")))
        self.decide("mail.weekly", "wednesday")

        before, people = self.check(), self.people()
        self.assertGreater(before["customers"], PEOPLE)
        self.assertGreater(sum(record["exposures_total"] > 3 for _, record in people), 100, "else there is no ledger to speak of")
        self.assertEqual(self.takt.json("rebuild")["customers"], before["customers"])
        after = self.check()
        self.assertEqual(after["digest"], before["digest"])
        self.assertEqual(self.people(), people)
        print(f"{before['customers']} records, {journeys.count} events, equal; import {summary['events_per_second']:.0f} events/s, check {before['seconds']:.2f} s", file=sys.stderr)

        # The digest stands for every byte: one event more is another one.
        self.bring([journeys.track(0, {"userId": "u-7"}, "Product Viewed", product_id="sku-1")])
        self.assertNotEqual(self.check()["digest"], before["digest"])


if __name__ == "__main__":
    case_report.main()
