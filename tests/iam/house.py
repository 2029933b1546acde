"""Auctions, by way of the functions themselves: opened, bid in, closed and settled, without the HTTP API before them."""

import base64
import json
import math
import os
import time
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone

from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256

from events import from_queue, request
from stack import Answer, Stack

INTAKE, SETTLE = "BidIntakeFunction", "BidSettleFunction"
AUCTIONEER, BIDDER = "an-auctioneer", "a-bidder"
HOUR = 3600
# Seconds that an auction is open which has to close; more of them where the machine is too busy to bid in time.
SOON = (2, 4, 8, 16, 32)


class TooLate(Exception):
    """The auction had closed before it was bid in, or even opened."""


@dataclass(frozen=True)
class Auction:
    """An auction that was opened."""

    id: str
    key: dict  # the public key, as a JWK
    closes_at: datetime
    contract: str | None


def opening(seconds: float, key: str | None = None, contract: str | None = None) -> dict:
    """A request that opens an auction for so long."""
    closes_at = datetime.now(timezone.utc) + timedelta(seconds=seconds)
    terms = {"title": "Of a test", "closesAt": closes_at.isoformat(), "rule": "second-price", "currency": "EUR"}
    terms |= {"contract": contract} if contract else {}
    return request("POST /auctions", AUCTIONEER, "auctioneers", terms, key or uuid.uuid4().hex)


def opened(stack: Stack, seconds: float = HOUR, contract: str | None = None) -> Auction:
    """An auction that is open for so long."""
    answer = stack.invoke(INTAKE, opening(seconds, contract=contract))
    if status_of(answer) == "422 invalid-field":
        raise TooLate
    auction = body_of(answer, 201)
    return Auction(auction["id"], auction["key"], datetime.fromisoformat(auction["closesAt"]), contract)


def bidding(auction: Auction, bidder: str = BIDDER, amount: str = "125000.00", key: str | None = None) -> dict:
    """A request that places a bid."""
    body, key = {"envelope": sealed(auction, bidder, amount)}, key or uuid.uuid4().hex
    return request("POST /auctions/{auctionId}/bids", bidder, "bidders", body, key, auctionId=auction.id)


def bid(stack: Stack, auction: Auction, bidder: str = BIDDER) -> dict:
    """The receipt of a bid."""
    answer = stack.invoke(INTAKE, bidding(auction, bidder))
    if status_of(answer) == "409 auction-closed":
        raise TooLate
    return body_of(answer, 201)


def closed(stack: Stack, fill: Callable[[Stack, Auction], object] = bid, contract: str | None = None) -> Auction:
    """An auction that was bid in, and has closed."""
    for seconds in SOON:
        try:
            auction = opened(stack, seconds, contract and f"{contract}-{seconds}")
            fill(stack, auction)
        except TooLate:
            continue
        wait_for_close(auction)
        return auction
    raise TooLate


def asking(route: str, auction: Auction, caller: str = AUCTIONEER, group: str = "auctioneers", **more: str) -> dict:
    """A request without a body."""
    return request(route, caller, group, auctionId=auction.id, **more)


def wait_for_close(auction: Auction) -> None:
    """Until it takes no bids any more, and its key opens them: at a whole second, and one more for the clock of KMS."""
    closed = math.ceil(auction.closes_at.timestamp()) + 1
    time.sleep(max(0.0, closed - time.time()) + 0.05)


def settle(stack: Stack, auction: Auction) -> Answer:
    """Tells the settlement of an auction, as its schedule does."""
    return stack.invoke(SETTLE, from_queue({"auction": auction.id}))


def log_of(stack: Stack, auction: Auction) -> list[dict]:
    """The items of its log, in their order."""
    names = {"TableName": stack.id("AuctionsTable"), "KeyConditionExpression": "pk = :pk AND sk > :nothing"}
    values = {":pk": {"S": auction.id}, ":nothing": {"N": "0"}}
    return stack.client("dynamodb").query(**names, ExpressionAttributeValues=values, ConsistentRead=True)["Items"]


def has_schedule(stack: Stack, auction: Auction) -> bool:
    """Whether something will still happen at its close."""
    listed = stack.client("scheduler").list_schedules(GroupName=stack.id("CloseSchedules"), NamePrefix=auction.id)
    return bool(listed["Schedules"])


def status_of(answer: Answer) -> str:
    """The status of an HTTP answer, and a problem's code."""
    if answer.failed:
        return "no answer"
    body = json.loads(answer.payload.get("body") or "{}")
    problem = body.get("type", "").rpartition(":")[2]  # RFC 9457, section 3.1.1
    return " ".join(filter(None, (str(answer.payload["statusCode"]), problem)))


def body_of(answer: Answer, status: int) -> dict:
    """The body of an answer that must have this status."""
    if answer.failed or answer.payload["statusCode"] != status:
        raise AssertionError(f"{status_of(answer)} and not {status}: {answer.payload}\n{answer.log}")
    return json.loads(answer.payload.get("body") or "{}")


def sealed(auction: Auction, bidder: str, amount: str) -> str:
    """A sealed bid: a JWE in compact form (RFC 7516, section 3.1), RSA-OAEP-256 and A256GCM."""
    header = {"alg": "RSA-OAEP-256", "enc": "A256GCM", "kid": auction.key["kid"], "aid": auction.id, "sub": bidder}
    protected, content_key, nonce = _base64url(json.dumps(header).encode()), os.urandom(32), os.urandom(12)
    payload = json.dumps({"amount": amount, "currency": "EUR"}).ljust(128).encode()
    numbers = rsa.RSAPublicNumbers(*(int.from_bytes(_bytes(auction.key[part])) for part in ("e", "n")))
    wrapped = numbers.public_key().encrypt(content_key, padding.OAEP(padding.MGF1(SHA256()), SHA256(), None))
    text = AESGCM(content_key).encrypt(nonce, payload, protected.encode())
    return ".".join([protected, *map(_base64url, (wrapped, nonce, text[:-16], text[-16:]))])


def _base64url(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def _bytes(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
