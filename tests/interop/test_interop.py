"""Envelopes of other JOSE libraries open here, and ours open there."""

import base64
import json
import unittest

from joserfc.jwk import RSAKey

from ours import Ours, Refused
from theirs import Joserfc, Jose

AUCTION = "01JZ8W6T3B9Q4VXK5M7N2P0RSD"
OTHER_AUCTION = "01JZ8W6T3B9Q4VXK5M7N2P0RSE"
BIDDER = "1f0c7f1e-5a52-4f0e-9d3b-zoë"
AMOUNT, CURRENCY = "125000.00", "EUR"
KID = "arn:aws:kms:eu-central-1:111122223333:key/1234abcd"


class Key:
    """A key pair as the auction house's, in the forms that the libraries take."""

    def __init__(self, bits: int):
        self.pair = RSAKey.generate_key(bits, {"kid": KID, "use": "enc", "alg": "RSA-OAEP-256"})
        self.public = self.pair.as_dict(private=False)
        self.private_der = self.pair.as_der(private=True)


class Interop(unittest.TestCase):
    """Every library against ours, in both directions, with keys of two sizes."""

    @classmethod
    def setUpClass(cls):
        cls.ours = Ours()
        cls.libraries = {"joserfc": Joserfc(), "jose": Jose()}
        cls.keys = {bits: Key(bits) for bits in (2048, 4096)}

    def each(self, check):
        """Runs a check with every library and every key."""
        for name, library in self.libraries.items():
            for bits, key in self.keys.items():
                with self.subTest(library=name, bits=bits):
                    check(library, key)

    def opened(self, key: Key, envelope: str, auction=AUCTION, bidder=BIDDER, kid=KID) -> dict:
        return self.ours.open(key.private_der, kid, auction, bidder, envelope)

    def test_what_they_seal_as_documented_opens_here(self):
        def check(library, key):
            envelope = library.seal(key.public, AUCTION, BIDDER, AMOUNT, CURRENCY)
            self.assertEqual(self.opened(key, envelope), {"amount": AMOUNT, "currency": CURRENCY})

        self.each(check)

    def test_what_we_seal_opens_there_and_says_whose_bid_it_is(self):
        def check(library, key):
            opened = library.open(key.pair, self.ours.seal(key.public, AUCTION, BIDDER, AMOUNT, CURRENCY))
            self.assertEqual(json.loads(opened["payload"]), {"amount": AMOUNT, "currency": CURRENCY})
            header = {"alg": "RSA-OAEP-256", "enc": "A256GCM", "kid": KID, "aid": AUCTION, "sub": BIDDER}
            self.assertEqual(opened["header"], header)

        self.each(check)

    def test_the_length_of_what_they_seal_tells_nothing_of_the_amount(self):
        def check(library, key):
            sealed = [library.seal(key.public, AUCTION, BIDDER, it, CURRENCY) for it in ("1", "123456789012.34")]
            sealed.append(self.ours.seal(key.public, AUCTION, BIDDER, "1", CURRENCY))
            ciphertexts = {len(envelope.split(".")[3]) for envelope in sealed}
            self.assertEqual(len(ciphertexts), 1, ciphertexts)

        self.each(check)

    def test_an_envelope_of_theirs_can_not_be_moved_to_another_auction_bidder_or_key(self):
        def check(library, key):
            envelope = library.seal(key.public, AUCTION, BIDDER, AMOUNT, CURRENCY)
            for moved in ({"auction": OTHER_AUCTION}, {"bidder": "somebody-else"}, {"kid": "another"}):
                with self.assertRaisesRegex(Refused, "^envelope-other-(auction|bidder|key):"):
                    self.opened(key, envelope, **moved)

        self.each(check)

    def test_an_envelope_of_theirs_with_its_header_rewritten_does_not_open(self):
        def check(library, key):
            header, rest = library.seal(key.public, AUCTION, BIDDER, AMOUNT, CURRENCY).split(".", 1)
            members = json.loads(base64.urlsafe_b64decode(header + "=="))
            forged = json.dumps(members | {"aid": OTHER_AUCTION}, separators=(",", ":")).encode()
            forged = base64.urlsafe_b64encode(forged).decode().rstrip("=")
            with self.assertRaisesRegex(Refused, "^envelope-does-not-open:"):
                self.opened(key, f"{forged}.{rest}", auction=OTHER_AUCTION)

        self.each(check)


if __name__ == "__main__":
    unittest.main()
