"""What the deployed API has before it is tested: auctions in each phase, and bids in them."""

import json
import os
import time
import uuid
from datetime import datetime, timedelta, timezone

import requests
from joserfc import jwe
from joserfc.jwk import RSAKey

API = os.environ["GATEHOUSE_API_URL"]
SETTLE_SECONDS = 90


def users(group: str) -> list[dict]:
    """The people of one group, as `gatehouse_local` made them."""
    return [user for user in json.loads(os.environ["GATEHOUSE_USERS"]) if user["group"] == group]


def prepare() -> dict:
    """Auctions, by the operation that makes something of them; bids of the first bidder's; and envelopes for more."""
    auctioneer, bidder = users("auctioneers")[0], users("bidders")[0]
    settled = _open(auctioneer, 10)
    bids = [_bid(bidder, settled)["bidId"]]
    running, cancelled, to_cancel = (_open(auctioneer, 3600) for _ in range(3))
    bids += [_bid(bidder, running)["bidId"] for _ in range(2)]
    _call("DELETE", f"/auctions/{cancelled['id']}", auctioneer)
    _wait_for_result(settled, auctioneer)
    everything = [running["id"], settled["id"], cancelled["id"]]
    return {
        "auctions": {
            "placeBid": [running["id"]],
            "showReceipt": [running["id"]],
            "withdrawBid": [running["id"]],
            "showResult": [settled["id"]],
            "cancelAuction": [to_cancel["id"], settled["id"]],
        },
        "any": everything,
        "bids": sorted(set(bids)),
        "envelopes": [_sealed(bidder, running) for _ in range(8)],
        "closesAt": _in(3600),
    }


def _open(auctioneer: dict, seconds: int) -> dict:
    terms = {"title": "For schemathesis", "closesAt": _in(seconds)}
    return _call("POST", "/auctions", auctioneer, terms | {"rule": "second-price", "currency": "EUR", "reserve": "10.00"})


def _in(seconds: int) -> str:
    return (datetime.now(timezone.utc) + timedelta(seconds=seconds)).strftime("%Y-%m-%dT%H:%M:%SZ")


def _bid(bidder: dict, auction: dict) -> dict:
    return _call("POST", f"/auctions/{auction['id']}/bids", bidder, {"envelope": _sealed(bidder, auction)})


def _sealed(bidder: dict, auction: dict) -> str:
    key = auction["key"]
    header = {"alg": "RSA-OAEP-256", "enc": "A256GCM", "kid": key["kid"], "aid": auction["id"], "sub": bidder["sub"]}
    payload = json.dumps({"amount": "125000.00", "currency": "EUR"}).ljust(128)
    registry = jwe.JWERegistry(algorithms=["RSA-OAEP-256", "A256GCM"], strict_check_header=False)
    return jwe.encrypt_compact(header, payload.encode(), RSAKey.import_key(key), registry=registry)


def _wait_for_result(auction: dict, auctioneer: dict) -> None:
    deadline = time.monotonic() + SETTLE_SECONDS
    while (answer := _ask("GET", f"/auctions/{auction['id']}/result", auctioneer)).status_code == 404:
        if time.monotonic() > deadline:
            raise SystemExit(f"auction {auction['id']} was not settled within {SETTLE_SECONDS} s")
        time.sleep(0.5)
    answer.raise_for_status()


def _call(method: str, path: str, user: dict, body: dict | None = None) -> dict:
    answer = _ask(method, path, user, body)
    if not answer.ok:
        raise SystemExit(f"{method} {path}: {answer.status_code} {answer.text}")
    return answer.json() if answer.content else {}


def _ask(method: str, path: str, user: dict, body: dict | None = None) -> requests.Response:
    headers = {"Authorization": f"Bearer {user['token']}"}
    if body is not None:
        headers["Idempotency-Key"] = uuid.uuid4().hex
    return requests.request(
        method, API + path, json=body, headers=headers, verify=os.environ["AWS_CA_BUNDLE"], timeout=30
    )
