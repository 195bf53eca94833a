"""The SDKs that pages already have, unmodified, in Chromium and from another origin than the server's: every event arrives once, also those of
a page that goes; our own client reports what was seen and nothing else; the API's page for people opens. usage: browsers_test.py TAKT WORK_DIR

Packages are installed by npm into WORK_DIR; where that is not possible, or there is no Chromium, the test is skipped and says why."""
import pathlib
import shutil
import subprocess
import sys
import tempfile
import time
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).parent))
from browser import Browser, Pages, missing  # noqa: E402
from takt_process import Takt  # noqa: E402

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
HERE = ROOT / "tests/clients/browser"
PROGRAM, WORK = pathlib.Path(sys.argv[1]).resolve(), pathlib.Path(sys.argv[2]).resolve() / "browser"
EVENTS = 1000
SECONDS = 180


def node_modules():
    """Why there are no packages, or None."""
    if not shutil.which("npm"):
        return "there is no npm"
    WORK.mkdir(parents=True, exist_ok=True)
    wanted, there = (HERE / "package.json").read_text(), WORK / "package.json"
    if there.exists() and there.read_text() == wanted and (WORK / "node_modules/@segment/analytics-next/dist").exists():
        return None
    there.write_text(wanted)
    ran = subprocess.run(["npm", "install", "--no-audit", "--no-fund", "--ignore-scripts"], cwd=WORK, capture_output=True, text=True, timeout=280, check=False)
    return None if ran.returncode == 0 else (ran.stdout + ran.stderr)[-300:]


class Browsers(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        problem = missing()
        if problem:
            raise unittest.SkipTest(f"there is no browser here: {problem}")

    def setUp(self):
        self.folder = tempfile.TemporaryDirectory()
        self.addCleanup(self.folder.cleanup)
        self.pages = Pages({"/": HERE, "/node_modules/": WORK / "node_modules", "/takt.js": ROOT / "clients/js/takt.js"})
        self.addCleanup(self.pages.server_close)
        self.addCleanup(self.pages.shutdown)
        takt = Takt(PROGRAM, pathlib.Path(self.folder.name) / "data")
        catalogue = pathlib.Path(self.folder.name) / "items.ndjson"
        catalogue.write_text("".join(f'{{"type":"item","id":"sku-{number}","kind":"product","title":"Thing {number}","price":{{"amount":"20.00","currency":"EUR"}}}}\n' for number in range(6)))
        takt.run("import", catalogue)
        self.admin = takt.json("keys", "create", "--role", "admin")["key"]
        self.key = takt.json("keys", "create", "--role", "publishable", "--origin", self.pages.origin)["key"]
        self.server = takt.serve()
        self.address = f"http://127.0.0.1:{self.server.port}"
        self.addCleanup(lambda: self.assertEqual(self.server.stop(), 0))

    def browser(self):
        browser = Browser()
        self.addCleanup(browser.__exit__)
        return browser

    def page(self, name, **more):
        return f"{self.pages.origin}/{name}?takt={self.address}&key={self.key}" + "".join(f"&{one}={value}" for one, value in more.items())

    def ask(self, path):
        with self.server.client() as client:
            status, answer = client.send("GET", path, None, {"Authorization": f"Bearer {self.admin}"})
        return answer if status == 200 else None

    def journey(self, person):
        found = self.ask(f"/api/v1/customers/{person}/journey?limit=1000")
        return [event["item"] for event in found["data"] if event["item"]] if found else []

    def until(self, what, wanted):
        """Asks again and again, because beacons are sent by nobody who could say when."""
        deadline = time.monotonic() + SECONDS
        while (value := what()) != wanted and time.monotonic() < deadline:
            time.sleep(0.05)
        self.assertEqual(value, wanted)

    def states(self, person):
        found = self.ask(f"/api/v1/customers/{person}")
        return {one["item"]: one["state"] for one in found["exposures"]} if found else {}

    def with_packages(self):
        problem = node_modules()
        if problem:
            self.skipTest(f"the SDKs cannot be installed here: {problem}")

    def test_segment_delivers_each_event_once(self):
        self.with_packages()
        browser = self.browser()
        browser.open(self.page("segment.html"))
        browser.run("await run(given[0])", EVENTS)
        outcome = browser.run("return window.outcome")
        self.assertEqual((outcome["delivered"], outcome["failed"]), (EVENTS, []), browser.log())
        items = [item for person in range(10) for item in self.journey(f"segment-next-{person}")]
        self.assertEqual(sorted(items), sorted(f"sku-{number}" for number in range(EVENTS)), "each event once")

    def test_rudder_delivers_each_event_once(self):
        self.with_packages()
        browser = self.browser()
        browser.open(self.page("rudder.html"))
        browser.wait_for("window.outcome.ready")
        browser.run("start(given[0]); run(given[1])", "rudder-js", 100)
        wanted = sorted(f"sku-{number}" for number in range(100))
        self.until(lambda: sorted(self.journey("rudder-js")), wanted)

    def test_rudder_hands_what_is_left_to_the_browser_when_the_page_goes(self):
        self.with_packages()
        browser = self.browser()
        browser.open(self.page("rudder.html", beacon=1))
        browser.wait_for("window.outcome.ready")
        browser.run("start(given[0]); run(given[1])", "rudder-beacon", 5)
        self.assertEqual(self.journey("rudder-beacon"), [], "it waits for more")
        browser.open("about:blank")
        self.until(lambda: sorted(self.journey("rudder-beacon")), sorted(f"sku-{number}" for number in range(5)))

    def test_our_client_reports_what_was_on_the_screen(self):
        browser = self.browser()
        browser.open(self.page("takt.html", user="anna"))
        browser.wait_for("window.outcome.ready")
        near, below = (item["item"] for item in browser.run("return window.outcome.decision.items"))
        self.assertEqual(browser.run("return window.outcome.errors"), [])
        self.until(lambda: self.states("anna"), {near: "shown", below: "reserved"})
        browser.run("document.getElementById('below').scrollIntoView()")
        self.until(lambda: self.states("anna"), {near: "shown", below: "shown"})
        browser.run("await takt.flush()")  # or its end would take along what comes now
        browser.run("takt.track('Product Viewed', {product_id: 'sku-5'}); clearTimeout(takt.timer)")  # so that only the page's end can send it
        self.assertEqual(self.journey("anna"), [])
        browser.open("about:blank")
        self.until(lambda: self.journey("anna"), ["sku-5"])

    def test_a_page_of_another_origin_gets_no_answer(self):
        other = Pages({"/": HERE, "/takt.js": ROOT / "clients/js/takt.js"})
        self.addCleanup(other.server_close)
        self.addCleanup(other.shutdown)
        browser = self.browser()
        browser.open(self.page("takt.html", user="mallory").replace(self.pages.origin, other.origin))
        browser.wait_for("window.outcome.ready")
        self.assertEqual(browser.run("return window.outcome.decision.degraded"), ["client:unreachable"])
        self.assertEqual(self.states("mallory"), {})

    def test_the_page_for_people_opens(self):
        browser = self.browser()
        browser.open(f"{self.address}/api/docs")
        title = browser.wait_for("document.querySelectorAll('details, section, article').length > 10 && document.title")
        picture = browser.screenshot()
        WORK.mkdir(parents=True, exist_ok=True)
        (WORK / "api_docs.png").write_bytes(picture)
        self.assertIn("Takt", title)
        self.assertEqual(browser.log(), [], "nothing was blocked by the page's own policy")
        self.assertEqual(browser.run("return document.documentElement.scrollWidth <= window.innerWidth"), True, "nobody scrolls sideways")


if __name__ == "__main__":
    unittest.main(argv=[sys.argv[0], *sys.argv[3:]], verbosity=2)
