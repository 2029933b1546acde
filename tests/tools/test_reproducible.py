"""That two builds which differ are told apart, and why."""

import unittest
from pathlib import Path

from reproducible import Comparison

FOLDERS = (Path("/here"), Path("/over/there"))


class Comparisons(unittest.TestCase):
    """`Comparison`, on a few bytes."""

    def test_equal_bytes_are_the_same(self):
        self.assertTrue(Comparison("f", b"ELF...", b"ELF...").same)

    def test_the_path_of_the_folder_is_named_as_the_reason(self):
        one = Comparison("f", b"ELF /here/src /here/lib", b"ELF /over/there/src")
        self.assertFalse(one.same)
        self.assertIn("2 times and 1 times", one.difference(FOLDERS))

    def test_another_length_is_named(self):
        self.assertEqual(Comparison("f", b"ELF", b"ELF.").difference(FOLDERS), "3 bytes and 4 bytes")

    def test_the_first_byte_that_differs_is_named(self):
        self.assertIn("2 bytes differ, the first of them at 0x1", Comparison("f", b"abcd", b"aXcY").difference(FOLDERS))


if __name__ == "__main__":
    unittest.main()
