"""The built program as other programs use it: a command with its JSON, a server that is started, asked, stopped or killed."""
import atexit
import http.client
import json
import os
import pathlib
import signal
import subprocess
import time

# The variables of the tests (how many rounds, which seed) are no settings of the program, and it refuses what it does not know.
ENVIRONMENT = {name: value for name, value in os.environ.items() if not name.startswith("TAKT_")}


class Takt:
    """One data directory and the commands on it."""

    def __init__(self, program, data):
        self.program, self.data = pathlib.Path(program).resolve(), pathlib.Path(data)

    def run(self, *arguments, check=True):
        done = subprocess.run([self.program, *map(str, arguments), "--data-dir", self.data], capture_output=True, text=True, check=False, env=ENVIRONMENT)
        if check and done.returncode != 0:
            raise AssertionError(f"takt {' '.join(map(str, arguments))}: exit {done.returncode}\n{done.stdout}{done.stderr}")
        return done

    def json(self, *arguments):
        return json.loads(self.run(*arguments, "--json").stdout)

    def serve(self, *arguments):
        return Server(self, *arguments)


class Server:
    """`takt serve` on a free port of 127.0.0.1. `seconds` is from its start to the first 200 of /readyz."""

    def __init__(self, takt, *arguments):
        began = time.monotonic()
        listen = [] if "--listen" in arguments else ["--listen", "127.0.0.1:0"]
        command = [takt.program, "serve", "--data-dir", takt.data, *listen, "--json", *arguments]
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=ENVIRONMENT)
        atexit.register(self.process.kill)  # a test that fails stops nothing; one that has ended already is left alone
        line = self.process.stdout.readline()
        if not line:
            self.process.wait()
            message = self.process.stderr.read()
            self._close()
            raise AssertionError(f"takt serve ended at once: exit {self.process.returncode}\n{message}")
        started = json.loads(line)
        if "listen" not in started:
            self.process.wait(60)
            self._close()
            raise AssertionError(f"takt serve ended at once: {line}")
        self.port = int(started["listen"].rsplit(":", 1)[1])
        try:
            with self.client() as client:
                ready = client.get("/readyz")[0] == 200
        except (OSError, http.client.HTTPException):
            self.process.kill()
            message = self.process.stderr.read()  # a sanitizer says there why it ended the server
            self.process.wait()
            self._close()
            raise AssertionError(f"takt serve ended before it was ready:\n{message}") from None
        if not ready:
            raise AssertionError("takt serve is not ready")
        self.seconds = time.monotonic() - began

    def client(self):
        return Client(self.port)

    def stop(self):
        self.process.send_signal(signal.SIGTERM)
        code = self.process.wait(60)
        self._close()
        return code

    def kill(self):
        self.process.kill()
        code = self.process.wait(60)
        self._close()
        return code

    def _close(self):
        self.process.stdout.close()
        self.process.stderr.close()


class Client:
    """One connection that is kept. Every answer is (status, JSON). Lost connections are ConnectionError or HTTPException."""
    IDLE_SECONDS = 2  # the server closes what has been idle for 5: after a long command beside it, the next request takes a new connection

    def __init__(self, port):
        self.connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
        self.answered = time.monotonic()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.connection.close()

    def send(self, method, path, body=None, headers=None):
        text = None if body is None else body if isinstance(body, str) else json.dumps(body)
        status, content = self._exchange(method, path, text, {"Content-Type": "application/json"} | (headers or {}))
        return status, json.loads(content or b"null")

    def get(self, path):
        status, content = self._exchange("GET", path, None, {})
        return status, json.loads(content) if content.startswith((b"{", b"[")) else None

    def _exchange(self, method, path, text, headers):
        if time.monotonic() - self.answered > self.IDLE_SECONDS:
            self.connection.close()  # the next request opens another
        self.connection.request(method, path, text, headers)
        answer = self.connection.getresponse()
        content = answer.read()
        self.answered = time.monotonic()
        return answer.status, content

    def post(self, path, body):
        return self.send("POST", path, body)

    def ok(self, method, path, body=None, headers=None):
        status, answer = self.send(method, path, body, headers)
        if status != 200:
            raise AssertionError(f"{method} {path}: {status} {answer}")
        return answer

    def change_policy(self, change):
        """`change(policy)` edits the current one in place; it is published at once."""
        policy = self.ok("GET", "/api/v1/policies/current")
        change(policy)
        self.ok("PUT", "/api/v1/policies/draft", policy, {"If-Match": "*"})
        return self.ok("POST", "/api/v1/policies/draft/publish", {"note": "test"})["version"]
