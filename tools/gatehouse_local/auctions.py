"""Holds two auctions on the local stack, one of each rule, with the `gatehouse` command alone, and judges the results.

Ten bidders in each: two tie, one replaces a bid, one withdraws the highest, one sends garbage.
"""

import json
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta, timezone

from . import settings
from .deployment import Deployment
from .steps import StepFailed, say
from .tool import Tool
from .users import User

OPEN_SECONDS = 20
SETTLE_SECONDS = 90  # the first settlement also waits for the function's cold start
CURRENCY = "EUR"

# What each of the ten bids. Under second-price, number 5 outbids the two that tie, and pays what they bid.
AMOUNTS = {
    "first-price": "100000 150000 90000 120000 139999.99 140000 140000.00 125000.50 0.01 130000".split(),
    "second-price": "100000 150000 90000 120000 141000.00 140000 140000.00 125000.50 0.01 130000".split(),
}
REPLACES, WITHDRAWS, SPOILS, FIRST_OF_THE_TIE = 3, 2, 4, 6
REPLACEMENT = "110000"
WINNER = {"first-price": FIRST_OF_THE_TIE, "second-price": 5}
WINS_WITH = {"first-price": "140000.00", "second-price": "141000.00"}
PRICE = "140000.00"


@dataclass
class Row:
    """What one bidder did, and what they were told."""

    bidder: User
    amount: str
    did: str = "bids"
    receipts: list[dict] = field(default_factory=list)
    told: str = ""


@dataclass
class Auction:
    """One auction of the demonstration."""

    rule: str
    id: str
    rows: list[Row]
    price: str = "-"
    faults: list[str] = field(default_factory=list)


def hold_auctions(deployment: Deployment) -> list[Auction]:
    """Opens both, lets everybody bid, waits for the settlements and compares them with what they have to be."""
    say(f"Holding two auctions, {OPEN_SECONDS} seconds each")
    auctions = [_open(deployment, rule) for rule in AMOUNTS]
    for auction in auctions:
        for place, row in enumerate(auction.rows, start=1):
            _noting(auction, lambda: _bid(deployment, auction, place, row))
    for auction in auctions:
        _noting(auction, lambda: _judge(deployment, auction, _result(deployment, auction)))
    return auctions


def _noting(auction: Auction, step) -> None:
    try:
        step()
    except StepFailed as failure:
        auction.faults.append(str(failure))


def _open(deployment: Deployment, rule: str) -> Auction:
    closes_at = datetime.now(timezone.utc) + timedelta(seconds=OPEN_SECONDS)
    opened = _auctioneer(deployment).run(
        *("auction", "open", "--api", deployment.api_url, "--title", f"A house by the sea, {rule}"),
        *("--closes-at", closes_at.strftime("%Y-%m-%dT%H:%M:%SZ"), "--rule", rule, "--currency", CURRENCY),
    )
    bidders = [user for user in deployment.users if user.group == "bidders"]
    return Auction(rule, opened["id"], [Row(*pair) for pair in zip(bidders, AMOUNTS[rule])])


def _bid(deployment: Deployment, auction: Auction, place: int, row: Row) -> None:
    tool, there = Tool(deployment, row.bidder), _there(deployment, auction)
    if place == SPOILS:
        row.did = "spoils the envelope"
        row.receipts.append(tool.run("post", *there, "-", typed=_spoilt(tool, there, row)))
        if not tool.refused("", "post", *there, "-", typed="garbage"):
            auction.faults.append("garbage was taken for a bid")
        return
    row.receipts.append(_send(tool, there, row, row.amount))
    if place == REPLACES:
        row.did = f"bids, then {REPLACEMENT}"
        row.receipts.append(_send(tool, there, row, REPLACEMENT))
    if place == WITHDRAWS:
        row.did = "bids, then withdraws"
        tool.run("auction", "withdraw", *there, "--bid", row.receipts[0]["bidId"])


def _send(tool: Tool, there: tuple[str, ...], row: Row, amount: str) -> dict:
    whose = ("--bidder", row.bidder.sub, "--amount", "-", "--currency", CURRENCY)
    return tool.run("bid", *there, *whose, typed=amount)


def _spoilt(tool: Tool, there: tuple[str, ...], row: Row) -> str:
    """An envelope that looks right and does not open: one character of its ciphertext is another."""
    whose = ("--bidder", row.bidder.sub, "--amount", "-", "--currency", CURRENCY)
    *head, ciphertext, tag = tool.run("seal", *there, *whose, typed=row.amount)["text"].split(".")
    ciphertext = ("B" if ciphertext[0] == "A" else "A") + ciphertext[1:]
    return ".".join([*head, ciphertext, tag])


def _result(deployment: Deployment, auction: Auction) -> dict:
    """What the auctioneer is told, as soon as there is a result."""
    tool, there = _auctioneer(deployment), _there(deployment, auction)
    deadline = time.monotonic() + OPEN_SECONDS + SETTLE_SECONDS
    while time.monotonic() < deadline:
        if not tool.refused("not-settled", "auction", "result", *there):
            return tool.run("auction", "result", *there)
        time.sleep(0.5)
    raise StepFailed(f"not settled {SETTLE_SECONDS} s after the close")


def _judge(deployment: Deployment, auction: Auction, result: dict) -> None:
    auction.price = result.get("price", "-")
    auction.faults += _wrong(auction, result)
    for row in auction.rows:
        tool, there = Tool(deployment, row.bidder), _there(deployment, auction)
        told = tool.run("auction", "result", *there)
        row.told = f"won with {told['amount']}" if "amount" in told else "did not win"
        own = WINS_WITH[auction.rule] if row is auction.rows[WINNER[auction.rule] - 1] else None
        if told.get("amount") != own or "price" in told:
            auction.faults.append(f"{row.bidder.name} is told amount {told.get('amount')}, price {told.get('price')}")
    auction.faults += _receipts_of_others(deployment, auction)
    _verify(deployment, auction, result)


def _wrong(auction: Auction, result: dict) -> Iterator[str]:
    winner, spoilt = auction.rows[WINNER[auction.rule] - 1], auction.rows[SPOILS - 1]
    expected = {
        "winner": {"bidId": winner.receipts[-1]["bidId"], "bidder": winner.bidder.sub},
        "price": PRICE,
        "bids": len(auction.rows) - 1,
        "valid": len(auction.rows) - 2,
    }
    for member, value in expected.items():
        if result.get(member) != value:
            yield f"{member} is {result.get(member)}, not {value}"
    if [invalid["bidId"] for invalid in result["invalid"]] != [spoilt.receipts[0]["bidId"]]:
        yield f"invalid are {result['invalid']}"


def _receipts_of_others(deployment: Deployment, auction: Auction) -> Iterator[str]:
    there = _there(deployment, auction)
    for row, other in zip(auction.rows, auction.rows[1:] + auction.rows[:1]):
        bid = ("--bid", row.receipts[-1]["bidId"])
        if Tool(deployment, row.bidder).run("auction", "receipt", *there, *bid) != row.receipts[-1]:
            yield f"{row.bidder.name}: another receipt than before"
        if not Tool(deployment, other.bidder).refused("no-such-bid", "auction", "receipt", *there, *bid):
            yield f"{other.bidder.name} sees a receipt of {row.bidder.name}"


def _verify(deployment: Deployment, auction: Auction, result: dict) -> None:
    """The chain of hashes, with every receipt and the result."""
    folder = settings.OUT / "auctions" / auction.id
    folder.mkdir(parents=True, exist_ok=True)
    documents = [receipt for row in auction.rows for receipt in row.receipts]
    paths = [folder / f"receipt-{receipt['bidId']}.json" for receipt in documents] + [folder / "result.json"]
    for path, document in zip(paths, [*documents, result]):
        path.write_text(json.dumps(document, indent=2))
    receipts = [argument for path in paths[:-1] for argument in ("--receipt", str(path))]
    there = _there(deployment, auction)
    _auctioneer(deployment).run("auction", "verify", *there, *receipts, "--result", str(paths[-1]), "--json")


def _there(deployment: Deployment, auction: Auction) -> tuple[str, ...]:
    return ("--api", deployment.api_url, "--auction", auction.id)


def _auctioneer(deployment: Deployment) -> Tool:
    return Tool(deployment, next(user for user in deployment.users if user.group == "auctioneers"))
