"""That a client loads as it says, on a bucket that keeps nothing."""

import random
import time
import unittest
from collections import Counter

import photos
from photos import Client


class Bucket:
    """Takes files, and notes when."""

    def __init__(self):
        self.puts: list[tuple[str, bytes]] = []

    def put_object(self, Key: str, Body: bytes, **_rest) -> dict:
        self.puts.append((Key, Body))
        return {"ETag": f'"{len(self.puts)}"', "VersionId": f"v{len(self.puts)}"}


class Clients(unittest.TestCase):
    """`Client`."""

    def setUp(self):
        self.bucket, self.asked = Bucket(), []
        self.client = Client(self.bucket, "b", "p", self.is_done, random.Random(1))
        between, photos.REPLACED_WITHIN = photos.REPLACED_WITHIN, 0.0
        self.addCleanup(setattr, photos, "REPLACED_WITHIN", between)
        while len(self.client.uploads) < 300:
            self.client.run(time.monotonic() + 0.05)

    def is_done(self, upload) -> bool:
        self.asked.append(upload)
        return True

    def test_a_photo_that_is_replaced_is_replaced_before_anybody_asks_for_it(self):
        uploads = self.client.uploads
        replaced = [one for one, following in zip(uploads, uploads[1:]) if one.key == following.key]
        self.assertGreater(len(replaced), 0)
        self.assertEqual(set(replaced) & set(self.asked), set())

    def test_no_two_files_are_equal_but_those_that_are_no_photos(self):
        good = [body for (_, body), upload in zip(self.bucket.puts, self.client.uploads) if not upload.expected]
        self.assertEqual(len(set(good)), len(good))

    def test_what_is_no_photo_never_replaces_one_and_is_not_replaced(self):
        times = Counter(upload.key for upload in self.client.uploads)
        bad = [upload for upload in self.client.uploads if upload.expected]
        self.assertGreater(len(bad), 0)
        self.assertEqual({times[upload.key] for upload in bad}, {1})


if __name__ == "__main__":
    unittest.main()
