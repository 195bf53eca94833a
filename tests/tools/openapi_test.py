"""api/openapi.json against the built server: linted, its examples executed in their order, with and without keys, every answer held against its
schema, and hundreds of made-up requests per operation. usage: openapi_test.py TAKT WORK_DIR

Packages are installed by their ordinary clients into WORK_DIR; where that is not possible, the test is skipped and says why."""
import http.client
import json
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import unittest
import urllib.parse

sys.path.insert(0, str(pathlib.Path(__file__).parent))
from takt_process import Takt  # noqa: E402

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
DOCUMENT, HERE = ROOT / "api/openapi.json", ROOT / "tests/clients/openapi"
PROGRAM, WORK = pathlib.Path(sys.argv[1]).resolve(), pathlib.Path(sys.argv[2]).resolve()
SCHEMATHESIS = "schemathesis==4.32.5"
EXAMPLES = int(os.environ.get("TAKT_OPENAPI_EXAMPLES", "6"))  # made up freely per operation, beside those that go to the edges of each schema
SECONDS = int(os.environ.get("TAKT_OPENAPI_SECONDS", "120"))  # of all of it: the same requests in the same order, as far as they go
CHECKS = "not_a_server_error,status_code_conformance,content_type_conformance,response_headers_conformance,response_schema_conformance,negative_data_rejection"
API = json.loads(DOCUMENT.read_text())


def installed(command, directory, done):
    """Runs an installer once; its last words where it could not."""
    if (directory / done).exists():
        return None
    directory.mkdir(parents=True, exist_ok=True)
    try:
        ran = subprocess.run(command, cwd=directory, capture_output=True, text=True, timeout=400, check=False)
    except (OSError, subprocess.TimeoutExpired) as error:
        return str(error)
    return None if (directory / done).exists() else (ran.stdout + ran.stderr)[-300:]


def node_modules():
    """The folder of the packages, and why it is not there."""
    directory = WORK / "openapi"
    wanted = (HERE / "package.json").read_text()
    directory.mkdir(parents=True, exist_ok=True)
    if not (directory / "package.json").exists() or (directory / "package.json").read_text() != wanted:
        shutil.rmtree(directory)
        directory.mkdir()
        (directory / "package.json").write_text(wanted)
    if not shutil.which("npm"):
        return directory, "there is no npm"
    problem = installed(["npm", "install", "--no-audit", "--no-fund", "--ignore-scripts"], directory, "node_modules/jsdom/package.json")
    return directory / "node_modules", problem and f"npm packages cannot be installed here: {problem}"


def at(pointer):
    value = API
    for key in pointer.split("/")[1:]:
        value = value[int(key)] if isinstance(value, list) else value[key.replace("~1", "/").replace("~0", "~")]
    return value


def followed(pointer):
    """Where a reference leads, until it is none."""
    while "$ref" in at(pointer):
        pointer = at(pointer)["$ref"][1:]
    return pointer


def escaped(key):
    return key.replace("~", "~0").replace("/", "~1")


def operations():
    """(pointer, path, method, operation), in the document's order."""
    for path, methods in API["paths"].items():
        for method, operation in methods.items():
            yield f"/paths/{escaped(path)}/{method}", path, method, operation


def steps():
    """The walk through all examples: (step, pointer, path, method, operation)."""
    return sorted(((step["step"], step, pointer, path, method, operation) for pointer, path, method, operation in operations() for step in operation["x-takt-steps"]),
                  key=lambda one: one[0])


class Walk:
    """The examples, executed in their order; what links name is taken from the answers before."""

    def __init__(self, port, key):
        self.port, self.key, self.found, self.linked, self.answers = port, key, [], {}, []
        self.wrong = []

    def parameters(self, pointer, operation):
        for number in range(len(operation.get("parameters", []))):
            yield at(followed(f"{pointer}/parameters/{number}"))

    def request(self, step, pointer, path, operation):
        """Target, headers and body."""
        given = self.linked.get(operation["operationId"], {})
        query, headers = {}, {"Authorization": f"Bearer {self.key}"} if self.key else {}
        for parameter in self.parameters(pointer, operation):
            value = given.get("parameters", {}).get(parameter["name"], parameter.get("example"))
            if value is None:
                if parameter.get("required"):
                    self.wrong.append(f"{pointer}: {parameter['name']} has no example")
                continue
            if parameter["in"] == "path":
                path = path.replace("{" + parameter["name"] + "}", urllib.parse.quote(str(value), safe=""))
            elif parameter["in"] == "query":
                query[parameter["name"]] = str(value)
            else:
                headers[parameter["name"]] = str(value)
        body = None
        if "example" in step:
            for media, content in operation["requestBody"]["content"].items():
                if step["example"] in content["examples"]:
                    value = given.get("requestBody", content["examples"][step["example"]]["value"])
                    self.found.append((f"example {step['example']} of {operation['operationId']}", f"{pointer}/requestBody/content/{escaped(media)}/schema", value))
                    body, headers["Content-Type"] = value if isinstance(value, str) else json.dumps(value), media
        return path + ("?" + urllib.parse.urlencode(query) if query else ""), headers, body

    def send(self, method, target, headers, body):
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        connection.request(method.upper(), target, body, headers)
        answer = connection.getresponse()
        text = answer.read().decode(errors="replace")  # pictures are no text
        connection.close()
        return answer, text

    def hold(self, name, pointer, answer, text):
        """Notes what has to fit which schema, and what already does not."""
        described = f"{pointer}/responses/{answer.status}"
        if str(answer.status) not in at(f"{pointer}/responses"):
            self.wrong.append(f"{name}: {answer.status} is not described")
            return None
        described = followed(described)
        for header in at(described).get("headers", {}):
            if header not in ("Retry-After", "Takt-Next-Cursor") and answer.getheader(header) is None:
                self.wrong.append(f"{name}: {answer.status} without {header}")
        contents = at(described).get("content", {})
        media = (answer.getheader("Content-Type") or "").split(";")[0]
        if not contents:
            if text:
                self.wrong.append(f"{name}: a body where none is described: {text[:200]}")
            return None
        if media not in contents:
            self.wrong.append(f"{name}: {media} is not described")
            return None
        schema = f"{described}/content/{escaped(media)}/schema"
        if not media.endswith("json") or media.endswith("ndjson"):
            if "x-takt-line" in contents[media]:
                lines = f"{described}/content/{escaped(media)}/x-takt-line"
                self.found += [(f"a line of {name}", lines, json.loads(line)) for line in text.splitlines()]
            return None
        self.found.append((name, schema, json.loads(text)))
        return json.loads(text)

    def remember(self, pointer, status, value):
        def filled(expression):
            if isinstance(expression, dict):
                return {key: filled(one) for key, one in expression.items()}
            found = value
            for key in expression.removeprefix("$response.body#/").split("/"):
                found = found[int(key)] if isinstance(found, list) else found[key]
            return found
        for link in at(followed(f"{pointer}/responses/{status}")).get("links", {}).values():
            try:
                self.linked[link["operationId"]] = {part: filled(link[part]) for part in ("parameters", "requestBody") if part in link}
            except (KeyError, IndexError):
                pass  # this answer has nothing to go on with

    def run(self):
        for number, step, pointer, path, method, operation in steps():
            name = f"{number}. {method.upper()} {path}"
            target, headers, body = self.request(step, pointer, path, operation)
            if self.key and operation["x-takt-need"] != "nothing":
                without = {key: value for key, value in headers.items() if key != "Authorization"}
                answer, text = self.send(method, target, without, body)
                if answer.status != 401:
                    self.wrong.append(f"{name} without a key: {answer.status} {text[:200]}")
                self.hold(f"{name} without a key", pointer, answer, text)
            answer, text = self.send(method, target, headers, body)
            self.answers.append(operation["operationId"])
            if answer.status != step["status"]:
                self.wrong.append(f"{name}: {answer.status} and not {step['status']}: {text[:300]}")
            value = self.hold(name, pointer, answer, text)
            if isinstance(value, dict) and answer.status < 300:
                self.remember(pointer, answer.status, value)
                if operation["operationId"] == "create_key" and not self.key:
                    self.key = value["key"]  # the first key closes the server


class Openapi(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.TemporaryDirectory()
        self.addCleanup(self.folder.cleanup)
        self.program = Takt(PROGRAM, pathlib.Path(self.folder.name) / "data")

    def admin(self):
        """The key of the first admin, in a directory that was not there."""
        self.program.run("import", os.devnull)
        return self.program.json("keys", "create", "--role", "admin")["key"]

    def serve(self):
        server = self.program.serve()
        self.addCleanup(server.stop)
        return server

    def node(self):
        modules, problem = node_modules()
        if problem:
            self.skipTest(problem)
        return modules

    def validate(self, found):
        ran = subprocess.run(["node", HERE / "validate.cjs", self.node(), DOCUMENT], input=json.dumps(found), capture_output=True, text=True, timeout=120, check=False)
        self.assertEqual(ran.returncode, 0, ran.stderr)
        return json.loads(ran.stdout)

    def test_lint_finds_no_error(self):
        redocly = self.node() / ".bin/redocly"
        ran = subprocess.run([redocly, "lint", DOCUMENT, "--extends=recommended", "--format=json"], capture_output=True, text=True, timeout=120, check=False,
                             env=os.environ | {"REDOCLY_TELEMETRY": "off", "REDOCLY_SUPPRESS_UPDATE_NOTICE": "true"})
        self.assertEqual(ran.returncode, 0, ran.stdout + ran.stderr)
        totals = json.loads(ran.stdout[ran.stdout.index("{"):])["totals"]
        self.assertEqual(totals["errors"], 0, ran.stdout)

    def test_every_operation_has_an_example(self):
        for _, path, method, operation in operations():
            self.assertTrue(operation["x-takt-steps"], f"{method} {path}")
            named = {step["example"] for step in operation["x-takt-steps"] if "example" in step}
            written = {name for content in operation.get("requestBody", {}).get("content", {}).values() for name in content.get("examples", {})}
            self.assertEqual(named, written, f"{method} {path}: every example of a body is executed")

    def test_what_is_not_described_is_refused(self):
        with self.serve().client() as client:
            for path, methods in API["paths"].items():
                for method in {"get", "post", "put", "patch", "delete"} - set(methods):
                    status, answer = client.send(method.upper(), re.sub(r"{\w+}", "none", path))
                    self.assertIn((status, answer["code"]), ((405, "method_not_allowed"), (501, "not_built")), f"{method} {path}: what this release has not is said, nothing else is there")

    def walk(self, key):
        walk = Walk(self.serve().port, key)
        walk.run()
        self.assertEqual(walk.wrong, [], "\n".join(walk.wrong))
        self.assertEqual(len(walk.answers), len(steps()))
        problems = self.validate(walk.found)
        self.assertEqual(problems, [], "\n".join(problems))
        self.assertGreater(len(walk.found), len(steps()))

    def test_the_examples_on_an_open_server(self):
        self.walk("")

    def test_the_examples_with_a_key_and_without(self):
        self.walk(self.admin())

    def test_the_page_for_people(self):
        modules = self.node()
        ran = subprocess.run(["node", HERE / "page.cjs", modules, f"http://127.0.0.1:{self.serve().port}"], capture_output=True, text=True, timeout=120, check=False)
        self.assertEqual(ran.returncode, 0, ran.stdout + ran.stderr)
        seen = json.loads(ran.stdout)
        self.assertEqual((seen["operations"], seen["unopened"], seen["errors"], seen["violations"]), (len(list(operations())), [], [], []))
        self.assertEqual(seen["found"], ["why"])

    def test_made_up_requests(self):
        directory = WORK / "schemathesis"
        problem = installed([sys.executable, "-m", "venv", "venv"], directory, "venv/bin/pip") or installed(["venv/bin/pip", "install", "-q", SCHEMATHESIS], directory, "venv/bin/schemathesis")
        if problem:
            self.skipTest(f"schemathesis cannot be installed here: {problem}")
        key, server = self.admin(), self.serve()
        Walk(server.port, key).run()  # so that there is something to ask for
        command = [directory / "venv/bin/schemathesis", "--config-file", HERE / "schemathesis.toml", "run", DOCUMENT, "--url", f"http://127.0.0.1:{server.port}", "--header", f"Authorization: Bearer {key}", "--checks", CHECKS,
                   "--max-examples", str(EXAMPLES), "--max-time", str(SECONDS), "--no-shrink", "--generation-deterministic",
                   "--suppress-health-check", "all", "--continue-on-failure", "--warnings", "off", "--no-color", "--request-timeout", "30"]
        ran = subprocess.run(command, cwd=self.folder.name, capture_output=True, text=True, timeout=SECONDS + 300, check=False,
                             env=os.environ | {"SCHEMATHESIS_HOOKS": "hooks", "PYTHONPATH": str(HERE)})
        said = re.sub(r"Bearer sk_\w+", "Bearer KEY", ran.stdout + ran.stderr)
        (directory / "last_run.txt").write_text(said)
        self.assertEqual(ran.returncode, 0, said[-4000:] + f"\nall of it: {directory / 'last_run.txt'}")


if __name__ == "__main__":
    unittest.main(argv=[sys.argv[0], *sys.argv[3:]], verbosity=2)
