#!/usr/bin/env python3
"""Every command that the README shows is executed: the two scripts are there and take their flags, each curl is run against a server over the demo
shop and its answer has the fields that the README prints beside it, the import lines are run as they stand. Usage: readme_test.py TAKT_PROGRAM"""
import json
import pathlib
import re
import shlex
import subprocess
import sys
import tempfile
import unittest

import case_report

ROOT = pathlib.Path(__file__).resolve().parents[2]
README = (ROOT / "README.md").read_text()
TAKT = pathlib.Path(sys.argv.pop(1)).resolve() if len(sys.argv) > 1 else None


def commands():
    return [line.split("   #")[0].strip() for block in re.findall(r"```sh\n(.*?)```", README, re.S) for line in block.splitlines() if line.strip()]


class Readme(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.TemporaryDirectory()
        cls.work = pathlib.Path(cls.folder.name)
        cls.data = cls.work / "data"
        subprocess.run([TAKT, "demo", "--data-dir", cls.data], check=True, capture_output=True)
        subprocess.run([TAKT, "train", "--data-dir", cls.data], check=True, capture_output=True)
        cls.server = subprocess.Popen([TAKT, "serve", "--data-dir", cls.data, "--listen", "127.0.0.1:0"], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        cls.address = None
        for line in cls.server.stdout:
            found = re.search(r"127\.0\.0\.1:\d+", line)
            if found:
                cls.address = found.group(0)
                break

    @classmethod
    def tearDownClass(cls):
        cls.server.terminate()
        cls.server.wait(30)
        cls.server.stdout.close()
        cls.folder.cleanup()

    def answer(self, command):
        words = [word.replace("127.0.0.1:8080", self.address) for word in shlex.split(command)]
        done = subprocess.run(words, check=True, capture_output=True, text=True)
        return json.loads(done.stdout)

    def test_the_two_scripts_are_there(self):
        for script in ("run.sh", "test.sh"):
            self.assertTrue(any(command.split()[0] == "./" + script for command in commands()))
            self.assertTrue((ROOT / script).stat().st_mode & 0o100)

    def test_decide_curl_returns_items_with_reasons(self):
        command = next(c for c in commands() if "/api/v1/decide" in c)
        answer = self.answer(command)
        placement = answer["placements"][0]
        self.assertEqual(placement["outcome"], "items")
        for item in placement["items"]:
            self.assertLessEqual({"item", "slot", "propensity", "source", "reserved_until", "why", "reasons"}, set(item))
            self.assertTrue(item["why"]["text"])
        self.assertTrue(answer["explain"]["funnel"])

    def test_why_curl_answers_for_an_item_of_the_demo_shop(self):
        decide = self.answer(next(c for c in commands() if "/api/v1/decide" in c))
        shown = decide["placements"][0]["items"][0]["item"]
        command = next(c for c in commands() if "/why?" in c)
        self.assertNotEqual(self.answer(command)["verdict"], "unknown_item")  # as it stands
        answer = self.answer(re.sub(r"item=[^']+", "item=" + shown, command))
        self.assertIn(answer["verdict"], {"shown", "would_show", "blocked", "outranked", "not_retrieved"})
        self.assertIn("eligible_again", answer)
        for _ in range(2):  # reserved once more, the same item is in its gap: blocked, and until when is said
            again = self.answer(re.sub(r"item=[^']+", "item=" + shown, command))
        self.assertEqual(again["verdict"], "blocked")
        self.assertTrue(again["blocked_by"] and again["eligible_again"])

    def test_commands_for_own_data(self):
        (self.work / "items.ndjson").write_text('{"type":"item","id":"pumps","title":"Pink pumps","price":{"amount":"79.90","currency":"EUR"}}\n')
        (self.work / "events.ndjson").write_text('{"type":"track","event":"Product Viewed","userId":"u1","messageId":"m1","timestamp":"2026-03-01T10:00:00Z","properties":{"product_id":"pumps"}}\n')
        subprocess.run(["gzip", "-k", self.work / "events.ndjson"], check=True)
        (self.work / "feed.xml").write_text('<?xml version="1.0"?><rss version="2.0" xmlns:g="http://base.google.com/ns/1.0"><channel><item><g:id>bag</g:id><g:title>Bag</g:title>'
                                            "<g:link>https://shop.example/bag</g:link><g:price>20.00 EUR</g:price></item></channel></rss>")
        rows = [f"c{customer},item-{(customer * 7 + step) % 12},{1000 + 10 * step}" for step in range(6) for customer in range(40)]
        (self.work / "before.csv").write_text("\n".join(["customer_id,item_id,timestamp", *rows[:160]]) + "\n")
        (self.work / "after.csv").write_text("\n".join(["customer_id,item_id,timestamp", *rows[160:]]) + "\n")
        own = [part.strip() for c in commands() if c.startswith("takt ") for part in c.split("&&")]
        self.assertGreaterEqual(len(own), 5)
        for command in own:
            words = shlex.split(command)
            if words[1] == "serve":
                continue  # runs in setUpClass
            with self.subTest(command):
                subprocess.run([TAKT, *words[1:], "--data-dir", self.work / "own"], cwd=self.work, check=True, capture_output=True)


if __name__ == "__main__":
    case_report.main()
