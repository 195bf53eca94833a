"""The SDKs that people already have, unmodified, against the built server: every event arrives once, also where a proxy answers 429 and 503
in between and where the server is killed and started again in the middle. usage: clients_test.py TAKT WORK_DIR

Packages are installed by their ordinary clients into WORK_DIR; where that is not possible, the test is skipped and says why."""
import http.client
import http.server
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile
import threading
import time
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).parent))
from takt_process import Takt  # noqa: E402

HERE = pathlib.Path(__file__).resolve().parent.parent / "clients"
PROGRAM, WORK = pathlib.Path(sys.argv[1]).resolve(), pathlib.Path(sys.argv[2]).resolve()
EVENTS = 1000
PYTHON_PACKAGE = "segment-analytics-python==2.3.4"


def installed(command, directory, done):
    """Runs an installer once; its last words where it could not."""
    if (directory / done).exists():
        return None
    directory.mkdir(parents=True, exist_ok=True)
    try:
        ran = subprocess.run(command, cwd=directory, capture_output=True, text=True, timeout=300, check=False)
    except (OSError, subprocess.TimeoutExpired) as error:
        return str(error)
    return None if (directory / done).exists() else (ran.stdout + ran.stderr)[-300:]


def node_modules():
    directory = WORK / "node"
    directory.mkdir(parents=True, exist_ok=True)
    wanted = (HERE / "package.json").read_text()
    there = directory / "package.json"
    if not there.exists() or there.read_text() != wanted:
        there.write_text(wanted)
    return installed(["npm", "install", "--no-audit", "--no-fund", "--ignore-scripts"], directory, "node_modules/@segment/analytics-node/package.json"), directory


def python_program():
    directory = WORK / "python"
    problem = installed([sys.executable, "-m", "venv", "venv"], directory, "venv/bin/pip")
    problem = problem or installed(["venv/bin/pip", "install", "-q", PYTHON_PACKAGE], directory, "venv/lib/python3.11/site-packages/segment")
    return problem, directory / "venv/bin/python"


class Proxy(http.server.ThreadingHTTPServer):
    """Between client and server: keeps its port while the server comes and goes, and says no now and then."""
    daemon_threads = True

    def __init__(self, refuse_every=0):
        super().__init__(("127.0.0.1", 0), Handler)
        self.target, self.refuse_every, self.requests, self.refused = 0, refuse_every, 0, 0
        self.lock = threading.Lock()
        threading.Thread(target=self.serve_forever, daemon=True).start()

    @property
    def address(self):
        return f"http://127.0.0.1:{self.server_address[1]}"

    def handle_error(self, request, client_address):
        pass  # a client that went away


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *_):
        pass

    def do_POST(self):
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        with self.server.lock:
            self.server.requests += 1
            number = self.server.requests
        if self.server.refuse_every and number % self.server.refuse_every == 0:
            self.server.refused += 1
            return self.answer(429 if number % 2 else 503, b'{"code":"busy","message":"later"}', {"Retry-After": "1"})
        try:
            connection = http.client.HTTPConnection("127.0.0.1", self.server.target, timeout=30)
            headers = {name: value for name, value in self.headers.items() if name.lower() not in ("host", "connection", "content-length")}
            connection.request("POST", self.path, body, headers)
            answer = connection.getresponse()
            content = answer.read()
            connection.close()
        except (OSError, http.client.HTTPException):
            self.close_connection = True  # what a load balancer's client sees while the server is away
            self.connection.close()
            return None
        return self.answer(answer.status, content, {})

    def answer(self, status, content, headers):
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)


class Clients(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.TemporaryDirectory()
        self.addCleanup(self.folder.cleanup)
        self.takt = Takt(PROGRAM, pathlib.Path(self.folder.name) / "data")

    def run_client(self, command, people, refuse_every=0, kill=False):
        proxy = Proxy(refuse_every)
        self.addCleanup(proxy.server_close)
        self.addCleanup(proxy.shutdown)
        server = self.takt.serve()
        proxy.target = server.port
        client = subprocess.Popen([*map(str, command), proxy.address, str(EVENTS), "0"], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                                  env=os.environ | {"NODE_PATH": str(WORK / "node" / "node_modules")})
        if kill:
            deadline = time.monotonic() + 60
            while proxy.requests < 5 and client.poll() is None and time.monotonic() < deadline:
                time.sleep(0.01)
            server.kill()
            server = self.takt.serve()
            proxy.target = server.port
        said, _ = client.communicate(timeout=240)
        self.assertEqual(client.returncode, 0, said)
        self.assertTrue(not refuse_every or proxy.refused >= 3, f"{proxy.refused} of {proxy.requests} were refused")
        with server.client() as asked:
            items = []
            for number in range(10):
                status, journey = asked.get(f"/api/v1/customers/{people}-{number}/journey?limit=1000")
                self.assertEqual(status, 200, journey)
                items += [event["item"] for event in journey["data"]]
            status, seen = asked.get("/api/v1/events/recent?limit=5")
            self.assertEqual((status, seen["data"][0]["source"]), (200, f"wk_{people.replace('-', '_')}"))
        self.assertEqual(sorted(items), sorted(f"sku-{number}" for number in range(EVENTS)), "each event once")
        self.assertEqual(server.stop(), 0)


def add(name, people, command_of):
    def command(self):
        problem, command = command_of()
        if problem:
            self.skipTest(f"the client cannot be installed here: {problem.strip()[-200:]}")
        return command

    setattr(Clients, f"test_{name}", lambda self: self.run_client(command(self), people))
    setattr(Clients, f"test_{name}_while_the_server_says_later", lambda self: self.run_client(command(self), people, refuse_every=4))
    setattr(Clients, f"test_{name}_while_the_server_is_killed", lambda self: self.run_client(command(self), people, kill=True))


def node(script):
    if not shutil.which("node") or not shutil.which("npm"):
        return "there is no node", []
    problem, _ = node_modules()
    return problem, ["node", HERE / script]


def python(script):
    problem, program = python_program()
    return problem, [program, HERE / script]


add("segment_node", "segment-node", lambda: node("segment_node.js"))
add("rudder_node", "rudder-node", lambda: node("rudder_node.js"))
add("segment_python", "segment-python", lambda: python("segment_python.py"))

if __name__ == "__main__":
    unittest.main(argv=[sys.argv[0], *sys.argv[3:]], verbosity=2)
