"""Chromium as a person has it, driven over WebDriver (W3C) by Debian's chromium-driver; and the pages it opens, from an origin of their own."""
import functools
import http.client
import http.server
import json
import pathlib
import re
import shutil
import subprocess
import tempfile
import threading
import time

AGENT = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36"
ELEMENT_SECONDS = 180  # a script may take that long under a sanitizer


def missing():
    """Why there is no browser here, or None."""
    wanted = [name for name in ("chromium", "chromedriver") if not shutil.which(name)]
    return f"not installed: {', '.join(wanted)}" if wanted else None


class Pages(http.server.ThreadingHTTPServer):
    """Files of several folders, as one origin: {"/prefix/": folder}."""
    daemon_threads = True

    def __init__(self, folders):
        super().__init__(("127.0.0.1", 0), functools.partial(PageHandler, folders))
        threading.Thread(target=self.serve_forever, daemon=True).start()

    @property
    def origin(self):
        return f"http://127.0.0.1:{self.server_address[1]}"


class PageHandler(http.server.SimpleHTTPRequestHandler):
    extensions_map = {".html": "text/html", ".js": "text/javascript", "": "application/octet-stream"}

    def __init__(self, folders, *arguments):
        self.folders = folders
        super().__init__(*arguments)

    def log_message(self, *_):
        pass

    def translate_path(self, path):
        path = path.partition("?")[0]
        prefix = max((one for one in self.folders if path.startswith(one)), key=len)
        return str(pathlib.Path(self.folders[prefix]) / path.removeprefix(prefix))


class Browser:
    """One window. `agent` "": Chromium's own, which says that it is headless."""

    def __init__(self, agent=AGENT):
        self.folder = tempfile.TemporaryDirectory()
        self.process = subprocess.Popen(["chromedriver", "--port=0"], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
        for line in self.process.stdout:
            found = re.search(r"started successfully on port (\d+)", line)
            if found:
                break
        self.port = int(found.group(1))
        arguments = ["--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--window-size=1200,900", f"--user-data-dir={self.folder.name}",
                     "--disable-background-networking", "--no-first-run"]
        arguments += [f"--user-agent={agent}"] if agent else []
        options = {"goog:chromeOptions": {"args": arguments}, "goog:loggingPrefs": {"browser": "ALL"}, "timeouts": {"script": ELEMENT_SECONDS * 1000, "pageLoad": ELEMENT_SECONDS * 1000}}
        self.session = self._send("POST", "/session", {"capabilities": {"alwaysMatch": options}})["sessionId"]

    def __enter__(self):
        return self

    def __exit__(self, *_):
        try:
            self._send("DELETE", f"/session/{self.session}", None)
        finally:
            self.process.terminate()
            self.process.wait(30)
            self.process.stdout.close()
            self.folder.cleanup()

    def _send(self, method, path, body):
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=ELEMENT_SECONDS + 60)
        connection.request(method, path, None if body is None else json.dumps(body), {"Content-Type": "application/json"})
        answer = connection.getresponse()
        value = json.loads(answer.read())["value"]
        connection.close()
        if answer.status != 200:
            raise AssertionError(f"{path}: {value['error']}: {value['message'][:500]}")
        return value

    def open(self, url):
        self._send("POST", f"/session/{self.session}/url", {"url": url})

    def run(self, script, *arguments):
        """The body of an async function; what it returns. An exception of the page is one here."""
        wrapped = f"const done = arguments[arguments.length - 1]; (async (...given) => {{ {script} }})(...Array.from(arguments).slice(0, -1)).then(value => done({{value}}), error => done({{error: String(error.stack ?? error)}}));"
        result = self._send("POST", f"/session/{self.session}/execute/async", {"script": wrapped, "args": list(arguments)})
        if "error" in result:
            raise AssertionError(f"in the page: {result['error']}\n{self.log()}")
        return result.get("value")

    def wait_for(self, script, seconds=ELEMENT_SECONDS):
        """Until the expression is true; what it is then."""
        deadline = time.monotonic() + seconds
        while not (value := self.run(f"return {script}")):
            if time.monotonic() > deadline:
                raise AssertionError(f"never true in the page: {script}\n{self.log()}")
            time.sleep(0.05)
        return value

    def log(self):
        """What the console said since it was asked last."""
        return [entry["message"] for entry in self._send("POST", f"/session/{self.session}/se/log", {"type": "browser"}) if entry["level"] in ("SEVERE", "WARNING")]

    def screenshot(self):
        import base64
        return base64.b64decode(self._send("GET", f"/session/{self.session}/screenshot", None))
