"""Alarms, dashboard and runbook: that they are there for everything, and that each alarm sounds when it should.

The second half breaks the template on purpose, one thing at a time, to see each rule complain.
"""

import copy
import unittest

import alarms
import cloudwatch
from plain import ROOT, plain_cloudformation, sam_config_parameters, template_defaults
from reading import ALARM, alarm_metrics, of_type
from rehearsal import stories

EMITTED = alarms.emitted_metrics(ROOT / "crates")
RUNBOOK = (ROOT / "docs" / "runbook.md").read_text()


class TheAlarms(unittest.TestCase):
    """What holds of the template as it stands."""

    @classmethod
    def setUpClass(cls):
        cls.template = plain_cloudformation()

    def assert_holds(self, rule, *arguments):
        self.assertEqual(rule(self.template, *arguments), [])

    def test_failed_rejected_and_late_work_raises_an_alarm(self):
        self.assert_holds(alarms.queue_alarms)

    def test_errors_throttles_and_slowness_of_every_function_raise_an_alarm(self):
        self.assert_holds(alarms.function_alarms)

    def test_a_duration_is_compared_with_the_timeout_of_its_own_function(self):
        self.assert_holds(alarms.duration_alarms)

    def test_a_detector_that_falls_back_raises_an_alarm(self):
        self.assert_holds(alarms.fallback_alarms)

    def test_answers_that_are_our_fault_raise_an_alarm(self):
        self.assert_holds(alarms.api_alarms)

    def test_a_schedule_that_fails_raises_an_alarm(self):
        self.assert_holds(alarms.schedule_alarms)

    def test_a_backfill_that_fails_raises_an_alarm(self):
        self.assert_holds(alarms.backfill_alarms)

    def test_every_alarm_speaks_to_the_topic_that_is_given(self):
        self.assert_holds(alarms.alarm_actions)

    def test_every_alarm_says_what_happened_and_takes_silence_for_peace(self):
        self.assert_holds(alarms.alarm_words)

    def test_every_metric_that_is_looked_at_exists(self):
        self.assert_holds(alarms.metrics_exist, EMITTED)

    def test_the_dashboard_shows_every_alarm_queue_and_function(self):
        self.assert_holds(alarms.dashboard_alarms)
        self.assert_holds(alarms.dashboard_queues)

    def test_the_runbook_has_a_paragraph_for_each_alarm_and_an_alarm_for_each_paragraph(self):
        self.assert_holds(alarms.runbook, RUNBOOK)


class TheRehearsal(unittest.TestCase):
    """Each alarm, provoked once."""

    def setUp(self):
        self.template = plain_cloudformation()

    def states(self, parameters, which):
        told = stories(self.template, parameters)
        return {
            name: cloudwatch.state(alarm, getattr(told[name], which), parameters)
            for name, alarm in of_type(self.template, ALARM).items()
        }

    def every_stage(self):
        yield template_defaults()
        for parameters in sam_config_parameters().values():
            yield template_defaults() | parameters
        yield template_defaults() | {"FunctionTimeout": 900}

    def test_every_alarm_sounds_when_it_should(self):
        for parameters in self.every_stage():
            silent = [name for name, state in self.states(parameters, "fires").items() if state != cloudwatch.ALARM]
            self.assertEqual(silent, [])

    def test_no_alarm_sounds_when_it_should_not(self):
        for parameters in self.every_stage():
            loud = [name for name, state in self.states(parameters, "stays_quiet").items() if state != cloudwatch.OK]
            self.assertEqual(loud, [])

    def test_no_alarm_sounds_when_nothing_happens(self):
        for name, alarm in of_type(self.template, ALARM).items():
            nothing = {metric: [None] * 10 for metric in alarm_metrics(alarm)}
            self.assertEqual(cloudwatch.state(alarm, nothing, template_defaults()), cloudwatch.OK, name)

    def test_an_alarm_that_nobody_rehearsed_is_noticed(self):
        template = copy.deepcopy(self.template)
        template["Resources"]["ErrorsAlarm"]["Properties"]["MetricName"] = "AsyncEventAge"
        with self.assertRaises(LookupError):
            stories(template, template_defaults())

    def test_a_threshold_or_a_period_that_is_not_what_was_meant_is_noticed(self):
        changes = {
            "DeadLetterAlarm": {"Threshold": 10},
            "DeadLetterAgeAlarm": {"Threshold": 14 * 24 * 3600},
            "BacklogAlarm": {"EvaluationPeriods": 30},
            "ErrorsAlarm": {"ComparisonOperator": "LessThanThreshold"},
            "DurationAlarm": {"DatapointsToAlarm": 5},
            "FallbackAlarm": {"Threshold": 50},
            "BidApiErrorsAlarm": {"Threshold": 5},
            "HeldTooLongAlarm": {"Threshold": 14 * 24 * 3600},
            "FaceBlurFlagsUnreachableAlarm": {"Threshold": 5},
        }
        for name, change in changes.items():
            with self.subTest(name):
                alarm = of_type(self.template, ALARM)[name] | change
                story = stories(self.template, template_defaults())[name]
                self.assertEqual(cloudwatch.state(alarm, story.fires, template_defaults()), cloudwatch.OK)


class EachRule(unittest.TestCase):
    """That each rule can fail."""

    def setUp(self):
        self.template = copy.deepcopy(plain_cloudformation())
        self.resources = self.template["Resources"]

    def properties(self, name):
        return self.resources[name]["Properties"]

    def assert_complains(self, rule, *arguments):
        self.assertNotEqual(rule(self.template, *arguments), [])

    def test_sees_each_alarm_that_is_missing(self):
        rules = {
            alarms.queue_alarms: (
                *("DeadLetterAlarm", "DeadLetterAgeAlarm", "RejectedAlarm", "RejectedAgeAlarm"),
                *("BacklogAlarm", "ReleaseBacklogAlarm"),
            ),
            alarms.function_alarms: ("ErrorsAlarm", "ThrottlesAlarm", "BidPublishDurationAlarm"),
            alarms.fallback_alarms: ("FallbackAlarm", "DedupeProcessFallbackAlarm"),
            alarms.api_alarms: ("BidApiErrorsAlarm",),
            alarms.backfill_alarms: ("BackfillFailedAlarm",),
            alarms.schedule_alarms: ("ScheduleErrorsAlarm", "ScheduleDroppedAlarm", "ScheduleLostAlarm"),
        }
        for rule, names in rules.items():
            for name in names:
                with self.subTest(name):
                    self.setUp()
                    del self.resources[name]
                    self.assert_complains(rule)

    def test_sees_a_function_that_nobody_watches(self):
        self.resources["NextFunction"] = copy.deepcopy(self.resources["FaceBlurFunction"])
        for rule in (alarms.function_alarms, alarms.fallback_alarms, alarms.dashboard_queues):
            self.assert_complains(rule)

    def test_sees_a_duration_that_is_compared_with_another_timeout(self):
        self.properties("DedupeRecordFunction")["Timeout"] = 60
        self.assert_complains(alarms.duration_alarms)

    def test_sees_held_work_that_the_dashboard_forgot(self):
        body = self.properties("Dashboard")["DashboardBody"]
        body["Fn::Sub"] = body["Fn::Sub"].replace("${InPlaceHoldQueue.QueueName}", "${HoldQueue.QueueName}")
        self.assert_complains(alarms.dashboard_queues)

    def test_sees_a_silent_alarm(self):
        del self.properties("ErrorsAlarm")["AlarmActions"]
        self.assert_complains(alarms.alarm_actions)

    def test_sees_an_alarm_without_words_or_that_sounds_when_nothing_happens(self):
        for change in ({"AlarmDescription": ""}, {"TreatMissingData": "breaching"}):
            with self.subTest(change):
                self.setUp()
                self.properties("ErrorsAlarm").update(change)
                self.assert_complains(alarms.alarm_words)

    def test_sees_a_metric_that_nobody_emits(self):
        self.assert_complains(alarms.metrics_exist, EMITTED - {"Rejected"})
        self.properties("ErrorsAlarm")["MetricName"] = "Failures"
        self.assert_complains(alarms.metrics_exist, EMITTED)

    def test_sees_a_metric_of_something_that_is_not_there(self):
        body = self.properties("Dashboard")["DashboardBody"]
        body["Fn::Sub"] = body["Fn::Sub"].replace('"${BidApi}"', '"${BidHotline}"')
        self.assert_complains(alarms.metrics_exist, EMITTED)

    def test_sees_an_alarm_that_the_dashboard_or_the_runbook_forgot(self):
        self.resources["NextAlarm"] = copy.deepcopy(self.resources["ErrorsAlarm"])
        self.assert_complains(alarms.dashboard_alarms)
        self.assert_complains(alarms.runbook, RUNBOOK)

    def test_sees_a_paragraph_without_an_alarm_and_one_without_words(self):
        self.assert_complains(alarms.runbook, RUNBOOK + "\n### FormerAlarm\n\nLook.\n")
        self.assert_complains(alarms.runbook, RUNBOOK + "\n### \n")


if __name__ == "__main__":
    unittest.main()
