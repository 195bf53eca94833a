#!/usr/bin/env python3
"""takt train: killed at any moment it leaves the published models as they were; beside a live server not one request fails while models are swapped; a
damaged artefact is refused and the one before serves; started again it goes on where it was killed, to the same bytes. Usage: training_test.py TAKT_PROGRAM"""
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
KILLS = 12


def scheduling(process):
    """(policy, nice) of each of its threads, as Linux tells it."""
    found = set()
    for file in pathlib.Path(f"/proc/{process}/task").glob("*/stat"):
        try:
            fields = file.read_text().rsplit(")", 1)[1].split()
        except OSError:
            continue  # a thread that has just ended
        found.add((int(fields[38]), int(fields[16])))
    return found


def version_of(answer):
    return answer["versions"]["artefacts"]


class Train(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = pathlib.Path(tempfile.mkdtemp(prefix="takt-train-"))
        cls.takt = Takt(PROGRAM, cls.folder / "data")
        cls.takt.run("demo", "--items", 400, "--customers", 300, "--days", 14)
        began = time.monotonic()
        cls.takt.run("train")
        cls.seconds = time.monotonic() - began

    @classmethod
    def tearDownClass(cls):
        shutil.rmtree(cls.folder)

    def artefacts(self):
        return sorted(int(one.name) for one in (self.takt.data / "artefacts").iterdir() if one.name.isdigit())

    def model(self):
        """What decides now: the version, and an answer that depends on it."""
        answer = self.takt.json("decide", "--customer", "anna", "--placement", "home.hero", "--seed", 5, "--dry-run", "--now", "2100-01-01T00:00:00Z")
        answer = answer if isinstance(answer, dict) else answer[0]
        return version_of(answer), answer["versions"]["model"], [item["item"] for item in answer["placements"][0]["items"]]

    def test_a_killed_training_leaves_the_published_models(self):
        chance = random.Random(4)
        finished = 0
        for _ in range(KILLS):
            before, versions = self.model(), self.artefacts()
            process = subprocess.Popen([self.takt.program, "train", "--data-dir", self.takt.data], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env=ENVIRONMENT)
            time.sleep(chance.uniform(0, 1.2 * self.seconds))
            process.kill()
            finished += process.wait() == 0
            after = self.model()
            if self.artefacts() == versions:
                self.assertEqual(after, before)
            else:  # it came as far as publishing: then all of it is there
                self.assertEqual(after[0], self.artefacts()[-1])
        self.takt.run("train")  # what the killed ones left behind is in nobody's way
        self.assertEqual(self.model()[0], self.artefacts()[-1])
        left = [one.name for one in (self.takt.data / "artefacts").iterdir() if not one.name.isdigit()]
        print(f"{KILLS} trainings killed, {finished} had ended, {len(left)} half-written directories left", file=sys.stderr)

    def killed_at(self, takt, part):
        """Killed once that part is kept; False where the training was done before it could be."""
        file = takt.data / "artefacts" / ".training" / f"{part}.part"
        file.unlink(missing_ok=True)
        process = subprocess.Popen([takt.program, "train", "--data-dir", takt.data], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env=ENVIRONMENT)
        while process.poll() is None and not file.exists():
            time.sleep(0.001)
        process.kill()
        return process.wait() != 0 and file.exists()

    def test_a_killed_training_goes_on_to_the_same_bytes(self):
        chance = random.Random(8)
        killed = []
        for part in ("past-ease", "past-ials-epochs", "past-ials", "blend", "all-ease", "all-ials"):
            folder = self.folder / f"resumed-{part}"
            shutil.copytree(self.takt.data, folder, ignore=shutil.ignore_patterns("*.sock"))
            takt = Takt(PROGRAM, folder)
            work = folder / "artefacts" / ".training"
            shutil.rmtree(work, ignore_errors=True)
            if not self.killed_at(takt, part):
                continue  # no such part here, or too quick
            killed.append(part)
            untouched = self.folder / f"whole-{part}"  # as of the same moment, with nothing of it done
            shutil.copytree(folder, untouched)
            for file in (untouched / "artefacts" / ".training").glob("*.part"):
                if file.stem != "begun":
                    file.unlink()
            (untouched / "artefacts" / ".training" / "of-another.part").write_text("a folder with nothing to go on with would begin anew")
            kept = sorted(work.glob("*.part"))
            if part == "all-ease":  # one of them is torn: it is computed again, the others are not
                torn = work / "all-ease.part"
                torn.write_bytes(torn.read_bytes()[: chance.randrange(1, torn.stat().st_size)])
            resumed, whole = takt.json("train"), Takt(PROGRAM, untouched).json("train")
            self.assertEqual(whole["resumed"], [])
            self.assertGreaterEqual(len(resumed["resumed"]), 1, (part, kept))
            if part in ("all-ease", "all-ials"):
                self.assertEqual("all-ease" in resumed["resumed"], part == "all-ials", resumed["resumed"])
            for file in sorted((folder / "artefacts" / str(resumed["version"])).glob("*.bin")):
                self.assertEqual(file.read_bytes(), (untouched / "artefacts" / str(whole["version"]) / file.name).read_bytes(), (part, file.name))
            self.assertFalse(work.exists(), "a published training leaves nothing behind")
            shutil.rmtree(folder)
            shutil.rmtree(untouched)
        print(f"killed at {', '.join(killed)}", file=sys.stderr)
        self.assertGreaterEqual(len(killed), 3)

    def test_models_are_swapped_under_a_live_server_without_a_failed_request(self):
        server = self.takt.serve()
        failed, served, stop, seen = [], set(), threading.Event(), set()

        def ask():
            with server.client() as client:
                while not stop.is_set():
                    status, answer = client.post("/api/v1/decide", {"customer": {"user_id": "ben"}, "placements": [{"placement": "home.hero"}]})
                    if status != 200 or answer.get("degraded"):
                        failed.append((status, answer))
                    served.add(version_of(answer))

        def watch():
            while not stop.is_set():
                seen.update(scheduling(server.process.pid))
                time.sleep(0.002)

        before = scheduling(server.process.pid)
        threads = [threading.Thread(target=ask) for _ in range(2)] + [threading.Thread(target=watch)]
        for thread in threads:
            thread.start()
        try:
            for _ in range(2):
                self.takt.run("train")  # through the control socket
            time.sleep(0.2)
        finally:  # or the process would wait for them for ever
            stop.set()
            for thread in threads:
                thread.join()
        after = scheduling(server.process.pid)
        self.assertEqual(server.stop(), 0)
        self.assertEqual(failed, [])
        behind = {(policy, nice) for policy, nice in seen if policy == os.SCHED_BATCH and nice > max(nice for _, nice in before)}
        self.assertTrue(behind, f"training goes behind requests: {seen}")
        self.assertEqual(after, before, "and what answers stays where it was")
        self.assertGreaterEqual(len(served), 2, served)

    def test_a_damaged_artefact_is_refused_and_the_one_before_serves(self):
        self.takt.run("train")
        before = self.model()
        self.takt.run("train")
        newest = self.takt.data / "artefacts" / str(self.artefacts()[-1])
        for name in ("relevance.bin", "rates.bin", "scorer.bin", "vectors.bin", "manifest.json"):
            good = (newest / name).read_bytes()
            damaged = bytearray(good)
            damaged[len(damaged) // 2] ^= 64
            for content in (bytes(damaged), good[: len(good) // 2], b""):
                (newest / name).write_bytes(content)
                done = self.takt.run("decide", "--customer", "anna", "--placement", "home.hero", "--json", "--dry-run")
                self.assertIn("refused", done.stderr, name)
                self.assertEqual(self.model()[0], before[0], name)
            (newest / name).write_bytes(good)
        self.assertEqual(self.model()[0], self.artefacts()[-1])


if __name__ == "__main__":
    case_report.main()
