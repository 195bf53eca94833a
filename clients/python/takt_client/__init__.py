"""Takt's client for Python: decide within a deadline or fall back, report what was seen, lose no event that can be kept.

>>> takt = Takt("http://127.0.0.1:8080")
>>> decision = takt.decide("home.hero", user_id="anna", fallback=["sku-1"])
"""
from __future__ import annotations

import atexit
import dataclasses
import datetime
import http.client
import json
import queue
import random
import threading
import time
import urllib.parse
import uuid
from typing import Any, Callable, Mapping, Sequence

__all__ = ["Decision", "Item", "Takt"]

_RETRYABLE = {408, 425, 429}


def _is_retryable(status: int) -> bool:
    return status >= 500 or status in _RETRYABLE


@dataclasses.dataclass(frozen=True)
class Item:
    item: str
    slot: int
    source: str
    """"local" for items of your own fallback."""
    raw: Mapping[str, Any] = dataclasses.field(default_factory=dict)


@dataclasses.dataclass(frozen=True)
class Decision:
    decision_id: str | None
    """None: nothing was reserved (a fallback of yours)."""
    request_id: str
    placement: str
    outcome: str
    """items, hold, fallback or defer"""
    items: Sequence[Item]
    user_id: str
    anonymous_id: str
    degraded: Sequence[str] = ()
    not_before: str | None = None


class _Connection:
    """One kept connection; a lost one is opened again, once, for a request that can be repeated."""

    def __init__(self, url: str, key: str) -> None:
        parts = urllib.parse.urlsplit(url)
        self._tls, self._host, self._prefix = parts.scheme == "https", parts.netloc, parts.path.rstrip("/")
        self._headers = {"Content-Type": "application/json"} | ({"Authorization": f"Bearer {key}"} if key else {})
        self._kept: http.client.HTTPConnection | None = None

    def post(self, path: str, body: Mapping[str, Any], seconds: float) -> tuple[int, Mapping[str, Any], float | None]:
        """(status, JSON, Retry-After). Status 0 and a code where there was no answer."""
        for attempt in range(2):
            fresh = self._kept is None
            try:
                if self._kept is None:
                    make = http.client.HTTPSConnection if self._tls else http.client.HTTPConnection
                    self._kept = make(self._host, timeout=seconds)
                    self._kept.connect()
                if self._kept.sock is not None:
                    self._kept.sock.settimeout(max(0.001, seconds))
                self._kept.request("POST", self._prefix + path, json.dumps(body), self._headers)
                answer = self._kept.getresponse()
                text = answer.read()
                after = answer.getheader("Retry-After")
                return answer.status, json.loads(text) if text.startswith(b"{") else {}, float(after) if after and after.isdigit() else None
            except TimeoutError:
                self.close()
                return 0, {"code": "timeout"}, None
            except (OSError, http.client.HTTPException, ValueError):
                self.close()
                if fresh or attempt:
                    return 0, {"code": "unreachable"}, None
        return 0, {"code": "unreachable"}, None

    def close(self) -> None:
        if self._kept is not None:
            self._kept.close()
            self._kept = None


class Takt:
    """Threads: any; each has its own connection. Events are sent by one thread in the background."""

    def __init__(self, url: str, key: str = "", *, channel: str = "web", timeout: float = 0.3, batch_max: int = 100, queue_max: int = 10_000,
                 on_error: Callable[[str], None] = lambda message: None) -> None:
        self._url, self._key, self._channel, self._timeout, self._batch_max, self._on_error = url, key, channel, timeout, batch_max, on_error
        self._local = threading.local()
        self._connections: list[_Connection] = []
        self._queue: queue.Queue[dict[str, Any]] = queue.Queue(queue_max)
        self.dropped = 0
        """Events that were given up."""
        self._closing = threading.Event()
        self._sender = threading.Thread(target=self._run, name="takt", daemon=True)
        self._sender.start()
        atexit.register(self.close)

    def __enter__(self) -> Takt:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def decide(self, placement: str, *, user_id: str = "", anonymous_id: str = "", limit: int | None = None, anchor: Sequence[str] = (),
               fallback: Sequence[str] = (), context: Mapping[str, Any] | None = None, request_id: str = "", timeout: float | None = None) -> Decision:
        """Answers within `timeout` seconds, always: what the server says, or `fallback`, and `degraded` says why."""
        deadline = time.monotonic() + (self._timeout if timeout is None else timeout)
        request_id = request_id or str(uuid.uuid4())
        asked: dict[str, Any] = {"placement": placement}
        if limit is not None:
            asked["limit"] = limit
        if anchor:
            asked["anchor"] = {"items": list(anchor)}
        person = {name: value for name, value in (("user_id", user_id), ("anonymous_id", anonymous_id)) if value}
        body = {"request_id": request_id, "customer": person, "placements": [asked], "context": {"channel": self._channel, **(context or {})}}
        why = "timeout"
        for _ in range(2):  # the request id makes the second try the same request
            left = deadline - time.monotonic()
            if left <= 0:
                break
            status, answer, _after = self._connection().post("/api/v1/decide", body, left)
            if status == 200:
                decided = answer["placements"][0]
                items = [Item(one["item"], one["slot"], one.get("source", ""), one) for one in decided["items"]]
                return Decision(answer["decision_id"], request_id, placement, decided["outcome"], items, user_id, anonymous_id, answer.get("degraded", ()), decided.get("not_before"))
            why = answer.get("code", f"status_{status}")
            if status and not _is_retryable(status):
                self._on_error(f"decide {placement}: {why}: {answer.get('detail', '')}")
                break
        items = [Item(item, slot, "local") for slot, item in enumerate(fallback, 1)]
        return Decision(None, request_id, placement, "fallback", items, user_id, anonymous_id, (f"client:{why}",))

    def impression(self, decision: Decision, item: str) -> None:
        """Somebody saw this item of that decision; only then does it count."""
        self._promotion("Promotion Viewed", decision, item)

    def click(self, decision: Decision, item: str) -> None:
        self._promotion("Promotion Clicked", decision, item)

    def track(self, event: str, properties: Mapping[str, Any] | None = None, *, user_id: str = "", anonymous_id: str = "") -> None:
        self._add({"type": "track", "event": event, "properties": dict(properties or {})}, user_id, anonymous_id)

    def identify(self, user_id: str, traits: Mapping[str, Any] | None = None, *, anonymous_id: str = "") -> None:
        self._add({"type": "identify", "traits": dict(traits or {})}, user_id, anonymous_id)

    def flush(self) -> None:
        """Returns when everything that was reported so far is stored, or given up."""
        self._queue.join()

    def close(self) -> None:
        if not self._closing.is_set():
            self.flush()
            self._closing.set()
            self._sender.join()
            for connection in self._connections:
                connection.close()

    def _connection(self) -> _Connection:
        if not hasattr(self._local, "connection"):
            self._local.connection = _Connection(self._url, self._key)
            self._connections.append(self._local.connection)
        return self._local.connection

    def _promotion(self, event: str, decision: Decision, item: str) -> None:
        properties = {"item_id": item, "placement": decision.placement} | ({"decision_id": decision.decision_id} if decision.decision_id else {})
        self.track(event, properties, user_id=decision.user_id, anonymous_id=decision.anonymous_id)

    def _add(self, event: dict[str, Any], user_id: str, anonymous_id: str) -> None:
        now = datetime.datetime.now(datetime.timezone.utc).isoformat()
        event |= {"messageId": str(uuid.uuid4()), "timestamp": now, "context": {"channel": self._channel}}
        event |= {name: value for name, value in (("userId", user_id), ("anonymousId", anonymous_id)) if value}
        try:
            self._queue.put_nowait(event)
        except queue.Full:
            self.dropped += 1

    def _run(self) -> None:
        while not self._closing.is_set():
            try:
                batch = [self._queue.get(timeout=0.1)]
            except queue.Empty:
                continue
            while len(batch) < self._batch_max:
                try:
                    batch.append(self._queue.get_nowait())
                except queue.Empty:
                    break
            self._send(batch)
            for _ in batch:
                self._queue.task_done()

    def _send(self, batch: list[dict[str, Any]]) -> None:
        """As often as it takes: the message ids make a repeat harmless."""
        code = ""
        for attempt in range(10):
            sent_at = datetime.datetime.now(datetime.timezone.utc).isoformat()
            status, answer, after = self._connection().post("/v1/batch", {"batch": batch, "sentAt": sent_at}, 10)
            code = answer.get("code", f"status_{status}")
            if status == 200:
                for refused in answer.get("rejected", ())[:1]:
                    self._on_error(f"{len(answer['rejected'])} events were refused: {refused['message']}")
                return
            if status and not _is_retryable(status):
                break
            time.sleep(after if after is not None else min(0.1 * 2**attempt, 10) * random.uniform(0.5, 1))
        self.dropped += len(batch)
        self._on_error(f"{len(batch)} events were given up: {code}")
