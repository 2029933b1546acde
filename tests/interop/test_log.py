"""A log and a receipt made by the formulas of docs/sealed-bids.md, with nothing but Python's standard library."""

import datetime
import hashlib
import json
import unittest

from ours import Ours, Refused

AUCTION = "01JZ8W6T3B9Q4VXK5M7N2P0RSD"
OPENED = datetime.datetime(2026, 3, 1, 11, 0, 0, 123000, datetime.timezone.utc)
BIDDERS = ["1f0c7f1e-5a52", "zoë \"the buyer\"", "b/\\c"]


def sha256(*parts: bytes) -> bytes:
    """The hash of the parts, one after the other."""
    return hashlib.sha256(b"".join(parts)).digest()


def bid_placed(bidder: str, envelope: str) -> bytes:
    """What is hashed of a bid."""
    event = {"type": "bid-placed", "bidder": bidder, "seal": "jwe", "envelopeSha256": sha256(envelope.encode()).hex()}
    return json.dumps(event, separators=(",", ":"), ensure_ascii=False).encode()


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
                said = self.ours.verify(self.log, receipt_of(self.log, position, bidder, f"envelope of {bidder}"))
                self.assertIn(f"position {position} agrees", said)

    def test_it_does_not_agree_with_a_receipt_for_another_envelope(self):
        with self.assertRaisesRegex(Refused, "receipt-not-in-log: position 2"):
            self.ours.verify(self.log, receipt_of(self.log, 2, BIDDERS[0], "another envelope"))


if __name__ == "__main__":
    unittest.main()
