"""The rules of `flag_rules.py`: they hold of `template.yaml`, and each complains of a template that breaks it."""

import copy
import unittest

import flag_rules as flags
from flags import BadFlag, change, check, read
from plain import plain_cloudformation

RULES = (
    flags.hold_queues_keep,
    flags.held_work_comes_back,
    flags.held_too_long,
    flags.flags_alarms,
    flags.one_parameter,
    flags.no_failures_in_prod,
)


class TheTemplate(unittest.TestCase):
    """What holds of the template as it stands."""

    def test_every_rule_about_flags_holds(self):
        template = plain_cloudformation()
        for rule in RULES:
            with self.subTest(rule.__name__):
                self.assertEqual(rule(template), [])


class TheRules(unittest.TestCase):
    """What each rule sees."""

    @classmethod
    def setUpClass(cls):
        cls.whole = plain_cloudformation()

    def setUp(self):
        self.template = copy.deepcopy(self.whole)

    def properties(self, name: str) -> dict:
        return self.template["Resources"][name]["Properties"]

    def assert_complains(self, rule):
        self.assertNotEqual(rule(self.template), [])

    def test_sees_a_hold_queue_that_dead_letters(self):
        self.properties("HoldQueue")["RedrivePolicy"] = self.properties("UploadQueue")["RedrivePolicy"]
        self.assert_complains(flags.hold_queues_keep)

    def test_sees_a_hold_queue_that_forgets_early(self):
        self.properties("InPlaceHoldQueue")["MessageRetentionPeriod"] = 345600
        self.assert_complains(flags.hold_queues_keep)

    def test_sees_held_work_that_nobody_reads(self):
        del self.template["Resources"]["FaceBlurFunctionHeld"]
        self.assert_complains(flags.held_work_comes_back)

    def test_sees_a_role_that_may_not_release(self):
        for policy in self.properties("DedupeProcessRole")["Policies"]:
            for statement in policy["PolicyDocument"]["Statement"]:
                if statement.get("Sid") == "HoldAndReleasePhotos":
                    statement["Resource"].pop()
        self.assert_complains(flags.held_work_comes_back)

    def test_sees_a_missing_alarm(self):
        del self.template["Resources"]["HeldTooLongAlarm"]
        self.assert_complains(flags.held_too_long)
        del self.template["Resources"]["BidIntakeFlagsRefusedAlarm"]
        self.assert_complains(flags.flags_alarms)

    def test_sees_an_alarm_of_another_function(self):
        self.properties("InPlaceHeldTooLongAlarm")["Dimensions"] = self.properties("HeldTooLongAlarm")["Dimensions"]
        self.assert_complains(flags.held_too_long)

    def test_sees_a_function_with_other_flags(self):
        self.properties("BidIntakeFunction")["Environment"]["Variables"]["FLAGS_PARAMETER"] = "/other/flags"
        self.assert_complains(flags.one_parameter)

    def test_sees_failures_that_prod_would_allow(self):
        self.properties("FaceBlurFunction")["Environment"]["Variables"]["FAILURE_INJECTION"] = "allowed"
        self.assert_complains(flags.no_failures_in_prod)


class TheCommand(unittest.TestCase):
    """What `make flags` takes: nothing that the functions would refuse."""

    def test_a_change_becomes_what_the_document_says(self):
        for text, expected in (
            ("publish=off", ("publish", "off")),
            ("detector=embedded:25", ("detector", {"to": "embedded", "percent": 25})),
            ("failure-injection=3", ("failure-injection", 3)),
        ):
            self.assertEqual(change(text), expected)

    def test_what_would_be_refused_is_not_sent(self):
        for text in (
            *("publish", "publish=no", "publish=off:101", "publish=off:", "publsh=off", "=on", ""),
            *("intake=off:50", "detector=embedded:2.5", "failure-injection=-1", "failure-injection=on"),
            *("publish=on:10", "detector=as-deployed:5"),
        ):
            with self.subTest(text), self.assertRaises(BadFlag):
                change(text)

    def test_nothing_is_thrown_beside_what_the_functions_would_refuse(self):
        for flags in (
            {"publish": "off", "detectr": "both"},
            {"publish": False},
            {"publish": {"to": "off"}},
            {"publish": {"to": "on", "percent": 10}},
            {"failure-injection": "3"},
            {"failure-injection": 101},
        ):
            with self.subTest(flags), self.assertRaises(BadFlag):
                check(flags, "dev")
        check({"publish": {"to": "off", "percent": 10}, "failure-injection": 3}, "dev")
        with self.assertRaises(BadFlag):
            check({"failure-injection": 1}, "prod")
        check({"failure-injection": 0}, "prod")

    def test_a_document_that_somebody_has_spoilt_is_named_as_such(self):
        for text in ("", "{", "[]", '"on"'):
            with self.subTest(text), self.assertRaises(BadFlag):
                read(text)


if __name__ == "__main__":
    unittest.main()
