"""The books of the auctions: what each bidder was told, against the log and the result. Knows no AWS."""

from collections import Counter
from dataclasses import dataclass, field
from decimal import Decimal


@dataclass(frozen=True)
class Bid:
    """A bid that was sent, once or several times."""

    bidder: str  # the claim `sub`
    amount: Decimal
    envelope_sha256: str  # of the envelope's text


@dataclass(frozen=True)
class Entry:
    """An entry of the log; the hash is there for bids."""

    position: int
    type: str
    envelope_sha256: str | None = None


@dataclass
class Books:
    """One auction, as those who took part saw it."""

    auction: str
    rule: str
    accepted: list[Bid] = field(default_factory=list)  # answered with a receipt
    refused: list[Bid] = field(default_factory=list)  # answered with a refusal
    unanswered: list[Bid] = field(default_factory=list)  # not answered, however often they were sent

    @property
    def sent(self) -> int:
        """All bids."""
        return len(self.accepted) + len(self.refused) + len(self.unanswered)


def faults(books: Books, log: list[Entry], result: dict | None) -> list[str]:
    """What is wrong with an auction that is over; `result` is the one that its auctioneer is shown."""
    if result is None:
        return [f"{books.auction}: not settled"]
    found = [*_of_log(books, log), *_of_result(books, log, result)]
    return [f"{books.auction}: {fault}" for fault in found]


def _of_log(books: Books, log: list[Entry]) -> list[str]:
    logged = {entry.envelope_sha256 for entry in log if entry.type == "bid-placed"}
    accepted, refused = _hashes(books.accepted), _hashes(books.refused)
    unknown = logged - accepted - refused - _hashes(books.unanswered)
    found = [f"{len(books.unanswered)} bids without an answer"] if books.unanswered else []
    found += [f"{len(accepted - logged)} accepted bids are not in the log"] if accepted - logged else []
    found += [f"{len(refused & logged)} refused bids are in the log"] if refused & logged else []
    found += [f"{len(unknown)} bids in the log that nobody sent"] if unknown else []
    types = Counter(entry.type for entry in log)
    for once in ("auction-opened", "auction-closed", "auction-settled"):
        if types[once] != 1:
            found.append(f"{types[once]} entries {once}")
    return found


def _of_result(books: Books, log: list[Entry], result: dict) -> list[str]:
    standing = standing_bids(books, log)
    ranked = sorted(standing, key=lambda one: (-one[1].amount, one[0]))
    expected = {"bids": len(standing), "valid": len(standing), "invalid": []}
    found = [f"{name} is {result[name]}, not {value}" for name, value in expected.items() if result[name] != value]
    winner, price = (result["winner"] or {}).get("bidder"), result.get("price")
    best = ranked[0][1].bidder if ranked else None
    if winner != best:
        found.append(f"{winner} wins, not {best}")
    if ranked and (price is None or Decimal(price) != price_of(books.rule, [bid for _, bid in ranked])):
        found.append("another price")
    return found


def standing_bids(books: Books, log: list[Entry]) -> list[tuple[int, Bid]]:
    """The last bid of each bidder in the log, with its position. An envelope that is placed again changes nothing."""
    known = {bid.envelope_sha256: bid for bid in [*books.accepted, *books.refused, *books.unanswered]}
    first: dict[str, int] = {}
    for entry in sorted(log, key=lambda entry: entry.position):
        if entry.envelope_sha256 in known:
            first.setdefault(entry.envelope_sha256, entry.position)
    last: dict[str, tuple[int, Bid]] = {}
    for envelope, position in first.items():
        last[known[envelope].bidder] = (position, known[envelope])
    return list(last.values())


def price_of(rule: str, ranked: list[Bid]) -> Decimal:
    """What the winner pays: their own amount; under second-price the next one's, if there is one."""
    return ranked[1 if rule == "second-price" and len(ranked) > 1 else 0].amount


def _hashes(bids: list[Bid]) -> set[str]:
    return {bid.envelope_sha256 for bid in bids}
