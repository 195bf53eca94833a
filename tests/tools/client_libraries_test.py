"""clients/js and clients/python against the built server: what they promise, and the examples of their READMEs as they stand.
usage: client_libraries_test.py TAKT WORK_DIR"""
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import threading
import time
import unittest
import http.server

sys.path.insert(0, str(pathlib.Path(__file__).parent))
from takt_process import Takt as Program  # noqa: E402

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
sys.path.insert(0, str(ROOT / "clients/python"))
from takt_client import Takt  # noqa: E402

PROGRAM, WORK = pathlib.Path(sys.argv[1]).resolve(), pathlib.Path(sys.argv[2]).resolve()
TYPESCRIPT = "5.9.2"


def example_of(readme, language):
    return re.search(rf"```{language}\n(.*?)```", readme.read_text(), re.S).group(1)


def free_port():
    server = http.server.HTTPServer(("127.0.0.1", 0), http.server.BaseHTTPRequestHandler)
    port = server.server_address[1]
    server.server_close()
    return port


class Libraries(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.TemporaryDirectory()
        cls.program = Program(PROGRAM, pathlib.Path(cls.folder.name) / "data")
        items = pathlib.Path(cls.folder.name) / "items.ndjson"
        items.write_text("".join(f'{{"type":"item","id":"sku-{n}","title":"Thing {n}","category":["Shoes"],"price":{{"amount":"9.90","currency":"EUR"}}}}\n' for n in range(1, 13)))
        cls.program.run("import", items)
        cls.admin = cls.program.json("keys", "create", "--role", "admin")["key"]
        cls.server = cls.program.serve()
        cls.address = f"http://127.0.0.1:{cls.server.port}"
        cls.environment = os.environ | {"TAKT_URL": cls.address, "TAKT_KEY": cls.admin}

    @classmethod
    def tearDownClass(cls):
        cls.server.stop()
        cls.folder.cleanup()

    def ask(self, path):
        with self.server.client() as client:
            status, answer = client.send("GET", path, None, {"Authorization": f"Bearer {self.admin}"})
        self.assertEqual(status, 200, answer)
        return answer

    def shown(self, user):
        return sum(one["state"] == "shown" for one in self.ask(f"/api/v1/customers/{user}")["exposures"])

    def node(self, *arguments, directory=None):
        if not shutil.which("node"):
            self.skipTest("there is no node")
        ran = subprocess.run(["node", *map(str, arguments)], capture_output=True, text=True, timeout=120, check=False, cwd=directory, env=self.environment)
        self.assertEqual(ran.returncode, 0, ran.stdout + ran.stderr)
        return ran.stdout

    def test_javascript_keeps_its_promises(self):
        said = self.node(ROOT / "tests/clients/takt_js.mjs", ROOT / "clients/js/takt.js", self.address, f"http://127.0.0.1:{free_port()}", self.admin)
        self.assertEqual(said.strip(), "ok")

    def test_the_example_of_the_javascript_readme(self):
        with tempfile.TemporaryDirectory() as folder:
            shutil.copy(ROOT / "clients/js/takt.js", folder)
            (pathlib.Path(folder) / "example.mjs").write_text(example_of(ROOT / "clients/js/README.md", "js"))
            before = self.shown_so_far("anna")
            self.assertRegex(self.node("example.mjs", directory=folder), r"^items sku-\d+\n$")
        self.assertEqual(self.shown("anna"), before + 1)

    def shown_so_far(self, user):
        with self.server.client() as client:
            status, answer = client.send("GET", f"/api/v1/customers/{user}", None, {"Authorization": f"Bearer {self.admin}"})
        return sum(one["state"] == "shown" for one in answer["exposures"]) if status == 200 else 0

    def test_the_types_are_those_of_the_library(self):
        directory = WORK / "typescript"
        compiler = directory / "node_modules/typescript/bin/tsc"
        if not compiler.exists():
            if not shutil.which("npm"):
                self.skipTest("there is no npm")
            directory.mkdir(parents=True, exist_ok=True)
            got = subprocess.run(["npm", "install", "--no-audit", "--no-fund", "--prefix", directory, f"typescript@{TYPESCRIPT}"], capture_output=True, text=True, check=False)
            if not compiler.exists():
                self.skipTest(f"typescript cannot be installed here: {got.stderr[-200:]}")
        self.node(compiler, "--noEmit", "--strict", "--target", "es2022", "--module", "nodenext", "--moduleResolution", "nodenext", "--lib", "es2022,dom",
                  "--moduleDetection", "force", ROOT / "tests/clients/takt_types.mts")

    def test_python_decides_and_reports(self):
        with Takt(self.address, self.admin, timeout=5) as takt:
            decision = takt.decide("home.hero", user_id="py-anna", limit=1)
            self.assertEqual((decision.outcome, len(decision.items), decision.degraded), ("items", 1, []), decision)
            takt.impression(decision, decision.items[0].item)
            takt.impression(decision, decision.items[0].item)
            takt.flush()
        self.assertEqual(self.shown("py-anna"), 1)

    def test_python_falls_back_in_time(self):
        silent = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Silent)
        threading.Thread(target=silent.serve_forever, daemon=True).start()
        self.addCleanup(silent.server_close)
        self.addCleanup(silent.shutdown)
        for port, why in ((silent.server_address[1], "client:timeout"), (free_port(), "client:unreachable")):
            takt = Takt(f"http://127.0.0.1:{port}", timeout=0.2)
            began = time.monotonic()
            decision = takt.decide("home.hero", user_id="py-ben", fallback=["sku-1", "sku-2"])
            self.assertLess(time.monotonic() - began, 5)
            self.assertEqual(([one.item for one in decision.items], decision.outcome, decision.decision_id, decision.degraded), (["sku-1", "sku-2"], "fallback", None, (why,)))
            takt.close()

    def test_python_tells_mistakes_and_goes_on(self):
        errors = []
        with Takt(self.address, self.admin, timeout=5, on_error=errors.append) as takt:
            self.assertEqual(takt.decide("no.such.place", user_id="py-cleo", fallback=["sku-1"]).outcome, "fallback")
            takt.track("", user_id="py-cleo")
            takt.flush()
        self.assertEqual(len(errors), 2, errors)
        self.assertEqual(takt.dropped, 0)

    def test_python_loses_nothing_while_the_server_is_away(self):
        program = Program(PROGRAM, pathlib.Path(self.folder.name) / "other")
        server = program.serve()
        port = server.port
        with Takt(f"http://127.0.0.1:{port}", batch_max=10) as takt:
            for number in range(100):
                takt.track("Product Viewed", {"product_id": f"sku-{number}"}, user_id="py-dan")
            server.kill()
            time.sleep(0.5)
            server = program.serve("--listen", f"127.0.0.1:{port}")
            takt.flush()
        with server.client() as client:
            items = [one["item"] for one in client.get("/api/v1/customers/py-dan/journey?limit=200")[1]["data"]]
        self.assertEqual(sorted(items), sorted(f"sku-{number}" for number in range(100)))
        self.assertEqual(server.stop(), 0)

    def test_the_example_of_the_python_readme(self):
        before = self.shown_so_far("anna")
        ran = subprocess.run([sys.executable, "-c", example_of(ROOT / "clients/python/README.md", "python")], capture_output=True, text=True, timeout=60, check=False,
                             env=self.environment | {"PYTHONPATH": str(ROOT / "clients/python")})
        self.assertRegex(ran.stdout, r"^items sku-\d+\n$", ran.stderr)
        self.assertEqual(self.shown("anna"), before + 1)


class Silent(http.server.BaseHTTPRequestHandler):
    def do_POST(self):
        time.sleep(1)

    def log_message(self, *_):
        pass


if __name__ == "__main__":
    unittest.main(argv=[sys.argv[0], *sys.argv[3:]], verbosity=2)
