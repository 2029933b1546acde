"""That what a function hands back from a stream comes again, and nothing else does."""

import json
import unittest

from gatehouse_local.streams import handed_back, while_polling, with_checkpoints

CRASHED = {"error": True, "body": {"errorType": "Runtime.ExitError"}}
FUNCTION = {"config": {"FunctionName": "f"}}


def batch(*numbers: str) -> dict:
    return {"Records": [{"dynamodb": {"SequenceNumber": number}} for number in numbers]}


class Checkpoints(unittest.TestCase):
    """`with_checkpoints`."""

    def setUp(self):
        self.seen: list[list[str]] = []
        self.failing: list[str] = []
        self.crashes = False
        self.execute = with_checkpoints(self.function)

    def function(self, _function: dict, event: dict) -> dict:
        self.seen.append([record["dynamodb"]["SequenceNumber"] for record in event["Records"]])
        if self.crashes:
            return CRASHED
        return {"body": json.dumps({"batchItemFailures": [{"itemIdentifier": one} for one in self.failing]})}

    def poll(self, event: dict) -> dict:
        results: list[dict] = []
        while_polling(lambda: bool(results.append(self.execute(FUNCTION, event))))()
        return results[0]

    def test_a_batch_without_failures_is_done(self):
        self.assertNotIn("error", self.poll(batch("1", "2")))

    def test_what_was_handed_back_comes_again_without_what_came_before_it(self):
        self.failing = ["3", "2"]
        self.assertTrue(self.poll(batch("1", "2", "3"))["error"])
        self.failing = ["3"]
        self.assertTrue(self.poll(batch("1", "2", "3"))["error"])
        self.failing = []
        self.assertNotIn("error", self.poll(batch("1", "2", "3", "4")))
        self.assertEqual(self.seen, [["1", "2", "3"], ["2", "3"], ["3", "4"]])

    def test_a_sequence_number_that_nobody_knows_hands_all_of_it_back(self):
        self.failing = ["7"]
        self.poll(batch("1", "2"))
        self.poll(batch("1", "2"))
        self.assertEqual(self.seen, [["1", "2"], ["1", "2"]])

    def test_a_failed_invocation_stays_one_and_forgets_no_checkpoint(self):
        self.failing = ["2"]
        self.poll(batch("1", "2"))
        self.crashes = True
        self.assertEqual(self.poll(batch("1", "2")), CRASHED)
        self.crashes = False
        self.poll(batch("1", "2"))
        self.assertEqual(self.seen, [["1", "2"], ["2"], ["2"]])

    def test_whoever_invokes_the_function_directly_gets_its_answer_as_it_is(self):
        self.failing = ["1"]
        self.assertNotIn("error", self.execute(FUNCTION, batch("1")))

    def test_an_answer_is_read_as_text_or_as_an_object_and_anything_else_hands_nothing_back(self):
        answer = {"batchItemFailures": [{"itemIdentifier": "1"}]}
        for body in (answer, json.dumps(answer)):
            self.assertEqual(handed_back(body), ["1"])
        for body in (None, "", "null", {}, {"batchItemFailures": None}, []):
            self.assertEqual(handed_back(body), [])


if __name__ == "__main__":
    unittest.main()
