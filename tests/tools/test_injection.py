"""That faults are injected where they should be, and nowhere else."""

import asyncio
import json
import threading
import unittest

from gatehouse_local.injection import (
    CONTROL,
    OUTAGE_EVERY_SECONDS,
    OUTAGE_SECONDS,
    Faults,
    function_asks,
    in_disorder,
)

FUNCTION = "AWS4-HMAC-SHA256 Credential=ASIAFUNCTION/20260101/us-east-1/{}/aws4_request, SignedHeaders=host, Signature=00"
DEPLOYER = FUNCTION.replace("ASIAFUNCTION", "test")


class Always(Faults):
    """Faults of one kind."""

    def __init__(self, kind: str | None):
        super().__init__(self.ministack, 1)
        self.on, self.kind, self.asked = True, kind, 0

    def draw(self, service: str) -> str | None:
        return self.kind

    async def ministack(self, _scope, _receive, send) -> None:
        self.asked += 1
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b"done"})


def ask(app: Faults, authorization: str, method: str = "PUT", path: str = "/", body: bytes = b"") -> tuple[int, bytes]:
    """One request through; the status and body of its answer."""
    sent: list[dict] = []

    async def receive() -> dict:
        return {"type": "http.request", "body": body, "more_body": False}

    async def send(message: dict) -> None:
        sent.append(message)

    headers = [(b"Authorization", authorization.encode())]
    asyncio.run(app({"type": "http", "method": method, "path": path, "headers": headers}, receive, send))
    return sent[0]["status"], sent[1]["body"]


class Requests(unittest.TestCase):
    """What becomes of a request."""

    def test_a_throttled_request_is_refused_and_has_no_effect(self):
        app = Always("throttled")
        status, body = ask(app, FUNCTION.format("dynamodb"))
        self.assertEqual((status, app.asked), (400, 0))
        self.assertEqual(json.loads(body)["__type"], "ProvisionedThroughputExceededException")

    def test_s3_says_it_in_its_own_way_and_a_head_has_no_body(self):
        status, body = ask(Always("throttled"), FUNCTION.format("s3"))
        self.assertEqual(status, 503)
        self.assertIn(b"<Code>SlowDown</Code>", body)
        self.assertEqual(ask(Always("throttled"), FUNCTION.format("s3"), method="HEAD"), (503, b""))

    def test_a_request_whose_answer_is_lost_has_its_effect(self):
        app = Always("answer-lost")
        self.assertEqual((ask(app, FUNCTION.format("s3"))[0], app.asked), (500, 1))

    def test_a_request_that_meets_nothing_is_answered_by_ministack(self):
        self.assertEqual(ask(Always(None), FUNCTION.format("s3")), (200, b"done"))

    def test_requests_of_anybody_but_a_function_meet_nothing(self):
        for authorization in (DEPLOYER.format("s3"), "Bearer token", ""):
            self.assertEqual(ask(Always("throttled"), authorization), (200, b"done"))

    def test_while_it_is_off_nothing_is_met(self):
        app = Always("throttled")
        app.on = False
        self.assertEqual(ask(app, FUNCTION.format("s3")), (200, b"done"))

    def test_the_service_is_the_one_that_the_signature_names(self):
        scope = {"headers": [(b"authorization", FUNCTION.format("kms").encode())]}
        self.assertEqual(function_asks(scope), "kms")


class Dice(unittest.TestCase):
    """What is drawn."""

    def setUp(self):
        self.now = 0.0
        self.faults = Faults(None, 1, clock=lambda: self.now)
        self.faults.on = True

    def test_most_requests_meet_nothing_and_every_kind_is_met(self):
        drawn = [self.faults.draw("s3") for _ in range(2000)]
        self.assertGreater(drawn.count(None), 1700)
        self.assertEqual(set(drawn), {None, "throttled", "server-error", "answer-lost", "slow"})
        self.assertEqual(sum(self.faults.injected.values()), 2000 - drawn.count(None))

    def test_the_same_seed_draws_the_same(self):
        other = Faults(None, 1, clock=lambda: 0.0)
        self.assertEqual([self.faults.draw("s3") for _ in range(500)], [other.draw("s3") for _ in range(500)])

    def test_an_outage_hits_one_service_and_ends(self):
        self.now = OUTAGE_EVERY_SECONDS
        self.assertGreater([self.faults.draw("s3") for _ in range(100)].count("outage"), 50)
        self.assertEqual([self.faults.draw("kms") for _ in range(100)].count("outage"), 0)
        self.now += OUTAGE_SECONDS
        self.assertEqual([self.faults.draw("s3") for _ in range(100)].count("outage"), 0)

    def test_some_events_come_twice_and_some_late(self):
        deliveries = [self.faults.deliveries() for _ in range(1000)]
        self.assertIn([0.0], deliveries)
        self.assertTrue(any(len(one) == 2 for one in deliveries))
        self.assertTrue(any(len(one) == 1 and one[0] > 0.0 for one in deliveries))

    def test_an_event_is_never_lost(self):
        arrived: list[str] = []
        self.faults.deliveries = lambda: [0.01]
        in_disorder(lambda event, *, region: arrived.append(event + region), self.faults)("late ", region="here")
        for timer in threading.enumerate():
            if isinstance(timer, threading.Timer):
                timer.join()
        self.assertEqual(arrived, ["late here"])

    def test_it_is_switched_and_counted_from_outside(self):
        app = Faults(None, 1)
        answer = ask(app, "", "POST", CONTROL, b'{"on": true}')
        self.assertEqual((answer[0], json.loads(answer[1])["on"], app.on), (200, True, True))
        app.draw("s3")
        self.assertEqual(json.loads(ask(app, "", "GET", CONTROL)[1])["requests"], {"s3": 1})


if __name__ == "__main__":
    unittest.main()
