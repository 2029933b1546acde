"""That the sums are right, and that every number has a page or says that it has none."""

import tomllib
import unittest

import cost
from cost import HERE, Measured, Prices

PRICES = Prices({
    "lambda-request": {"usd": 0.2, "per": 1_000_000, "what": "a request"},
    "lambda-arm64-gb-second": {"usd": 0.00001, "per": 1, "what": "a GB-second"},
    "lambda-x86-gb-second": {"usd": 0.00002, "per": 1, "what": "a GB-second"},
    "s3-put": {"usd": 0.005, "per": 1_000, "what": "a PUT"},
})

PAGE = {"source": "https://example.com", "dated": "2026-01-01", "official": "https://aws.amazon.com"}
PRICES_WITH_PAGES = Prices({name: one | PAGE for name, one in PRICES.known.items()})


def row(memory: int, warm: float) -> dict:
    return {
        "function": "f", "job": "a job", "memory_mb": memory, "virtual_processors": memory / 1769,
        "size_mb": 7.5,
        "cold_start_ms": 1.0, "first_ms": 2.0, "warm_ms": warm, "peak_mb": 10.0,
    }


MEASURED = Measured({"rows": [row(1024, 100.2), row(2048, 60.0)], "date": "today", "machine": "m", "equivalence": "e"})


class Sums(unittest.TestCase):
    """What things come to."""

    def test_an_invocation_is_charged_by_the_millisecond_begun_and_by_the_request(self):
        self.assertAlmostEqual(PRICES.invocation(1024, 100.2), 0.00001 * 0.101 + 0.0000002)
        self.assertAlmostEqual(PRICES.invocation(2048, 100.0), 0.00001 * 0.2 + 0.0000002)
        self.assertAlmostEqual(PRICES.invocation(1024, 1000.0, "x86"), 0.00002 + 0.0000002)

    def test_a_bill_has_a_line_for_each_thing_and_the_dearest_comes_first(self):
        usage = {"title": "t", "s3-put": 2, "lambda": [{"function": "f", "job": "a job", "memory": 1024, "times": 0.5}]}
        lines = cost.bill(usage, PRICES, MEASURED)
        self.assertEqual([line.what for line in lines], ["a PUT", "Lambda: `f`, 1024 MB, 100 ms"])
        self.assertAlmostEqual(lines[0].usd, 0.01)
        self.assertAlmostEqual(lines[1].usd, 500 * (0.00001 * 0.101 + 0.0000002))
        self.assertAlmostEqual(cost.total(lines), lines[0].usd + lines[1].usd)

    def test_processor_time_can_be_spread_over_the_processors_that_come_with_the_memory_and_no_thinner(self):
        self.assertAlmostEqual(cost.duration({"processor-ms": 1000, "memory": 3538}, MEASURED), 500)
        self.assertAlmostEqual(cost.duration({"processor-ms": 1000, "memory": 128}, MEASURED), 1000)

    def test_a_size_that_was_not_measured_has_no_duration(self):
        with self.assertRaises(StopIteration):
            MEASURED.milliseconds("f", "a job", 512)

    def test_the_cheapest_and_the_fastest_are_named(self):
        table = cost.power_table(PRICES, MEASURED).splitlines()
        self.assertTrue(table[-2].endswith("| cheapest |"), table)
        self.assertTrue(table[-1].endswith("| fastest |"), table)

    def test_what_is_over_its_budget_is_named(self):
        measured = Measured({"rows": [row(512, 1.0), row(1769, 1.0)]})
        budgets, sizes = {"default": {"start-ms": 0.5, "memory-mb": 25}}, {"default": 8.0, "functions": {}}
        line = cost.budget_table(measured, budgets, sizes).splitlines()[-1]
        self.assertEqual(line, "| `f` | 7.5 of 8 | 1.0 of 0.5 **over** | 10.0 of 25 |")
        own = {"f": {"start-ms": 1, "memory-mb": 9}} | budgets
        line = cost.budget_table(measured, own, {"default": 8.0, "functions": {"f": {"budget": 7}}}).splitlines()[-1]
        self.assertEqual(line, "| `f` | 7.5 of 7 **over** | 1.0 of 1 | 10.0 of 9 **over** |")


class Document(unittest.TestCase):
    """docs/cost.md."""

    def test_a_part_is_put_between_its_marks_and_can_be_put_there_again(self):
        once = cost.filled("a\n<!-- begin: x -->\nold\n<!-- end: x -->\nb", {"x": r"new \1"})
        self.assertEqual(once, "a\n<!-- begin: x -->\n\nnew \\1\n\n<!-- end: x -->\nb")
        self.assertEqual(cost.filled(once, {"x": r"new \1"}), once)

    def test_a_part_without_marks_is_refused(self):
        with self.assertRaises(ValueError):
            cost.filled("", {"x": ""})

    def test_it_has_marks_for_every_part_and_is_what_the_data_makes_of_it(self):
        self.assertEqual(cost.main(["--check"]), 0, "make cost")

    def test_without_a_measurement_it_has_the_prices_and_says_what_is_missing(self):
        made = cost.parts(PRICES_WITH_PAGES, {}, None)
        self.assertIn("a PUT", made["prices"])
        self.assertEqual({text for name, text in made.items() if name != "prices"}, {cost.NOT_MEASURED})
        cost.filled(cost.DOCUMENT.read_text(), made)


class Data(unittest.TestCase):
    """prices.toml and usage.toml as they stand."""

    def setUp(self):
        self.prices = tomllib.loads((HERE / "prices.toml").read_text())
        self.usage = tomllib.loads((HERE / "usage.toml").read_text())

    def test_every_price_is_positive_and_has_a_page_with_a_date_or_neither(self):
        for name, one in self.prices.items():
            with self.subTest(name):
                self.assertGreater(one["usd"] / one["per"], 0)
                self.assertEqual(bool(one["source"]), bool(one["dated"]))
                self.assertTrue(one["official"].startswith("https://aws.amazon.com/"))

    def test_whatever_is_used_has_a_price(self):
        for name, one in self.usage.items():
            self.assertEqual(set(one) - {"title", "lambda"} - set(self.prices), set(), name)


if __name__ == "__main__":
    unittest.main()
