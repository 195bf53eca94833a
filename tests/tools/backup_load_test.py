#!/usr/bin/env python3
"""Backups of a server under load, and what comes back from them: every event that was acknowledged before a backup began, none by half, records that fold to
themselves, a doctor who is content. And a program that is killed while it backs up: what it left is never taken for a whole backup.
TAKT_BACKUP_KILLS sets the kills (8), TAKT_SEED the seed. Usage: backup_load_test.py TAKT_PROGRAM"""
import os
import pathlib
import random
import shutil
import subprocess
import sys
import tempfile
import threading
import time
import unittest

import case_report
from takt_process import ENVIRONMENT, Takt

PROGRAM = sys.argv.pop(1) if len(sys.argv) > 1 else None
KILLS = int(os.environ.get("TAKT_BACKUP_KILLS", "8"))
SEED = int(os.environ.get("TAKT_SEED", "20261122"))
CALLERS, PER_PERSON = 4, 40  # a journey keeps 200 events


class Caller(threading.Thread):
    """Events with names of their own, one after the other. `done` is what was acknowledged: a list only grows, so its length is a moment."""

    def __init__(self, server, number):
        super().__init__()
        self.server, self.number, self.done, self.wrong, self.stopping = server, number, [], None, False

    def run(self):
        with self.server.client() as client:
            while not self.stopping and self.wrong is None:
                count = len(self.done)
                person = f"p-{self.number}-{count // PER_PERSON}"
                event = {"userId": person, "event": f"Step {self.number}.{count}", "messageId": f"m-{self.number}-{count}", "properties": {"note": "x" * (count % 700)}}
                status, answer = client.post("/v1/track", event)
                if status != 200 or answer["accepted"] != 1:
                    self.wrong = (status, answer)
                self.done.append((person, event["event"]))


class Backup(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.TemporaryDirectory()
        self.addCleanup(self.folder.cleanup)
        self.root = pathlib.Path(self.folder.name)
        self.takt, self.backups = Takt(PROGRAM, self.root / "data"), self.root / "backups"

    def shop(self):
        self.takt.run("demo", "--items", 200, "--customers", 200, "--days", 14)
        self.takt.run("train")

    def restored(self, name, *arguments):
        restored = Takt(PROGRAM, self.root / name)
        summary = restored.json("restore", self.backups, *arguments)
        return restored, summary

    def wait_for(self, callers, count):
        while min(len(caller.done) for caller in callers) < count and all(caller.is_alive() for caller in callers):
            time.sleep(0.001)

    def check_restored(self, name, backup, before, sent):
        """`before`: per caller, how many were acknowledged when the backup was asked for; `sent`: how many were ever sent."""
        takt, summary = self.restored(name, "--backup", backup["id"])
        self.assertEqual(summary["id"], backup["id"])
        check = takt.json("rebuild", "--check")
        self.assertEqual((check["differ"], check["first_different"]), (0, []))
        self.assertGreater(check["customers"], 200)
        takt.run("rebuild")
        self.assertEqual(takt.json("rebuild", "--check")["digest"], check["digest"])
        server = takt.serve()
        with server.client() as client:
            for number, (count, all_of_them) in enumerate(zip(before, sent)):
                there = set()
                for person in sorted({person for person, _ in all_of_them}):
                    status, journey = client.get(f"/api/v1/customers/{person}/journey?limit=1000")
                    there.update((person, event["name"]) for event in journey["data"]) if status == 200 else None
                # In the order in which they were sent, without a hole: all that were acknowledged, then perhaps some more.
                self.assertEqual(there, set(all_of_them[:len(there)]), f"caller {number}")
                self.assertGreaterEqual(len(there), count, f"caller {number}: acknowledged before the backup began, and not in it")
            self.assertEqual(client.ok("POST", "/api/v1/decide", {"customer": {"user_id": "p-0-0"}, "placements": [{"placement": "home.hero"}]})["degraded"], [])
            doctor = client.ok("GET", "/api/v1/integration")
        self.assertEqual(doctor["catalogue"]["status"], "ok")
        self.assertEqual(doctor["model"]["status"], "ok", "the model came along")
        self.assertTrue(all(line["status"] == "ok" for line in doctor["upkeep"]), doctor["upkeep"])
        self.assertEqual(server.stop(), 0)
        return check

    def test_a_server_under_load(self):
        self.shop()
        server = self.takt.serve()
        callers = [Caller(server, number) for number in range(CALLERS)]
        for caller in callers:
            caller.start()
        made = []
        for round_number in range(3):
            self.wait_for(callers, 60 * (round_number + 1))
            before = [len(caller.done) for caller in callers]
            made.append((self.takt.json("backup", self.backups), before))
        self.wait_for(callers, min(made[-1][1]) + 60)
        for caller in callers:
            caller.stopping = True
        for caller in callers:
            caller.join(60)
            self.assertIsNone(caller.wrong, "a backup is in nobody's way")
        verified = self.takt.json("backup", self.backups, "--verify")
        self.assertEqual((verified["backups"], verified["damaged"]), (3, []))
        self.assertLess(made[1][0]["bytes_added"], made[0][0]["bytes_added"], "the second one copies what is new")
        live = self.takt.json("rebuild", "--check")
        server.kill()
        for number, (backup, before) in enumerate(made):
            check = self.check_restored(f"restored-{number}", backup, before, [caller.done for caller in callers])
        self.assertNotEqual(check["digest"], live["digest"], "events came after the last backup")
        last = self.takt.json("backup", self.backups, "--keep", 1)  # of a stopped directory
        self.assertEqual((last["backups"], len(last["forgotten"])), (1, 3))
        self.assertEqual(self.takt.json("backup", self.backups, "--verify")["damaged"], [])
        final = self.check_restored("final", last, [len(caller.done) for caller in callers], [caller.done for caller in callers])
        self.assertEqual(final["digest"], live["digest"])

    def test_by_itself_every_so_often(self):
        server = self.takt.serve()
        self.assertEqual(self.takt.json("backup", self.backups, "--every", "1s", "--keep", 2)["every"], "1s")
        seen = set()
        while len(seen) < 4:
            seen.update(backup["id"] for backup in self.takt.json("backup", self.backups, "--list")["data"])
        self.assertEqual(server.stop(), 0)
        self.assertLessEqual(len(self.takt.json("backup", self.backups, "--list")["data"]), 2)
        self.assertEqual(self.takt.json("backup", self.backups, "--verify")["damaged"], [])
        self.assertEqual(self.takt.run("backup", self.backups, "--every", "5m", check=False).returncode, 1, "nobody is there who would make them")

    def test_a_directory_in_use_is_not_restored_onto(self):
        self.takt.run("import", os.devnull)
        self.takt.run("backup", self.backups)
        server = self.takt.serve()
        refused = self.takt.run("restore", self.backups, "--force", check=False)
        self.assertEqual(refused.returncode, 1)
        self.assertIn("stop it first", refused.stderr)
        with server.client() as client:
            self.assertEqual(client.post("/v1/track", {"userId": "u", "event": "Step", "messageId": "m"})[0], 200)
        server.stop()
        self.assertIsNotNone(self.takt.json("restore", self.backups, "--force")["set_aside"])
        self.assertEqual(self.takt.json("rebuild", "--check")["customers"], 0, "it was made before anybody came")

    def test_killed_while_it_backs_up(self):
        self.shop()
        digest = self.takt.json("rebuild", "--check")["digest"]
        began = time.monotonic()
        self.takt.run("backup", self.root / "once")
        seconds = time.monotonic() - began
        chance, whole = random.Random(SEED), 0
        for _ in range(KILLS):
            command = [self.takt.program, "backup", self.backups, "--data-dir", self.takt.data]
            process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env=ENVIRONMENT)
            time.sleep(chance.uniform(0, seconds))
            process.kill()
            process.wait(60)
            if (self.backups / "takt-backups").exists():
                listed = self.takt.json("backup", self.backups, "--list")
                verified = self.takt.json("backup", self.backups, "--verify")
                self.assertEqual((listed["damaged"], verified["damaged"]), ([], []), "what is listed is whole")
                whole = len(listed["data"])
        made = self.takt.json("backup", self.backups)
        self.assertEqual(made["backups"], whole + 1)
        self.assertEqual(self.takt.json("backup", self.backups, "--verify")["damaged"], [])
        restored, _ = self.restored("restored")
        self.assertEqual(restored.json("rebuild", "--check")["digest"], digest)
        self.assertFalse((self.takt.data / ".backup").exists())

    def test_killed_while_it_restores(self):
        self.shop()
        digest = self.takt.json("rebuild", "--check")["digest"]
        self.takt.run("backup", self.backups)
        target = Takt(PROGRAM, self.root / "target")
        began = time.monotonic()
        Takt(PROGRAM, self.root / "once").run("restore", self.backups)
        seconds = time.monotonic() - began
        chance = random.Random(SEED)
        for _ in range(KILLS):
            shutil.rmtree(target.data, ignore_errors=True)
            process = subprocess.Popen([target.program, "restore", self.backups, "--data-dir", target.data], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env=ENVIRONMENT)
            time.sleep(chance.uniform(0, seconds))
            process.kill()
            process.wait(60)
            opened = target.run("rebuild", "--check", "--json", check=False)
            if opened.returncode == 0:  # it was done already
                self.assertIn(digest, opened.stdout)
            else:
                self.assertIn("unavailable" if target.data.exists() and any(target.data.iterdir()) else "not_found", opened.stdout)
                target.run("restore", self.backups)
                self.assertEqual(target.json("rebuild", "--check")["digest"], digest)


if __name__ == "__main__":
    case_report.main()
