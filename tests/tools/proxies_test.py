#!/usr/bin/env python3
"""The proxies of deploy/ before the built server: real nginx and real HAProxy with the files that we ship, TLS with a certificate made here. Only
addresses, certificates, times of waiting and what needs rights (open files, /dev/log) are replaced. usage: proxies_test.py TAKT"""
import contextlib
import gzip
import http.client
import json
import os
import pathlib
import re
import shutil
import socket
import ssl
import subprocess
import sys
import tempfile
import threading
import time
import unittest

import case_report
from takt_process import Takt

PROGRAM = sys.argv.pop(1) if len(sys.argv) > 1 else None
ROOT = case_report.ROOT
# Not on every user's path.
ENVIRONMENT = os.environ | {"PATH": os.environ.get("PATH", "") + ":/usr/sbin:/sbin"}
MIB = 1 << 20


def program(name):
    return shutil.which(name, path=ENVIRONMENT["PATH"])


def free_ports(count):
    with contextlib.ExitStack() as held:
        sockets = [held.enter_context(socket.create_server(("127.0.0.1", 0))) for _ in range(count)]
        return [one.getsockname()[1] for one in sockets]


def replaced(text, replacements):
    """Each pattern must be there: a test of another file than the one we ship would be worth nothing."""
    for pattern, replacement in replacements:
        text, count = re.subn(pattern, replacement, text, flags=re.MULTILINE)
        if count == 0:
            raise AssertionError(f"{pattern} is not in the file any more")
    return text


def seconds_of(text, setting):
    return int(re.search(rf"^\s*{setting}\s+(\d+)s", text, re.MULTILINE).group(1))


class Limits(unittest.TestCase):
    """What the files promise of each other and of the sources."""
    nginx = (ROOT / "deploy/nginx/takt.conf").read_text()
    haproxy = (ROOT / "deploy/haproxy/takt.cfg").read_text()
    core, front = (ROOT / "core/limits.h").read_text(), (ROOT / "api/front/limits.h").read_text()

    def test_bodies_are_as_large_as_takt_takes_them(self):
        self.assertIn("body_bytes_max = 1024 * 1024;", self.core)
        self.assertRegex(self.nginx, r"client_max_body_size 1m;")
        self.assertIn(f"req.body_size gt {MIB} ", self.haproxy)
        self.assertIn("batch_bytes_max = std::size_t{16} << 20", (ROOT / "api/routes/decisions.cc").read_text())
        self.assertIn("client_max_body_size 16m;", self.nginx)

    def test_heads_are_no_larger_than_takt_takes_them(self):
        self.assertIn("line_bytes_max = 8190;", self.front)
        self.assertIn("head_bytes_max = 16 * 1024;", self.front)
        self.assertEqual(self.nginx.count("large_client_header_buffers 2 8k;"), 2)  # a line with its end in each
        self.assertIn("tune.bufsize 16384", self.haproxy)

    def test_the_proxy_closes_an_idle_connection_before_takt_does(self):
        idle = int(re.search(r"idle_time_max\{(\d+)\}", self.front).group(1))
        upstream = self.nginx[:self.nginx.index("server {")]
        self.assertLess(seconds_of(upstream, "keepalive_timeout"), idle)
        self.assertLess(int(re.search(r"pool-purge-delay (\d+)s", self.haproxy).group(1)), idle)

    def test_both_show_the_same_paths(self):
        (nginx,) = re.findall(r"location ~ (\S+) \{", self.nginx)
        (haproxy,) = re.findall(r"path_reg (\S+)$", self.haproxy, re.MULTILINE)
        self.assertEqual(nginx, haproxy)

    def test_the_paths_are_those_that_tell_nothing_about_anybody(self):
        (shown,) = re.findall(r"location ~ (\S+) \{", self.nginx)
        rows = re.findall(r'\{"(\w+)", "([^"]+)", Need::(\w+)\}', (ROOT / "api/access/role.cc").read_text())
        self.assertGreater(len(rows), 40)
        open_to_all = {"/v1/m", "/v1/projects/{writeKey}/settings", "/sourceConfig", "/sourceConfig/", "/links/impression/{token}", "/links/click/{token}"}
        needs = {}
        for _, path, need in rows:
            needs.setdefault(path, set()).add(need)
        for path, asked in needs.items():
            public = path in open_to_all or asked <= {"ingest", "decide", "decide_link", "release"}
            with self.subTest(path=path, asked=asked):
                self.assertEqual(bool(re.search(shown, re.sub(r"\{\w+\}", "x", path))), public)


class Proxied:
    """The cases; a subclass says how its proxy is started."""
    BURST = 40

    @classmethod
    def setUpClass(cls):
        if not program(cls.NAME) or not program("openssl"):
            raise unittest.SkipTest(f"{cls.NAME} or openssl is not installed: tools/install_deps.sh")
        cls.stack = contextlib.ExitStack()
        cls.addClassCleanup(cls.stack.close)
        cls.folder = pathlib.Path(cls.stack.enter_context(tempfile.TemporaryDirectory()))
        cls.folder.chmod(0o755)
        subprocess.run([program("openssl"), "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=takt.example", "-addext",
                        "subjectAltName=DNS:takt.example", "-keyout", cls.folder / "takt.key", "-out", cls.folder / "takt.crt"], check=True, capture_output=True)
        (cls.folder / "takt.pem").write_text((cls.folder / "takt.crt").read_text() + (cls.folder / "takt.key").read_text())
        cls.takt = Takt(PROGRAM, cls.folder / "data")
        items = cls.folder / "items.ndjson"
        items.write_text("".join(f'{{"type":"item","id":"sku-{n}","title":"Thing {n}","price":{{"amount":"9.90","currency":"EUR"}}}}\n' for n in range(1, 13)))
        cls.takt.run("import", items)
        cls.admin = cls.takt.json("keys", "create", "--role", "admin")["key"]
        cls.page = cls.takt.json("keys", "create", "--role", "publishable")["key"]
        cls.upstream, cls.outside, cls.inside = free_ports(3)
        cls.settings = cls.folder / "takt.toml"
        cls.settings.write_text(f'trusted_proxies = ["127.0.0.1"]\nrate_per_address = 0.001\nrate_burst = {cls.BURST}\nrate_loopback = true\nlisten = "127.0.0.1:{cls.upstream}"\n')
        cls.serve()
        cls.process = cls.start()
        cls.stack.callback(cls.end)
        cls.wait_until_it_answers()

    @classmethod
    def serve(cls):
        cls.server = cls.takt.serve("--config", cls.settings, "--listen", f"127.0.0.1:{cls.upstream}")

    @classmethod
    def end(cls):
        cls.process.terminate()
        cls.process.wait(30)
        cls.server.stop()

    @classmethod
    def wait_until_it_answers(cls):
        for _ in range(200):
            with contextlib.suppress(OSError, http.client.HTTPException):
                if cls.ask("GET", "/readyz", port=cls.inside, source="127.0.0.9")[0] == 200:
                    return
            if cls.process.poll() is not None:
                break
            time.sleep(0.1)
        cls.process.kill()
        raise AssertionError(f"{cls.NAME} does not answer: {(cls.folder / 'proxy.log').read_text()}")

    @classmethod
    def run_proxy(cls, *command):
        with (cls.folder / "proxy.log").open("wb") as log:
            return subprocess.Popen(command, stdout=log, stderr=log, stdin=subprocess.DEVNULL, env=ENVIRONMENT)

    @classmethod
    def connect(cls, port=None, source="127.0.0.1"):
        context = ssl.create_default_context(cafile=cls.folder / "takt.crt")
        plain = socket.create_connection(("127.0.0.1", port or cls.outside), timeout=60, source_address=(source, 0))
        return context.wrap_socket(plain, server_hostname="takt.example")

    @classmethod
    def ask(cls, method, path, body=None, headers=None, port=None, source="127.0.0.1", key=None):
        """(status, fields, JSON or text) over a TLS connection of its own; `source` is who asks."""
        connection = http.client.HTTPConnection("takt.example")
        connection.sock = cls.connect(port, source)
        try:
            authorization = {"Authorization": f"Bearer {key or cls.admin}"}
            connection.request(method, path, body, {"Content-Type": "application/json"} | authorization | (headers or {}))
            answer = connection.getresponse()
            content = answer.read()
            is_json = "json" in answer.headers.get("Content-Type", "")
            return answer.status, answer.headers, json.loads(content) if is_json else content.decode()
        finally:
            connection.close()

    def decide(self, user, **options):
        return self.ask("POST", "/api/v1/decide", json.dumps({"customer": {"user_id": user}, "placements": [{"placement": "home.hero"}]}), key=self.page, **options)

    def journey(self, user):
        with self.server.client() as client:
            status, answer = client.send("GET", f"/api/v1/customers/{user}/journey?limit=200", None, {"Authorization": f"Bearer {self.admin}", "X-Forwarded-For": "127.0.0.30"})
        return [one["item"] for one in answer["data"]] if status == 200 else []

    @staticmethod
    def batch(user, count, padding=""):
        return json.dumps({"batch": [{"type": "track", "event": "Product Viewed", "userId": user, "messageId": f"{user}-{n}", "properties": {"product_id": f"sku-{n}", "note": padding}}
                                     for n in range(1, count + 1)]}).encode()

    def test_a_decision_and_its_request_id(self):
        status, fields, answer = self.decide("anna", source="127.0.0.10", headers={"X-Request-Id": "of-the-client"})
        self.assertEqual((status, fields["X-Request-Id"]), (200, "of-the-client"), answer)
        self.assertEqual(answer["placements"][0]["outcome"], "items")
        made = {self.decide("anna", source="127.0.0.10")[1]["X-Request-Id"] for _ in range(3)}
        self.assertEqual(len(made), 3, "one of its own for who brings none")

    def test_a_batch_with_gzip(self):
        body = gzip.compress(self.batch("gina", 12))
        status, _, answer = self.ask("POST", "/v1/batch", body, {"Content-Encoding": "gzip"}, source="127.0.0.11", key=self.page)
        self.assertEqual(status, 200, answer)
        self.assertEqual(sorted(self.journey("gina")), sorted(f"sku-{n}" for n in range(1, 13)))

    def test_a_body_of_the_limit_and_one_above_it(self):
        small = self.batch("lena", 40, "x" * (20 * 1024))
        self.assertLess(len(small), MIB)
        status, _, answer = self.ask("POST", "/v1/batch", small, source="127.0.0.12", key=self.admin)  # a page sends half of that at most
        self.assertEqual(status, 200, answer)
        large = self.batch("otto", 80, "x" * (20 * 1024))
        self.assertGreater(len(large), MIB)
        try:
            status, fields, answer = self.ask("POST", "/v1/batch", large, source="127.0.0.12", key=self.page)
            self.assertEqual((status, fields["Content-Type"], answer["code"]), (413, "application/problem+json", "too_large"))
        except (ConnectionError, ssl.SSLError):
            pass  # cut in the middle of sending: as good an answer, which the client may be too busy to read
        self.assertEqual(self.journey("otto"), [])
        self.assertEqual(len(self.journey("lena")), 40)

    def test_chunks_without_an_end_are_not_taken(self):
        outcome = "cut"  # in the middle of sending: as good an answer, which the client may be too busy to read
        with contextlib.suppress(ConnectionError, ssl.SSLError, http.client.HTTPException):
            status, _, answer = self.ask("POST", "/v1/batch", (b"x" * (64 * 1024) for _ in range(8 * 16)), source="127.0.0.12", key=self.page)
            outcome = (status, answer["code"])
        self.assertIn(outcome, ("cut", (413, "too_large")))

    def test_what_is_not_for_the_outside(self):
        for path in ("/metrics", "/api/v1/keys", "/api/v1/policies/current", "/api/v1/customers/anna", "/api/v1/events/recent", "/api/v1/items", "/", "/api/docs",
                     "/api/v1/decide:batch", "/api/v1/decide/../keys", "/v1/../metrics", "//metrics", "/api/v1/%6beys", "/v1/track/../../metrics"):
            with self.subTest(path=path):
                status, _, answer = self.ask("GET", path, source="127.0.0.13")
                self.assertIn(status, (400, 404), answer)
                self.assertIn("not_exposed" if status == 404 else "", answer["code"] if isinstance(answer, dict) else answer)
        status, _, text = self.ask("GET", "/metrics", port=self.inside, source="127.0.0.13")
        self.assertEqual(status, 200)
        self.assertIn("takt_http_requests_total", text)
        self.assertEqual(self.ask("GET", "/api/v1/keys", port=self.inside, source="127.0.0.13")[0], 200)

    def test_slow_clients_are_cut_and_harm_nobody(self):
        head = b"POST /v1/batch HTTP/1.1\r\nHost: takt.example\r\nAuthorization: Bearer " + self.page.encode() + b"\r\nContent-Type: application/json\r\nContent-Length: 400\r\n\r\n"
        slow = [(self.connect(source="127.0.0.14"), text) for text in (head[:20], head + b"{")]
        for connection, text in slow:
            connection.sendall(text)
        self.assertEqual(self.decide("sven", source="127.0.0.15")[0], 200)
        for connection, _ in slow:  # ends without another byte of ours; a client that waits for ever runs into its own time of 60 s here
            said = b""
            with contextlib.suppress(ConnectionError, ssl.SSLEOFError):
                while piece := connection.recv(4096):
                    said += piece
            self.assertIn(said[9:12], (b"", b"408"), said)
            connection.close()
        self.assertEqual(self.journey("sven"), [])

    def test_each_caller_has_a_rate_of_its_own(self):
        answers = [self.ask("POST", "/v1/m", "{}", source="127.0.0.16", headers={"X-Forwarded-For": f"198.51.100.{n}"}) for n in range(self.BURST + 5)]
        self.assertEqual([status for status, _, _ in answers], [200] * self.BURST + [429] * 5, "and not one for each that it makes up")
        self.assertEqual(answers[-1][2]["code"], "rate_limited")
        self.assertGreaterEqual(int(answers[-1][1]["Retry-After"]), 1)
        self.assertEqual(self.ask("POST", "/v1/m", "{}", source="127.0.0.17")[0], 200, "nor one for all behind the proxy")

    def test_connections_to_takt_are_kept(self):
        def accepted():
            with self.server.client() as client:
                status, text = client._exchange("GET", "/metrics", None, {"Authorization": f"Bearer {self.admin}", "X-Forwarded-For": "127.0.0.31"})
                self.assertEqual(status, 200)
                return int(re.search(rb"^takt_http_connections_total (\d+)$", text, re.MULTILINE).group(1))
        before = accepted()
        for n in range(30):
            self.assertEqual(self.decide(f"kept-{n}", source="127.0.0.18")[0], 200)
        self.assertLess(accepted() - before, 25, "30 clients, each with a connection of its own")  # checks of health are among them

    def test_two_lengths_are_no_second_request(self):
        hidden = b"GET /metrics HTTP/1.1\r\nHost: takt.example\r\nAuthorization: Bearer " + self.admin.encode() + b"\r\n\r\n"
        heads = (b"POST /v1/m HTTP/1.1\r\nHost: takt.example\r\nContent-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n" + hidden,
                 b"POST /v1/m HTTP/1.1\r\nHost: takt.example\r\nContent-Length: 2\r\nContent-Length: 40\r\n\r\n{}" + hidden,
                 b"POST /v1/m HTTP/1.1\r\nHost: takt.example\r\nTransfer-Encoding: chunked, identity\r\n\r\n2\r\n{}\r\n0\r\n\r\n" + hidden)
        for head in heads:
            with self.subTest(head=head[:100]), self.connect(source="127.0.0.19") as connection:
                connection.sendall(head)
                connection.settimeout(3)
                said = b""
                with contextlib.suppress(OSError):
                    while piece := connection.recv(4096):
                        said += piece
                self.assertNotIn(b"takt_http_requests_total", said)

    def test_while_takt_is_away(self):
        self.server.stop()
        try:
            status, fields, answer = self.decide("walt", source="127.0.0.20")
            self.assertEqual((status, fields["Content-Type"], answer["code"]), (503, "application/problem+json", "away"))
            self.assertGreaterEqual(int(fields["Retry-After"]), 1)
        finally:
            type(self).serve()
        self.wait_until_it_answers()
        self.assertEqual(self.decide("walt", source="127.0.0.20")[0], 200)


@unittest.skipUnless(PROGRAM, "usage: proxies_test.py TAKT")
class Nginx(Proxied, unittest.TestCase):
    NAME = "nginx"

    @classmethod
    def start(cls):
        text = replaced((ROOT / "deploy/nginx/takt.conf").read_text(), [
            (r"^    server 127\.0\.0\.1:8080;", f"    server 127.0.0.1:{cls.upstream};"), (r"listen 443 ssl", f"listen 127.0.0.1:{cls.outside} ssl"),
            (r"^    listen \[::\]:443 ssl http2;\n", ""), (r"listen 127\.0\.0\.1:8443 ssl", f"listen 127.0.0.1:{cls.inside} ssl"),
            (r"/etc/ssl/certs/takt\.pem", f"{cls.folder}/takt.crt"), (r"/etc/ssl/private/takt\.key", f"{cls.folder}/takt.key"),
            (r"/var/log/nginx/", f"{cls.folder}/"), (r"(client_(?:header|body)_timeout) 5s", r"\1 2s")])
        (cls.folder / "takt.conf").write_text(text)
        folders = "".join(f"    {name}_temp_path {cls.folder}/{name};\n" for name in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi"))
        user = "user root;\n" if os.geteuid() == 0 else ""
        (cls.folder / "nginx.conf").write_text(f"{user}worker_processes 2;\npid {cls.folder}/nginx.pid;\nerror_log stderr;\nevents {{}}\nhttp {{\n{folders}    include {cls.folder}/takt.conf;\n}}\n")
        return cls.run_proxy(program("nginx"), "-p", str(cls.folder), "-e", "stderr", "-c", f"{cls.folder}/nginx.conf", "-g", "daemon off;")


@unittest.skipUnless(PROGRAM, "usage: proxies_test.py TAKT")
class Haproxy(Proxied, unittest.TestCase):
    NAME = "haproxy"

    @classmethod
    def start(cls):
        text = replaced((ROOT / "deploy/haproxy/takt.cfg").read_text(), [
            (r"127\.0\.0\.1:8080", f"127.0.0.1:{cls.upstream}"), (r"bind :443 ", f"bind 127.0.0.1:{cls.outside} "), (r"bind 127\.0\.0\.1:8443 ", f"bind 127.0.0.1:{cls.inside} "),
            (r"/etc/haproxy/takt\.pem", f"{cls.folder}/takt.pem"), (r"^    log /dev/log local0", "    log stderr format raw local0"), (r"maxconn 10000 ", "maxconn 500 "), (r"(timeout http-request) 5s", r"\1 2s")])
        (cls.folder / "takt.cfg").write_text(text)
        subprocess.run([program("haproxy"), "-c", "-f", cls.folder / "takt.cfg"], check=True, capture_output=True)
        return cls.run_proxy(program("haproxy"), "-db", "-f", f"{cls.folder}/takt.cfg")


@unittest.skipUnless(PROGRAM, "usage: proxies_test.py TAKT")
class WithoutAKey(unittest.TestCase):
    """A proxy on this machine must not make an admin of everybody."""

    def test_a_proxy_is_only_trusted_where_callers_have_keys(self):
        with tempfile.TemporaryDirectory() as folder:
            settings = pathlib.Path(folder) / "takt.toml"
            settings.write_text('trusted_proxies = ["127.0.0.1"]\n')
            takt = Takt(PROGRAM, pathlib.Path(folder) / "data")
            with self.assertRaisesRegex(AssertionError, "takt keys create"):
                takt.serve("--config", settings)
            takt.json("keys", "create", "--role", "admin")
            self.assertEqual(takt.serve("--config", settings).stop(), 0)

    def test_who_is_asked_for_somebody_else_answers_nobody(self):
        with tempfile.TemporaryDirectory() as folder:
            takt = Takt(PROGRAM, pathlib.Path(folder) / "data")
            server = takt.serve()
            with server.client() as client:
                self.assertEqual(client.get("/api/v1/keys")[0], 200)
                for fields in ({"X-Forwarded-For": "203.0.113.7"}, {"Forwarded": "for=203.0.113.7"}, {"Via": "1.1 shop"}, {"Host": "shop.example"}, {"Host": "127.evil.example"}):
                    status, answer = client.send("GET", "/api/v1/keys", None, fields)
                    self.assertEqual((status, answer["code"]), (403, "key_needed"), fields)
                self.assertEqual(client.send("GET", "/healthz", None, {"X-Forwarded-For": "203.0.113.7"})[0], 200)
                self.assertEqual(client.send("GET", "/api/v1/keys", None, {"Host": "localhost:8080"})[0], 200)
            self.assertEqual(server.stop(), 0)


if __name__ == "__main__":
    case_report.main()
