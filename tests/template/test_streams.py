"""That the rules for tables and streams hold, and that each of them can fail."""

import copy
import unittest

import alarms
import rules
import streams
from plain import plain_cloudformation


class TheTemplate(unittest.TestCase):
    """What holds of the template as it stands."""

    def assert_holds(self, rule):
        self.assertEqual(rule(plain_cloudformation()), [])

    def test_every_table_is_paid_by_request_recoverable_encrypted_protected_and_forgets_what_it_should(self):
        self.assert_holds(streams.tables)

    def test_a_stream_shows_what_its_function_needs_to_see(self):
        self.assert_holds(streams.stream_images)

    def test_a_record_that_fails_for_ever_does_not_hold_its_stream_for_ever(self):
        self.assert_holds(streams.streams_go_on)

    def test_only_pending_photos_and_events_of_auctions_start_a_function(self):
        self.assert_holds(streams.stream_filter)

    def test_the_parallelism_of_a_stream_is_a_parameter(self):
        self.assert_holds(streams.stream_parallelism)

    def test_a_stream_that_falls_behind_and_a_loop_raise_an_alarm(self):
        self.assert_holds(streams.stream_alarms)


class EachRule(unittest.TestCase):
    """That each rule can fail: the template is broken in memory, and the rule must say so."""

    def setUp(self):
        self.template = copy.deepcopy(plain_cloudformation())
        self.table = self.template["Resources"]["LedgerTable"]["Properties"]
        self.mapping = self.template["Resources"]["DedupeProcessFunctionPending"]["Properties"]

    def assert_complains(self, rule):
        self.assertNotEqual(rule(self.template), [])

    def test_sees_each_safeguard_that_a_table_lacks(self):
        safeguards = (
            *("BillingMode", "TimeToLiveSpecification", "PointInTimeRecoverySpecification"),
            *("SSESpecification", "DeletionProtectionEnabled"),
        )
        for safeguard in safeguards:
            with self.subTest(safeguard):
                self.setUp()
                del self.table[safeguard]
                self.assert_complains(streams.tables)

    def test_sees_a_ttl_on_another_attribute(self):
        self.table["TimeToLiveSpecification"]["AttributeName"] = "ttl"
        self.assert_complains(streams.tables)

    def test_sees_an_auction_that_is_forgotten(self):
        end = {"AttributeName": "expiresAt", "Enabled": True}
        self.template["Resources"]["AuctionsTable"]["Properties"]["TimeToLiveSpecification"] = end
        self.assert_complains(streams.tables)

    def test_sees_recovery_that_is_off(self):
        self.table["PointInTimeRecoverySpecification"]["PointInTimeRecoveryEnabled"] = False
        self.assert_complains(streams.tables)

    def test_sees_a_production_that_is_something_else(self):
        self.template["Conditions"]["IsProd"] = {"Fn::Equals": [{"Ref": "Stage"}, "dev"]}
        self.assert_complains(streams.tables)

    def test_sees_a_table_that_goes_with_the_stack(self):
        del self.template["Resources"]["LedgerTable"]["DeletionPolicy"]
        self.assert_complains(rules.data_is_kept)

    def test_sees_a_stream_of_new_images_only(self):
        self.table["StreamSpecification"]["StreamViewType"] = "NEW_IMAGE"
        self.assert_complains(streams.stream_images)

    def test_sees_each_thing_that_keeps_a_stream_going(self):
        for setting in ("BisectBatchOnFunctionError", "MaximumRetryAttempts", "MaximumRecordAgeInSeconds", "DestinationConfig"):
            with self.subTest(setting):
                self.setUp()
                del self.mapping[setting]
                self.assert_complains(streams.streams_go_on)

    def test_sees_retries_without_end(self):
        self.mapping["MaximumRetryAttempts"] = -1
        self.assert_complains(streams.streams_go_on)

    def test_sees_a_retry_cap_that_comes_before_the_reason(self):
        for mapping in ("DedupeProcessFunctionPending", "BidPublishFunctionAppended"):
            with self.subTest(mapping):
                self.setUp()
                self.template["Resources"][mapping]["Properties"]["MaximumRetryAttempts"] = 50
                self.assert_complains(streams.streams_go_on)

    def test_sees_an_age_limit_that_the_stream_does_not_live_to_see(self):
        self.mapping["MaximumRecordAgeInSeconds"] = 24 * 3600
        self.assert_complains(streams.streams_go_on)

    def test_sees_a_failure_destination_that_a_function_reads(self):
        self.mapping["DestinationConfig"]["OnFailure"]["Destination"] = {"Fn::GetAtt": ["RecordQueue", "Arn"]}
        self.assert_complains(streams.streams_go_on)

    def test_sees_a_stream_that_fails_as_a_whole(self):
        del self.mapping["FunctionResponseTypes"]
        self.assert_complains(rules.partial_batch_failures)

    def test_sees_a_filter_that_is_missing_or_lets_expired_items_through(self):
        with_removals = '{"eventName": ["INSERT", "MODIFY", "REMOVE"]}'
        for criteria in ({}, {"Filters": []}, {"Filters": [{"Pattern": with_removals}]}):
            with self.subTest(criteria):
                self.mapping["FilterCriteria"] = criteria
                self.assert_complains(streams.stream_filter)

    def test_sees_snapshots_of_auctions_that_are_taken_for_events(self):
        inserts = {"Filters": [{"Pattern": '{"eventName": ["INSERT"]}'}]}
        self.template["Resources"]["BidPublishFunctionAppended"]["Properties"]["FilterCriteria"] = inserts
        self.assert_complains(streams.stream_filter)

    def test_sees_a_fixed_parallelism(self):
        self.mapping["ParallelizationFactor"] = 1
        self.assert_complains(streams.stream_parallelism)

    def test_sees_each_stream_alarm_that_is_missing(self):
        for alarm in ("StreamBehindAlarm", "RecursionAlarm", "PublishBehindAlarm"):
            with self.subTest(alarm):
                self.setUp()
                del self.template["Resources"][alarm]
                self.assert_complains(streams.stream_alarms)

    def test_sees_a_failure_destination_without_alarms(self):
        for alarm in ("StreamFailureAlarm", "StreamFailureAgeAlarm"):
            with self.subTest(alarm):
                self.setUp()
                del self.template["Resources"][alarm]
                self.assert_complains(alarms.queue_alarms)

    def test_sees_a_role_that_may_write_to_any_table(self):
        statements = self.template["Resources"]["DedupeRecordRole"]["Properties"]["Policies"][0]["PolicyDocument"]["Statement"]
        ledger = next(statement for statement in statements if statement["Sid"] == "WriteLedger")
        ledger["Resource"] = "*"
        self.assert_complains(rules.exact_resources)


if __name__ == "__main__":
    unittest.main()
