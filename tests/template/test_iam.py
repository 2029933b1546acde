"""`docs/iam.md` is about the template as it stands: `make iam`, which writes it, is too long for every day."""

import re
import unittest
from pathlib import Path

from plain import plain_cloudformation

PAGE = Path(__file__).resolve().parents[2] / "docs" / "iam.md"
# Only with a Detector that the local stack does not have.
REKOGNITION = {"FindFaces", "ShowVersionToRekognition"}


class TheMatrix(unittest.TestCase):
    """What holds of the page."""

    def test_has_every_permission_of_every_role_and_no_other(self):
        resources = plain_cloudformation()["Resources"]
        roles = {name: one for name, one in resources.items() if one["Type"] == "AWS::IAM::Role"}
        for name, role in roles.items():
            with self.subTest(name):
                self.assertEqual(set(_in_the_page(name)), set(_in_the_template(role)))

    def test_says_of_every_permission_that_something_is_the_matter_without_it(self):
        rows = [row for row in PAGE.read_text().splitlines() if re.match(r"\| \w+(, an option)? \|( \w+ \|)? `[\w-]+:", row)]
        self.assertTrue(rows)
        for row in rows:
            *_, scenario, with_it, without_it = _cells(row)
            with self.subTest(row):
                self.assertTrue(scenario == "*by AWS*" or with_it not in ("", without_it.partition(";")[0]))


def _in_the_template(role: dict):
    for policy in role["Properties"]["Policies"]:
        for statement in policy["PolicyDocument"]["Statement"]:
            statement = statement["Fn::If"][1] if "Fn::If" in statement else statement
            if statement["Sid"] not in REKOGNITION:
                yield from ((statement["Sid"], action) for action in statement["Action"])


def _in_the_page(role: str):
    section = PAGE.read_text().partition(f"\n## {role}\n")[2].partition("\n## ")[0]
    for row in section.splitlines():
        if "`" in row:
            statement, action, *_ = _cells(row)
            yield statement.removesuffix(", an option"), action.split("`")[1]


def _cells(row: str) -> list[str]:
    return [cell.strip() for cell in row.strip().strip("|").split(" | ")]
