"""That `gatehouse queue` finds every queue of the template, and the way back from each."""

import copy
import unittest

import ways
from plain import ROOT, plain_cloudformation

SOURCES = ROOT / "crates" / "queues" / "src"
WAY, REDRIVE = (SOURCES / "way.rs").read_text(), (SOURCES / "redrive.rs").read_text()


class TheTemplate(unittest.TestCase):
    """What holds of the template as it stands."""

    def test_the_names_of_outputs_say_what_is_in_a_queue_and_where_it_came_from(self):
        self.assertEqual(ways.named_outputs(plain_cloudformation()), [])

    def test_each_function_that_rejects_has_its_own_way_back(self):
        self.assertEqual(ways.ways_back(plain_cloudformation(), WAY, REDRIVE), [])


class EachRule(unittest.TestCase):
    """That each rule can fail."""

    def setUp(self):
        self.template = copy.deepcopy(plain_cloudformation())

    def test_sees_a_queue_that_the_tool_could_not_find(self):
        self.template["Outputs"]["LostQueueUrl"] = self.template["Outputs"].pop("StreamFailureQueueUrl")
        self.assertNotEqual(ways.named_outputs(self.template), [])

    def test_sees_a_hold_queue_that_would_be_taken_for_something_else(self):
        self.template["Outputs"]["InPlaceFailureQueueUrl"] = self.template["Outputs"].pop("InPlaceHoldQueueUrl")
        self.assertNotEqual(ways.named_outputs(self.template), [])

    def test_sees_released_work_that_fails_into_a_queue_of_another_kind(self):
        self.template["Resources"]["InPlaceReleaseQueue"]["Properties"]["RedrivePolicy"]["deadLetterTargetArn"] = {
            "Fn::GetAtt": ["PublishFailureQueue", "Arn"]
        }
        self.assertNotEqual(ways.named_outputs(self.template), [])

    def test_sees_dead_letters_that_would_go_back_to_another_queue(self):
        queues = self.template["Resources"]
        queues["UploadQueue"]["Properties"]["RedrivePolicy"]["deadLetterTargetArn"] = {
            "Fn::GetAtt": ["SettleDeadLetterQueue", "Arn"]
        }
        self.assertNotEqual(ways.named_outputs(self.template), [])

    def test_sees_a_function_whose_rejects_would_go_elsewhere(self):
        elsewhere = WAY.replace('("BidSettleFunctionName", "SettleQueueUrl")', '("BidSettleFunctionName", "ImportQueueUrl")')
        for way in (elsewhere, WAY.replace('    ("FaceBlurFunctionName", "UploadQueueUrl"),\n', "")):
            self.assertNotEqual(ways.ways_back(self.template, way, REDRIVE), [])


if __name__ == "__main__":
    unittest.main()
