"""That the books of the auctions notice what is wrong."""

import unittest
from decimal import Decimal

from bid_accounts import Bid, Books, Entry, faults


def bid(bidder: str, amount: str) -> Bid:
    return Bid(bidder, Decimal(amount), f"{bidder} {amount}")


def log_of(*bids: Bid) -> list[Entry]:
    placed = [Entry(place, "bid-placed", one.envelope_sha256) for place, one in enumerate(bids, start=2)]
    end = len(bids) + 2
    return [Entry(1, "auction-opened"), *placed, Entry(end, "auction-closed"), Entry(end + 1, "auction-settled")]


def result(winner: str, price: str, bids: int) -> dict:
    return {"winner": {"bidder": winner, "bidId": "2"}, "price": price, "bids": bids, "valid": bids, "invalid": []}


class Auctions(unittest.TestCase):
    """`faults`."""

    def setUp(self):
        self.bids = [bid("anna", "10.00"), bid("bert", "30.00"), bid("bert", "20.00")]
        self.books = Books("A", "second-price", accepted=list(self.bids), refused=[bid("carl", "99.00")])
        self.result = result("bert", "10.00", 2)

    def faults(self, log: list[Entry] | None = None) -> list[str]:
        return faults(self.books, log or log_of(*self.bids), self.result)

    def test_an_auction_in_which_everything_is_right_has_none(self):
        self.assertEqual(self.faults(), [])
        self.books.rule, self.result["price"] = "first-price", "20"
        self.assertEqual(self.faults(), [])

    def test_an_accepted_bid_that_is_not_in_the_log_is_one(self):
        self.books.accepted.append(bid("dora", "1.00"))
        self.assertEqual(self.faults(), ["A: 1 accepted bids are not in the log"])

    def test_a_refused_bid_in_the_log_is_one(self):
        log = log_of(*self.bids, bid("carl", "99.00"))
        self.assertIn("A: 1 refused bids are in the log", self.faults(log))

    def test_a_bid_that_nobody_sent_is_one(self):
        self.assertIn("A: 1 bids in the log that nobody sent", self.faults(log_of(*self.bids, bid("eve", "5.00"))))

    def test_a_bid_without_an_answer_is_one(self):
        self.books.unanswered.append(bid("dora", "1.00"))
        self.assertEqual(self.faults(), ["A: 1 bids without an answer"])

    def test_another_winner_price_or_count_is_one(self):
        for wrong in ({"winner": {"bidder": "anna", "bidId": "2"}}, {"winner": None}, {"price": "30.00"}, {"bids": 3}):
            with self.subTest(wrong):
                self.result = result("bert", "10.00", 2) | wrong
                self.assertEqual(len(self.faults()), 1)

    def test_an_entry_of_the_same_envelope_again_changes_nothing(self):
        self.assertEqual(self.faults(log_of(*self.bids, self.bids[1])), [])

    def test_settled_twice_or_never_is_one(self):
        twice = [*log_of(*self.bids), Entry(9, "auction-settled")]
        self.assertEqual(self.faults(twice), ["A: 2 entries auction-settled"])
        self.assertEqual(faults(self.books, [], None), ["A: not settled"])


if __name__ == "__main__":
    unittest.main()
