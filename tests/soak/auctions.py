"""Auctions for the soak: each takes bids for a short while, and is settled while the next one takes its own."""

import hashlib
import json
import random
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import datetime, timedelta, timezone
from decimal import Decimal
from pathlib import Path

from gatehouse_local.deployment import Deployment
from gatehouse_local.steps import StepFailed
from gatehouse_local.tool import Tool
from gatehouse_local.users import User

from bid_accounts import Bid, Books, Entry

OPEN_SECONDS = 40
RULES = ("first-price", "second-price")
CURRENCY = "EUR"
# Of all bids: sent by two at the same moment, with the same key; sealed for another auction, which is refused.
TWIN_SHARE, STRAY_SHARE = 0.10, 0.05
TRIES, BETWEEN_TRIES = 8, 2.0
REFUSED = 65  # the tool's exit code
BIDDERS_AT_ONCE = 4
NO_AUCTION = "00000000000000000000000000"


@dataclass
class House:
    """Holds auctions one after the other."""

    deployment: Deployment
    dice: random.Random
    held: list[Books] = field(default_factory=list)
    failed: list[str] = field(default_factory=list)  # what stopped an auction

    def run(self, until: float) -> None:
        """Opens the last auction so that its bids are in by then (of the monotonic clock)."""
        while time.monotonic() + OPEN_SECONDS < until or not (self.held or self.failed):
            try:
                self._hold(self.dice.choice(RULES))
            except StepFailed as failure:
                self.failed.append(str(failure))

    def _hold(self, rule: str) -> None:
        started = time.monotonic()
        opened = self._open(rule)
        books = Books(opened["id"], rule)
        self.held.append(books)
        with tempfile.TemporaryDirectory() as folder, ThreadPoolExecutor(BIDDERS_AT_ONCE) as bidders:
            key = Path(folder) / "key.jwk"
            key.write_text(json.dumps(opened["key"]))
            # Past the close, too: the last bids have to be refused.
            while time.monotonic() - started < OPEN_SECONDS + 2:
                round_of = self.dice.sample(self._bidders(), BIDDERS_AT_ONCE)
                seeds = [self.dice.random() for _ in round_of]
                list(bidders.map(lambda one: self._bid(books, key, *one), zip(round_of, seeds)))

    def _open(self, rule: str) -> dict:
        closes_at = datetime.now(timezone.utc) + timedelta(seconds=OPEN_SECONDS)
        opened = self.auctioneer().run(
            *("auction", "open", "--api", self.deployment.api_url, "--title", f"Soak, {rule}"),
            *("--closes-at", closes_at.strftime("%Y-%m-%dT%H:%M:%SZ"), "--rule", rule, "--currency", CURRENCY),
        )
        return self.auctioneer().run("auction", "show", *self._there(opened["id"]))

    def _bid(self, books: Books, key: Path, user: User, seed: float) -> None:
        """Seals a bid, sends it until it is answered, and writes down the answer."""
        dice, tool = random.Random(seed), Tool(self.deployment, user)
        amount = Decimal(dice.randrange(1, 100_000_000)) / 100
        sealed_for = NO_AUCTION if dice.random() < STRAY_SHARE else books.auction
        whose = ("--auction", sealed_for, "--bidder", user.sub, "--amount", "-", "--currency", CURRENCY)
        envelope = tool.run("seal", *whose, "--key", str(key), typed=str(amount))["text"]
        bid = Bid(user.sub, amount, hashlib.sha256(envelope.encode()).hexdigest())
        idempotency_key = f"{dice.getrandbits(128):032x}"
        if dice.random() < TWIN_SHARE:
            with ThreadPoolExecutor(2) as twins:
                sent = [twins.submit(self._post, tool, books.auction, envelope, idempotency_key) for _ in range(2)]
                answers = {one.result() for one in sent}
        else:
            answers = {self._post(tool, books.auction, envelope, idempotency_key)}
        # Of twins, the one that has an answer tells what became of both.
        books_of = {True: books.accepted, False: books.refused, None: books.unanswered}
        books_of[next((one for one in (True, False) if one in answers), None)].append(bid)

    def _post(self, tool: Tool, auction: str, envelope: str, key: str) -> bool | None:
        """Whether it was accepted; None without an answer. The tool itself tries six times, each time."""
        for _ in range(TRIES):
            arguments = ("post", *self._there(auction), "--idempotency-key", key, "-")
            code = tool.attempt(*arguments, typed=envelope).returncode
            if code in (0, REFUSED):
                return code == 0
            time.sleep(BETWEEN_TRIES)
        return None

    def auctioneer(self) -> Tool:
        """Who opens the auctions, and may see the results."""
        return Tool(self.deployment, next(user for user in self.deployment.users if user.group == "auctioneers"))

    def _bidders(self) -> list[User]:
        return [user for user in self.deployment.users if user.group == "bidders"]

    def _there(self, auction: str) -> tuple[str, ...]:
        return ("--api", self.deployment.api_url, "--auction", auction)

    def result(self, books: Books) -> dict | None:
        """What the auctioneer is told; None as long as nothing is settled."""
        try:
            return self.auctioneer().run("auction", "result", *self._there(books.auction))
        except StepFailed:
            return None


def log_of(deployment: Deployment, auction: str) -> list[Entry]:
    """All entries of an auction's log, from the table itself."""
    items = deployment.client("dynamodb").get_paginator("query").paginate(
        TableName=deployment.outputs["AuctionsTableName"],
        KeyConditionExpression="pk = :auction AND sk > :snapshots",
        ExpressionAttributeValues={":auction": {"S": auction}, ":snapshots": {"N": "0"}},
        ConsistentRead=True,
    )
    return [_entry(item) for page in items for item in page["Items"]]


def _entry(item: dict) -> Entry:
    kind = item["type"]["S"]
    envelope = json.loads(item["body"]["S"])["envelopeSha256"] if kind == "bid-placed" else None
    return Entry(int(item["sk"]["N"]), kind, envelope)
