"""That a function over its budget is noticed."""

import tempfile
import tomllib
import unittest
from pathlib import Path

import sizes

BUDGETS = {"default": 8.0, "functions": {"large": {"budget": 20.0, "reason": "a model"}}}


class Budgets(unittest.TestCase):
    """`sizes_in`, on files of a test's own."""

    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = Path(folder.name)

    def built(self, function: str, size: int) -> None:
        """A sparse file: it takes no room."""
        (self.folder / function).mkdir()
        with (self.folder / function / "bootstrap").open("wb") as file:
            file.truncate(size)

    def only(self, function: str) -> sizes.Size:
        names = ["small", "large"]
        return next(size for size in sizes.sizes_in(self.folder, names, BUDGETS) if size.function == function)

    def test_a_function_without_a_line_of_its_own_has_the_default(self):
        self.built("small", 8_000_000)
        self.assertEqual((self.only("small").budget, self.only("small").is_over), (8.0, False))

    def test_one_byte_more_than_the_budget_is_too_much(self):
        self.built("small", 8_000_001)
        self.assertTrue(self.only("small").is_over)

    def test_a_function_with_a_line_of_its_own_has_that(self):
        self.built("large", 20_000_000)
        self.assertEqual((self.only("large").weighs, self.only("large").is_over), (20.0, False))

    def test_what_is_not_built_weighs_nothing_that_is_known(self):
        self.assertEqual((self.only("small").weighs, self.only("small").is_over), (None, False))
        self.assertIn("not built", sizes.line(self.only("small")))

    def test_a_budget_of_a_function_that_does_not_exist_is_refused(self):
        with self.assertRaisesRegex(ValueError, "large"):
            sizes.sizes_in(self.folder, ["small"], BUDGETS)

    def test_a_raised_budget_without_a_reason_is_refused(self):
        budgets = {"default": 8.0, "functions": {"small": {"budget": 9.0}}}
        with self.assertRaisesRegex(ValueError, "reason"):
            sizes.sizes_in(self.folder, ["small"], budgets)


class TheBudgets(unittest.TestCase):
    """tools/sizes.toml as it stands."""

    def test_it_names_functions_of_the_workspace_only_with_a_reason_for_each(self):
        budgets = tomllib.loads(sizes.BUDGETS.read_text())
        names = sizes.functions()
        self.assertIn("face-blur", names)
        self.assertEqual(len(sizes.sizes_in(Path("nowhere"), names, budgets)), len(names))


if __name__ == "__main__":
    unittest.main()
