"""Faults between the functions and the local AWS, and disorder among its events, for `make soak`.

Off unless $GATEHOUSE_FAULTS_SEED is set when MiniStack starts. Only requests that are signed with a role's keys are
hit: those of the functions, and not those of whoever deploys and looks on. The seed decides the order of the dice; which
request meets which of them also depends on the order in which requests arrive, which is another one in each run.

`GET /_gatehouse/faults` counts what was injected; `POST` with {"on": true} or {"on": false} switches.
"""

import asyncio
import contextvars
import json
import random
import re
import threading
import time
from collections import Counter
from collections.abc import Awaitable, Callable
from functools import partial

SEED = "GATEHOUSE_FAULTS_SEED"
CONTROL = "/_gatehouse/faults"

# Of all requests of the functions, how many meet what.
SHARES = {"throttled": 0.02, "server-error": 0.01, "answer-lost": 0.01, "slow": 0.03}
SLOW_SECONDS = (0.1, 2.0)
# From time to time one service throttles most of what it is asked, for longer than an SDK's own tries take.
OUTAGE_EVERY_SECONDS = 45.0
OUTAGE_SECONDS = 4.0
OUTAGE_SHARE = 0.8
# Of all notifications of S3: delivered twice, and delivered late, behind younger ones.
TWICE, LATE = 0.05, 0.10
LATE_SECONDS = (0.2, 3.0)

# How each service says that it is asked too often (its API reference, "Common errors"); others as `None`.
THROTTLED = {
    "s3": (503, "SlowDown"),
    "dynamodb": (400, "ProvisionedThroughputExceededException"),
    "sqs": (400, "RequestThrottled"),
    None: (400, "ThrottlingException"),
}
FAILED = {"s3": (500, "InternalError"), "dynamodb": (500, "InternalServerError"), None: (500, "InternalFailure")}

# "Credential=KEY/DATE/REGION/SERVICE/aws4_request" (IAM user guide, "Elements of an AWS API request signature").
SIGNED_BY = re.compile(r"Credential=([^/,\s]+)/\d+/[^/]+/([^/]+)/aws4_request")
# Temporary credentials, which is what a role has (IAM user guide, "IAM identifiers").
TEMPORARY = "ASIA"

Receive = Callable[[], Awaitable[dict]]
Send = Callable[[dict], Awaitable[None]]


class Faults:
    """An ASGI application in front of MiniStack's."""

    def __init__(self, app: Callable, seed: int, clock: Callable[[], float] = time.monotonic):
        self.on = False
        self.app = app
        self.injected: Counter[tuple[str, str]] = Counter()
        self.requests: Counter[str] = Counter()
        self._dice = random.Random(seed)
        self._clock = clock
        self._next_outage = clock() + OUTAGE_EVERY_SECONDS
        self._out: tuple[str, float] | None = None

    async def __call__(self, scope: dict, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and scope["path"] == CONTROL:
            await self._control(scope, receive, send)
            return
        service = function_asks(scope) if self.on and scope["type"] == "http" else None
        kind = self.draw(service) if service else None
        if kind == "slow":
            await asyncio.sleep(self._dice.uniform(*SLOW_SECONDS))
        if kind in (None, "slow"):
            await self.app(scope, receive, send)
            return
        if kind == "answer-lost":
            await self.app(scope, receive, _nowhere)
        else:
            await _read_all(receive)
        answers = THROTTLED if kind in ("throttled", "outage") else FAILED
        status, code = answers.get(service, answers[None])
        await _refuse(send, scope["method"], service, status, code)

    def draw(self, service: str) -> str | None:
        """What happens to the next request to this service."""
        self.requests[service] += 1
        kind = "outage" if self._is_out(service) and self._dice.random() < OUTAGE_SHARE else self._throw()
        if kind:
            self.injected[kind, service] += 1
        return kind

    def deliveries(self) -> list[float]:
        """When a notification of S3 is delivered, in seconds from now: once and at once, as a rule."""
        if not self.on:
            return [0.0]
        throw = self._dice.random()
        if throw < TWICE:
            self.injected["duplicated", "events"] += 1
            return [0.0, self._dice.uniform(*LATE_SECONDS)]
        if throw < TWICE + LATE:
            self.injected["reordered", "events"] += 1
            return [self._dice.uniform(*LATE_SECONDS)]
        return [0.0]

    def state(self) -> dict:
        """What `GET` answers."""
        injected: dict[str, dict[str, int]] = {}
        for (kind, service), count in sorted(self.injected.items()):
            injected.setdefault(kind, {})[service] = count
        return {"on": self.on, "requests": dict(sorted(self.requests.items())), "injected": injected}

    def _throw(self) -> str | None:
        throw = self._dice.random()
        for kind, share in SHARES.items():
            if throw < share:
                return kind
            throw -= share
        return None

    def _is_out(self, service: str) -> bool:
        now = self._clock()
        if now >= self._next_outage:
            # The service that happens to be asked now, so that none is out that nobody asks.
            self._out, self._next_outage = (service, now + OUTAGE_SECONDS), now + OUTAGE_EVERY_SECONDS
        return self._out is not None and self._out[0] == service and now < self._out[1]

    async def _control(self, scope: dict, receive: Receive, send: Send) -> None:
        body = await _read_all(receive)
        if scope["method"] == "POST":
            self.on = json.loads(body)["on"] is True
            self._next_outage = self._clock() + OUTAGE_EVERY_SECONDS
        await _answer(send, 200, [(b"content-type", b"application/json")], json.dumps(self.state()).encode())


def in_disorder(deliver: Callable, faults: Faults) -> Callable:
    """Delivers as `deliver` does, but some of it twice, and some of it late."""

    def deliver_in_disorder(*event, **place) -> None:
        for wait in faults.deliveries():
            if wait == 0.0:
                deliver(*event, **place)
                continue
            # In this request's context, where MiniStack keeps whose account and region it is.
            later = partial(contextvars.copy_context().run, deliver, *event, **place)
            timer = threading.Timer(wait, later)
            timer.daemon = True
            timer.start()

    return deliver_in_disorder


def function_asks(scope: dict) -> str | None:
    """The service that a request of a function is for; None for requests of anybody else."""
    for name, value in scope["headers"]:
        if name.lower() == b"authorization":
            found = SIGNED_BY.search(value.decode("latin-1"))
            return found[2] if found and found[1].startswith(TEMPORARY) else None
    return None


async def _refuse(send: Send, method: str, service: str, status: int, code: str) -> None:
    if service == "s3":
        content_type = b"application/xml"
        body = f"<?xml version='1.0' encoding='UTF-8'?><Error><Code>{code}</Code><Message>Injected.</Message></Error>"
    else:
        content_type = b"application/x-amz-json-1.0"
        body = json.dumps({"__type": code, "message": "Injected."})
    headers = [(b"content-type", content_type), (b"x-amzn-errortype", code.encode())]
    await _answer(send, status, headers, b"" if method == "HEAD" else body.encode())


async def _answer(send: Send, status: int, headers: list[tuple[bytes, bytes]], body: bytes) -> None:
    length = (b"content-length", str(len(body)).encode())
    await send({"type": "http.response.start", "status": status, "headers": [*headers, length]})
    await send({"type": "http.response.body", "body": body})


async def _read_all(receive: Receive) -> bytes:
    """The whole body: a connection on which half a request is left can't be used again."""
    body, more = b"", True
    while more:
        message = await receive()
        body += message.get("body", b"")
        more = message["type"] == "http.request" and message.get("more_body", False)
    return body


async def _nowhere(_message: dict) -> None:
    """Where a lost answer goes."""
