#!/usr/bin/env python3
"""What operators rely on, held against the built server: figures that Prometheus takes, alert rules and a dashboard over names that exist, a log that
names nobody, a unit that systemd accepts and is told about. usage: operations_test.py TAKT"""
import http.client
import json
import os
import pathlib
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import unittest

import case_report
from takt_process import ENVIRONMENT, Takt

PROGRAM = sys.argv.pop(1) if len(sys.argv) > 1 else None
ROOT = case_report.ROOT
DEPLOY = ROOT / "deploy"
PARENT = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"
# Words of the query language, and what Prometheus itself or its rules make.
NOT_METRICS = {"up", "takt:decide_requests:rate5m", "takt:decide_seconds:p99_5m"}
METRIC = re.compile(r"\b(?:takt|process)_[a-z0-9_]+\b")


def run(*command, **options):
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=120, **options)


def names_in(expression):
    """Names of metrics, without what stands in braces and in by (…)."""
    return set(METRIC.findall(re.sub(r"\{[^{}]*\}", "", expression)))


class Shop:
    """A data directory with items and an admin's key, and a server with a log in a file."""

    def __init__(self, test, settings=""):
        folder = tempfile.TemporaryDirectory()
        test.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)
        self.takt = Takt(PROGRAM, self.folder / "data")
        items = self.folder / "items.ndjson"
        items.write_text("".join(f'{{"type":"item","id":"sku-{n}","title":"Thing {n}","price":{{"amount":"9.90","currency":"EUR"}}}}\n' for n in range(1, 13)))
        self.takt.run("import", items)
        made = self.takt.json("keys", "create", "--role", "admin")
        self.key = made["key"]
        (self.folder / "takt.toml").write_text(settings)

    def start(self, environment=None):
        self.log = (self.folder / "log").open("w+")
        self.process = subprocess.Popen([self.takt.program, "serve", "--data-dir", self.takt.data, "--listen", "127.0.0.1:0", "--json", "--config", self.folder / "takt.toml"],
                                        stdout=subprocess.PIPE, stderr=self.log, text=True, env=ENVIRONMENT | (environment or {}))
        line = self.process.stdout.readline()
        if not line:
            self.log.seek(0)
            raise AssertionError(self.log.read())
        self.port = int(json.loads(line)["listen"].rsplit(":", 1)[1])

    def stop(self):
        self.process.send_signal(signal.SIGTERM)
        code = self.process.wait(60)
        self.process.stdout.close()
        self.log.seek(0)
        with self.log:
            return code, self.log.read()

    def ask(self, method, path, body=None, headers=None):
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        try:
            connection.request(method, path, body, {"Content-Type": "application/json", "Authorization": f"Bearer {self.key}"} | (headers or {}))
            answer = connection.getresponse()
            return answer.status, dict(answer.getheaders()), answer.read().decode()
        finally:
            connection.close()

    def decide(self, user, **headers):
        return self.ask("POST", "/api/v1/decide", json.dumps({"customer": {"user_id": user}, "placements": [{"placement": "home.hero"}]}), headers)


@unittest.skipUnless(PROGRAM, "usage: operations_test.py TAKT")
class Figures(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        class Keeper:
            addCleanup = cls.addClassCleanup
        shop = Shop(Keeper)
        shop.start()
        shop.decide("anna")
        shop.ask("POST", "/api/v1/decide", '{"customer":{"user_id":"anna"},"placements":[{"placement":"nowhere"}]}')
        shop.ask("POST", "/v1/track", '{"type":"track","event":"X","userId":"anna","messageId":"1"}')
        status, _, cls.text = shop.ask("GET", "/metrics")
        code, log = shop.stop()
        assert (status, code) == (200, 0), (status, code, log)
        cls.families = dict(re.findall(r"^# TYPE (\S+) (\S+)$", cls.text, re.MULTILINE))

    def series(self):
        """Names as queries write them: a histogram has three. Families without a sample of their own kind yet are families all the same."""
        names = set()
        for family, kind in self.families.items():
            names |= {family + suffix for suffix in ("_bucket", "_sum", "_count")} if kind == "histogram" else {family}
        return names

    def test_every_family_has_help_and_type(self):
        self.assertGreater(len(self.families), 20)
        self.assertEqual(set(re.findall(r"^# HELP (\S+) \S", self.text, re.MULTILINE)), set(self.families))
        for sample in re.findall(r"^([a-z_0-9]+)[ {]", self.text, re.MULTILINE):
            self.assertIn(sample, self.series())

    def test_prometheus_finds_nothing_to_mend(self):
        promtool = self.promtool()
        checked = run(promtool, "check", "metrics", input=self.text)
        self.assertEqual((checked.returncode, checked.stdout, checked.stderr), (0, "", ""))

    def promtool(self):
        found = shutil.which("promtool")
        if not found:
            self.skipTest("promtool is not installed: tools/install_deps.sh --servers")
        return found

    def test_the_rules_are_rules_and_fire_when_they_should(self):
        promtool = self.promtool()
        for command in (["check", "rules", "takt.rules.yml"], ["test", "rules", "takt.rules_test.yml"], ["check", "config", "--syntax-only", "prometheus.yml"]):
            ran = run(promtool, *command, cwd=DEPLOY / "prometheus")
            self.assertEqual(ran.returncode, 0, ran.stdout + ran.stderr)

    def test_each_alert_is_tested_to_fire_and_told_what_to_do_about(self):
        rules = (DEPLOY / "prometheus/takt.rules.yml").read_text()
        tests, runbook = (DEPLOY / "prometheus/takt.rules_test.yml").read_text(), (ROOT / "docs/operations.md").read_text()
        alerts = re.findall(r"- alert: (\w+)", rules)
        self.assertGreater(len(alerts), 10)
        for alert in alerts:
            with self.subTest(alert=alert):
                self.assertRegex(tests, rf"alertname: {alert}\n\s+exp_alerts:")
                self.assertIn(f"| {alert} |", runbook)

    def test_each_name_in_the_rules_exists(self):
        expressions = re.findall(r"expr: (?:>\n((?:\s{10,}.*\n)+)|(.*))", (DEPLOY / "prometheus/takt.rules.yml").read_text())
        used = set().union(*(names_in(long or short) for long, short in expressions))
        self.assertGreater(len(used), 12)
        self.assertEqual(used - self.series() - NOT_METRICS, set())

    def test_each_name_in_the_dashboard_exists(self):
        board = json.loads((DEPLOY / "grafana/takt.json").read_text())
        expressions = [target["expr"] for panel in board["panels"] for target in panel.get("targets", [])]
        used = set().union(*map(names_in, expressions))
        self.assertEqual(used - self.series() - NOT_METRICS, set())
        shown = {re.sub(r"_(bucket|sum|count)$", "", name) for name in used}
        self.assertEqual({family for family in self.families if family.startswith("takt_")} - shown, set(), "figures that nobody sees")
        places = [(panel["gridPos"]["x"], panel["gridPos"]["y"]) for panel in board["panels"]]
        self.assertEqual(len(places), len(set(places)))
        self.assertEqual(len({panel["id"] for panel in board["panels"]}), len(board["panels"]))

    def test_each_label_in_the_rules_exists(self):
        labels = {label for block in re.findall(r"\{([^{}]*)\}", self.text) for label in re.findall(r"(\w+)=", block)} | {"job", "instance", "severity"}
        rules = (DEPLOY / "prometheus/takt.rules.yml").read_text()
        # Of families without a sample the labels cannot be seen here: they stand in api/metrics.cc.
        source = set(re.findall(r'\{\{?"(\w+)", ', (ROOT / "api/metrics.cc").read_text()))
        used = {label for block in re.findall(r"_\w+\{([^{}]*)\}", rules) for label in re.findall(r"(\w+)[=!]", block)}
        self.assertLessEqual({"route", "code", "reason", "result"}, used)
        self.assertEqual(used - labels - source, set())


@unittest.skipUnless(PROGRAM, "usage: operations_test.py TAKT")
class Log(unittest.TestCase):
    def test_a_line_for_each_request_and_nobody_in_it(self):
        shop = Shop(self, 'log_format = "json"\n')
        shop.start()
        status, fields, _ = shop.decide("Anna.Canary@example.com", traceparent=PARENT, **{"X-Request-Id": "r-1"})
        self.assertEqual((status, fields["X-Request-Id"]), (200, "r-1"))
        asked = [shop.ask("GET", "/api/v1/customers/canary-user?note=canary-query")[0], shop.ask("GET", "/canary-path")[0],
                 shop.ask("POST", "/v1/track", '{"type":"track","event":"canary-event","userId":"canary-user","messageId":"1"}', {"User-Agent": "canary-agent", "X-Forwarded-For": "203.0.113.77"})[0],
                 shop.ask("GET", "/api/v1/keys", headers={"Authorization": "Bearer sk_live_canarycanarycanary"})[0]]
        self.assertEqual(asked, [404, 404, 200, 401])
        shop.ask("POST", "/v1/batch", "x" * (2 << 20))  # refused by the front, before it is a request
        code, text = shop.stop()
        self.assertEqual(code, 0)
        lines = [json.loads(line) for line in text.splitlines()]
        requests = [line for line in lines if line["message"] == "request"]
        self.assertEqual([(line.get("method"), line.get("route"), line["status"]) for line in requests],
                         [("POST", "/api/v1/decide", 200), ("GET", "/api/v1/customers/{id}", 404), ("GET", "unmatched", 404), ("POST", "/v1/track", 200), ("GET", "/api/v1/keys", 401), (None, None, 413)])
        first = requests[0]
        self.assertEqual((first["request_id"], first["trace_id"], first["parent_id"], first["level"]), ("r-1", PARENT[3:35], PARENT[36:52], "info"))
        self.assertRegex(first["span_id"], r"^[0-9a-f]{16}$")
        self.assertNotEqual(first["span_id"], first["parent_id"])
        self.assertRegex(first["ts"], r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z$")
        self.assertGreater(first["duration_ms"], 0)
        self.assertNotIn("trace_id", requests[1])
        self.assertEqual((requests[5]["code"], requests[5]["level"]), ("too_large", "warning"))
        self.assertIn(first["key"], shop.key)
        self.assertNotIn(shop.key, text)
        for word in ("anary", "example.com", "127.0.0.1:5", "203.0.113.77"):
            self.assertNotIn(word, text)
        self.assertEqual(lines[-1]["message"], "stopped")

    def test_the_line_of_a_streamed_answer_comes_at_its_end(self):
        shop = Shop(self, 'log_format = "json"\n')
        shop.start()
        body = "".join(json.dumps({"customer": {"user_id": f"u{n}"}, "placements": [{"placement": "home.hero"}]}) + "\n" for n in range(200))
        status, _, answer = shop.ask("POST", "/api/v1/decide:batch", body, {"Content-Type": "application/x-ndjson"})
        self.assertEqual(status, 200, answer[:300])
        self.assertEqual(len(answer.splitlines()), 200)
        lines = [json.loads(line) for line in shop.stop()[1].splitlines()]
        self.assertEqual([line["route"] for line in lines if line["message"] == "request"], ["/api/v1/decide:batch"])

    def test_text_for_people_and_silence_for_who_asked_for_nothing(self):
        for setting, expected in (("text", r"info POST /api/v1/decide 200 [\d.]+ ms request \w+ key \w+\n"), ("none", None)):
            shop = Shop(self, f'log_format = "{setting}"\n')
            shop.start()
            shop.decide("anna")
            text = shop.stop()[1]
            if expected:
                self.assertRegex(text, expected)
            else:
                self.assertNotIn("decide", text)


@unittest.skipUnless(PROGRAM, "usage: operations_test.py TAKT")
class Commands(unittest.TestCase):
    def test_the_log_of_changes_knows_what_was_done_at_a_shell(self):
        shop = Shop(self)
        shop.start()
        made = shop.takt.json("keys", "create", "--role", "viewer")
        shop.takt.run("keys", "revoke", made["id"])
        shop.decide("u1")
        shop.takt.run("erase", "--customer", "u1", "--yes")
        status, _, body = shop.ask("GET", "/api/v1/audit")
        shop.stop()
        self.assertEqual(status, 200)
        notes = json.loads(body)["data"]
        self.assertEqual([note["route"] for note in notes], ["takt erase", "takt keys revoke", "takt keys create", "takt keys create"])
        self.assertEqual(notes[1]["path"], f"takt keys revoke {made['id']}")
        self.assertNotIn("u1", notes[0]["path"])

    def test_a_server_opens_no_pipe_of_the_shell(self):
        shop = Shop(self)
        shop.start()
        pipe = str(shop.folder / "pipe.ndjson")
        os.mkfifo(pipe)
        ended = subprocess.run([shop.takt.program, "import", "--data-dir", shop.takt.data, pipe], stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=60)
        shop.stop()
        self.assertNotEqual(ended.returncode, 0)
        self.assertIn("is a pipe or a device", ended.stderr)

    def test_a_server_that_stops_waits_for_nobody_to_type(self):
        shop = Shop(self)
        shop.start()
        importing = subprocess.Popen([shop.takt.program, "import", "--data-dir", shop.takt.data, "-"], stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
        with importing:
            importing.stdin.write('{"type":"item","id":"one"}\n')
            importing.stdin.flush()
            self.assertEqual(shop.decide("u1")[0], 200)
            code, log = shop.stop()  # within a minute, which its unit would not give it
            self.assertEqual(code, 0, log)
            importing.stdin.close()
            self.assertRegex(importing.stderr.read(), "broke off|server ended")  # whichever of the two its client reads first
        self.assertNotEqual(importing.returncode, 0)


@unittest.skipUnless(PROGRAM, "usage: operations_test.py TAKT")
class Service(unittest.TestCase):
    UNIT = DEPLOY / "systemd/takt.service"

    def test_systemd_is_told_when_it_is_ready_and_when_it_stops(self):
        shop = Shop(self)
        for name in (str(shop.folder / "notify"), f"@takt-test-{os.getpid()}"):
            with self.subTest(name=name), socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
                manager.bind("\0" + name[1:] if name.startswith("@") else name)
                manager.settimeout(60)
                shop.start({"NOTIFY_SOCKET": name})
                self.assertEqual(manager.recv(100), b"READY=1")
                self.assertEqual(shop.ask("GET", "/readyz")[0], 200)
                code, log = shop.stop()
                self.assertEqual((code, manager.recv(100)), (0, b"STOPPING=1"), log)

    def analyze(self, *arguments):
        if not shutil.which("systemd-analyze"):
            self.skipTest("systemd-analyze is not installed")
        return run("systemd-analyze", *arguments)

    def test_systemd_understands_the_unit(self):
        with tempfile.TemporaryDirectory() as folder:
            unit = pathlib.Path(folder) / "takt.service"
            text = self.UNIT.read_text()
            self.assertEqual(text.count("/usr/bin/takt "), 2)
            unit.write_text(text.replace("/usr/bin/takt ", f"{pathlib.Path(PROGRAM).resolve()} "))
            ran = self.analyze("verify", "--man=no", unit)
            complaints = [line for line in ran.stderr.splitlines() if "takt.service" in line]
            self.assertEqual((ran.returncode, complaints), (0, []), ran.stderr)

    def test_the_unit_may_do_little(self):
        ran = self.analyze("security", "--offline=true", "--no-pager", "--threshold=20", self.UNIT)
        self.assertEqual(ran.returncode, 0, ran.stdout[-600:] + ran.stderr)

    def test_the_unit_opens_as_many_files_as_the_server_wants(self):
        connections = int(re.search(r"connections_max = ([\d']+);", (ROOT / "api/front/limits.h").read_text()).group(1).replace("'", ""))
        self.assertEqual(int(re.search(r"LimitNOFILE=(\d+)", self.UNIT.read_text()).group(1)), 2 * connections)
        drain = int(re.search(r"drain_time_max\{(\d+)\}", (ROOT / "api/front/limits.h").read_text()).group(1))
        self.assertGreater(int(re.search(r"TimeoutStopSec=(\d+)", self.UNIT.read_text()).group(1)), drain)

    def test_the_shipped_settings_are_settings(self):
        with tempfile.TemporaryDirectory() as folder:
            ran = run(pathlib.Path(PROGRAM).resolve(), "serve", "--check", "--config", DEPLOY / "takt.toml", cwd=folder, env=ENVIRONMENT)
            self.assertEqual((ran.returncode, ran.stdout), (0, "the configuration is valid\n"), ran.stderr)
            # What is commented out is right, too, once it is not.
            every = pathlib.Path(folder) / "takt.toml"
            every.write_text(re.sub(r"^# ?([\w.]+ = )", r"\1", (DEPLOY / "takt.toml").read_text(), flags=re.MULTILINE))
            ran = run(pathlib.Path(PROGRAM).resolve(), "serve", "--check", "--config", every, cwd=folder, env=ENVIRONMENT)
            self.assertEqual(ran.returncode, 0, ran.stdout + ran.stderr)
        keys = re.search(r"/// Keys: (.*?)\. Sizes", (ROOT / "api/config.h").read_text(), re.DOTALL).group(1).replace("///", "").split()
        documented = (ROOT / "docs/operations.md").read_text()
        for key in keys:
            self.assertIn(f"`{key}`", documented)


if __name__ == "__main__":
    case_report.main()
