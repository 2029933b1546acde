"""That the books of the photos notice what is wrong."""

import unittest

from photo_accounts import DEAD, LOST, PUBLISHED, REJECTED, SUPERSEDED
from photo_accounts import Published, Queues, Upload, of_bucket, of_destination


def upload(key: str, number: int, expected: str | None = None) -> Upload:
    return Upload(key, f"etag-{number}", f"upload-{number}", "astronaut.jpg", expected)


def made_from(*numbers: int) -> list[Published]:
    return [Published(f"etag-{number}", f"out-{number}") for number in numbers]


class Destination(unittest.TestCase):
    """`of_destination`."""

    def test_each_upload_has_one_fate_and_the_sum_is_right(self):
        uploads = [upload("a", 1), upload("b", 2), upload("b", 3), upload("c", 4, "corrupt-image"), upload("d", 5)]
        queues = Queues({("c", "etag-4"): ["corrupt-image"]}, {("d", "etag-5")})
        balance = of_destination(uploads, {"a": made_from(1), "b": made_from(3)}, queues)
        self.assertEqual(balance.fates, {PUBLISHED: 2, SUPERSEDED: 1, REJECTED: 1, DEAD: 1})
        self.assertEqual((balance.total, balance.faults), (5, []))

    def test_an_upload_of_which_nothing_is_known_is_lost(self):
        balance = of_destination([upload("a", 1)], {}, Queues())
        self.assertEqual((balance.fates, len(balance.faults)), ({LOST: 1}, 1))

    def test_the_newest_upload_is_lost_even_if_an_older_one_is_published(self):
        balance = of_destination([upload("a", 1), upload("a", 2)], {"a": made_from(1)}, Queues())
        self.assertEqual(balance.fates, {PUBLISHED: 1, LOST: 1})

    def test_an_older_photo_that_came_back_is_a_fault(self):
        balance = of_destination([upload("a", 1), upload("a", 2)], {"a": made_from(1, 2)}, Queues())
        self.assertEqual(balance.faults, ["a: an older photo came back"])

    def test_published_twice_is_a_fault(self):
        balance = of_destination([upload("a", 1)], {"a": made_from(1, 1)}, Queues())
        self.assertEqual(balance.faults, ["a: published 2 times"])

    def test_published_without_an_upload_is_a_fault(self):
        self.assertEqual(len(of_destination([], {"a": made_from(1)}, Queues()).faults), 1)

    def test_both_published_and_rejected_is_a_fault(self):
        queues = Queues({("a", "etag-1"): ["corrupt-image"]})
        self.assertEqual(len(of_destination([upload("a", 1)], {"a": made_from(1)}, queues).faults), 2)

    def test_a_bad_photo_that_is_published_is_a_fault(self):
        balance = of_destination([upload("a", 1, "corrupt-image")], {"a": made_from(1)}, Queues())
        self.assertEqual(len(balance.faults), 1)

    def test_another_reason_than_expected_is_a_fault(self):
        queues = Queues({("a", "etag-1"): ["unsupported-format"]})
        self.assertEqual(len(of_destination([upload("a", 1, "corrupt-image")], {}, queues).faults), 1)

    def test_a_rejection_that_came_twice_is_counted_and_is_no_fault(self):
        queues = Queues({("a", "etag-1"): ["corrupt-image", "corrupt-image"]})
        balance = of_destination([upload("a", 1, "corrupt-image")], {}, queues)
        self.assertEqual((balance.repeated, balance.faults), (1, []))


class Bucket(unittest.TestCase):
    """`of_bucket`."""

    def test_an_upload_with_a_redaction_on_top_is_published_and_one_under_another_upload_is_superseded(self):
        uploads = [upload("a", 1), upload("b", 2), upload("b", 3)]
        versions = {"a": ["ours", "upload-1"], "b": ["ours", "upload-3", "upload-2"]}
        balance = of_bucket(uploads, versions, Queues())
        self.assertEqual((balance.fates, balance.faults), ({PUBLISHED: 2, SUPERSEDED: 1}, []))

    def test_an_upload_that_stays_as_it_was_is_lost_or_rejected(self):
        uploads = [upload("a", 1), upload("b", 2, "corrupt-image")]
        queues = Queues({("b", "etag-2"): ["corrupt-image"]})
        balance = of_bucket(uploads, {"a": ["upload-1"], "b": ["upload-2"]}, queues)
        self.assertEqual(balance.fates, {LOST: 1, REJECTED: 1})

    def test_a_redaction_of_a_redaction_is_a_fault(self):
        balance = of_bucket([upload("a", 1)], {"a": ["ours-2", "ours-1", "upload-1"]}, Queues())
        self.assertEqual(balance.faults, ["a: replaced twice"])

    def test_an_upload_that_is_not_there_any_more_is_lost(self):
        self.assertEqual(of_bucket([upload("a", 1)], {}, Queues()).fates, {LOST: 1})


if __name__ == "__main__":
    unittest.main()
