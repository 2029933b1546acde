"""That the rules for the backfill hold, and that each of them can fail."""

import copy
import unittest

import backfill
import rules
from gatehouse_local.settings import template_parameters
from plain import plain_cloudformation, sam_config_parameters, template_defaults


class TheTemplate(unittest.TestCase):
    """What holds of the template as it stands, in every stage and on the local stack."""

    def assert_holds(self, rule):
        for overrides in (*sam_config_parameters().values(), template_parameters()):
            with self.subTest(overrides):
                self.assertEqual(rule(plain_cloudformation(), template_defaults() | overrides), [])

    def test_the_definition_is_good_states_language(self):
        self.assert_holds(backfill.states_language)

    def test_it_lists_the_source_bucket_and_calls_face_blur(self):
        self.assert_holds(backfill.source_and_function)

    def test_what_it_does_at_once_is_bounded_and_ends_in_time(self):
        self.assert_holds(backfill.bounded)

    def test_what_it_writes_starts_nothing(self):
        self.assert_holds(backfill.results_start_nothing)

    def test_what_fails_is_tried_again_and_holds_up_nothing(self):
        self.assert_holds(backfill.failures_are_tried_again)


class EachRule(unittest.TestCase):
    """That each rule can fail: the template is broken in memory, and the rule must say so."""

    def setUp(self):
        self.template = copy.deepcopy(plain_cloudformation())
        self.resources = self.template["Resources"]

    def change(self, old, new):
        definition = self.resources[backfill.MACHINE]["Properties"]["DefinitionString"]
        self.assertIn(old, definition["Fn::Sub"])
        definition["Fn::Sub"] = definition["Fn::Sub"].replace(old, new)

    def assert_complains(self, rule, **overrides):
        self.assertNotEqual(rule(self.template, template_defaults() | overrides), [])

    def test_sees_a_state_that_is_not_there(self):
        self.change('"StartAt": "Blur"', '"StartAt": "Blurr"')
        self.assert_complains(backfill.states_language)

    def test_sees_a_field_that_the_language_does_not_have(self):
        self.change('"ItemReader"', '"ItemsReader"')
        self.assert_complains(backfill.states_language)

    def test_sees_another_bucket(self):
        self.change('"Bucket": "${SourceBucket}"', '"Bucket": "${InPlaceBucket}"')
        self.assert_complains(backfill.source_and_function)

    def test_sees_another_function(self):
        self.change("${FaceBlurFunction.Arn}", "${DedupeRecordFunction.Arn}")
        self.assert_complains(backfill.source_and_function)

    def test_sees_a_concurrency_that_is_not_a_parameter(self):
        self.change('"MaxConcurrency": ${BackfillConcurrency}', '"MaxConcurrency": 10')
        self.assert_complains(backfill.bounded)

    def test_sees_batches_that_are_paid_by_their_states(self):
        self.change("EXPRESS", "STANDARD")
        self.assert_complains(backfill.bounded)

    def test_sees_a_function_that_outlasts_its_batch(self):
        self.assert_complains(backfill.bounded, FunctionTimeout=300)

    def test_sees_results_in_a_bucket_of_photos(self):
        for name in ("SourceBucket", "DestinationBucket", "ImportBucket"):
            with self.subTest(name):
                self.setUp()
                self.change('"Bucket": "${BackfillBucket}"', f'"Bucket": "${{{name}}}"')
                self.assert_complains(backfill.results_start_nothing)

    def test_sees_failures_that_are_final_at_once(self):
        self.change("States.ALL", "States.Timeout")
        self.assert_complains(backfill.failures_are_tried_again)

    def test_sees_a_run_that_one_failure_ends(self):
        self.change('"ToleratedFailurePercentage": 10,', "")
        self.assert_complains(backfill.failures_are_tried_again)

    def test_sees_a_role_that_starts_other_machines(self):
        statements = self.resources["BackfillRole"]["Properties"]["Policies"][0]["PolicyDocument"]["Statement"]
        start = next(statement for statement in statements if "states:StartExecution" in statement["Action"])
        start["Resource"]["Fn::Sub"] = start["Resource"]["Fn::Sub"].replace("${AWS::StackName}-backfill", "*")
        self.assertNotEqual(rules.exact_resources(self.template), [])


if __name__ == "__main__":
    unittest.main()
