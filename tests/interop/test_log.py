"""A log and a receipt made by the formulas of docs/sealed-bids.md, with nothing but Python's standard library."""

import datetime
import hashlib
import json
import unittest

from ours import Ours, Refused

AUCTION = "01JZ8W6T3B9Q4VXK5M7N2P0RSD"
OPENED = datetime.datetime(2026, 3, 1, 11, 0, 0, 123000, datetime.timezone.utc)
BIDDERS = ["1f0c7f1e-5a52", "zoë \"the buyer\"", "b/\\c"]
RESULT = {
    "auctionId": AUCTION,
    "winner": {"bidId": "3", "bidder": BIDDERS[1]},
    "bids": 5,
    "valid": 2,
    "invalid": [
        {"bidId": "10", "reason": "bid-other-currency"},
        {"bidId": "9", "reason": "envelope-does-not-open"},
        {"bidId": "17", "reason": "bid-other-currency"},
    ],
    "sealed": "AQICAHh+/==",
}


def sha256(*parts: bytes) -> bytes:
    """The hash of the parts, one after the other."""
    return hashlib.sha256(b"".join(parts)).digest()


def bid_placed(bidder: str, envelope: str) -> bytes:
    """What is hashed of a bid."""
    event = {"type": "bid-placed", "bidder": bidder, "seal": "jwe", "envelopeSha256": sha256(envelope.encode()).hex()}
    return json.dumps(event, separators=(",", ":"), ensure_ascii=False).encode()


def settled(result: dict) -> bytes:
    """What is hashed of the settlement, made of its result as everybody sees it."""
    invalid: dict[str, list[int]] = {}
    for bid in sorted(result["invalid"], key=lambda bid: (bid["reason"], int(bid["bidId"]))):
        invalid.setdefault(bid["reason"], []).append(int(bid["bidId"]))
    winner = {"bid": int(result["winner"]["bidId"]), "bidder": result["winner"]["bidder"]}
    outcome = {"winner": winner, "bids": result["bids"], "valid": result["valid"], "invalid": invalid}
    outcome |= {"logHead": result["logHead"], "sealed": result["sealed"]}
    return json.dumps({"type": "auction-settled", "outcome": outcome}, separators=(",", ":"), ensure_ascii=False).encode()


def log_of(bodies: list[bytes]) -> dict:
    """The log of these events, one a minute."""
    head, links = sha256(b"gatehouse-log-1", AUCTION.encode()), []
    for position, body in enumerate(bodies, 1):
        at = OPENED + datetime.timedelta(minutes=position)
        milliseconds = (at - datetime.datetime.fromtimestamp(0, datetime.timezone.utc)) // datetime.timedelta(milliseconds=1)
        digest = sha256(body)
        numbers = position.to_bytes(8, "big"), milliseconds.to_bytes(8, "big", signed=True)
        head = sha256(b"gatehouse-log-1", head, *numbers, digest)
        at = at.isoformat(timespec="milliseconds").replace("+00:00", "Z")
        links.append({"position": position, "at": at, "digest": digest.hex(), "hash": head.hex()})
    return {"auctionId": AUCTION, "links": links}


def receipt_of(log: dict, position: int, bidder: str, envelope: str) -> dict:
    """The receipt of the bid at this position."""
    link = log["links"][position - 1]
    sha = sha256(envelope.encode()).hex()
    return {"auctionId": AUCTION, "bidId": str(position), "envelopeSha256": sha, "bidder": bidder, **link}


class DocumentedLog(unittest.TestCase):
    """What is written by the document is what the tool expects."""

    @classmethod
    def setUpClass(cls):
        cls.ours = Ours()
        bids = [bid_placed(bidder, f"envelope of {bidder}") for bidder in BIDDERS]
        cls.log = log_of([b"whatever the opening says", *bids])

    def test_it_is_whole_and_agrees_with_every_bidders_receipt(self):
        for position, bidder in enumerate(BIDDERS, 2):
            with self.subTest(bidder=bidder):
                receipt = receipt_of(self.log, position, bidder, f"envelope of {bidder}")
                said = self.ours.verify(log=self.log, receipt=receipt)
                self.assertIn(f"position {position} agrees", said)

    def test_it_does_not_agree_with_a_receipt_for_another_envelope(self):
        with self.assertRaisesRegex(Refused, "receipt-not-in-log: position 2"):
            self.ours.verify(log=self.log, receipt=receipt_of(self.log, 2, BIDDERS[0], "another envelope"))

    def test_it_ends_with_the_result_and_with_no_other(self):
        bodies = [b"whatever the opening says", b'{"type":"auction-closed"}']
        result = RESULT | {"logHead": log_of(bodies)["links"][-1]["hash"]}
        log = log_of([*bodies, settled(result)])
        self.assertIn("ends with the result", self.ours.verify(log=log, result=result))
        other = result | {"winner": {"bidId": "2", "bidder": BIDDERS[1]}}
        with self.assertRaisesRegex(Refused, "result-not-in-log: position 3"):
            self.ours.verify(log=log, result=other)


if __name__ == "__main__":
    unittest.main()
