"""The rules that `template.yaml` keeps and that no linter knows.

Each rule looks at the plain CloudFormation that the SAM translator makes of the template, so it sees the resources that
SAM adds too. A rule returns its complaints; no complaint means that it holds. The second half breaks the template on
purpose, one thing at a time, to see each rule complain.
"""

import copy
import unittest

import rules
from gatehouse_local.settings import template_parameters
from plain import plain_cloudformation, sam_config_parameters, template_defaults


class TheTemplate(unittest.TestCase):
    """What holds of the template as it stands."""

    @classmethod
    def setUpClass(cls):
        cls.template = plain_cloudformation()

    def assert_holds(self, rule, *arguments):
        self.assertEqual(rule(self.template, *arguments), [])

    def test_a_message_stays_hidden_for_six_function_timeouts(self):
        self.assert_holds(rules.visibility_timeouts, template_defaults())

    def test_a_message_stays_hidden_for_six_function_timeouts_in_every_stage(self):
        for stage, parameters in sam_config_parameters().items():
            with self.subTest(stage):
                self.assert_holds(rules.visibility_timeouts, template_defaults() | parameters)

    def test_a_message_stays_hidden_for_six_function_timeouts_on_the_local_stack(self):
        self.assert_holds(rules.visibility_timeouts, template_defaults() | template_parameters())

    def test_one_failed_message_does_not_send_its_batch_round_again(self):
        self.assert_holds(rules.partial_batch_failures)

    def test_concurrency_is_bounded_at_the_queue_by_a_parameter_and_never_reserved(self):
        self.assert_holds(rules.concurrency)

    def test_work_goes_to_a_dead_letter_queue_after_five_tries(self):
        self.assert_holds(rules.redrive)

    def test_failed_and_rejected_work_is_kept_for_fourteen_days(self):
        self.assert_holds(rules.failure_retention)

    def test_every_queue_is_encrypted_and_refuses_plain_http(self):
        self.assert_holds(rules.queues)

    def test_only_our_bucket_in_our_account_may_fill_a_queue(self):
        self.assert_holds(rules.bucket_may_send)

    def test_the_queue_lets_the_bucket_in_before_the_bucket_is_made(self):
        self.assert_holds(rules.policy_before_bucket)

    def test_every_upload_is_looked_at_whatever_its_name_ends_in(self):
        self.assert_holds(rules.no_suffix_filter)

    def test_every_bucket_is_private_encrypted_versioned_and_tidied(self):
        self.assert_holds(rules.buckets)

    def test_bug_9_every_bucket_refuses_plain_http(self):
        self.assert_holds(rules.buckets_tls_only)

    def test_what_holds_data_outlives_the_stack(self):
        self.assert_holds(rules.data_is_kept)

    def test_every_function_runs_on_the_newest_bare_runtime_and_arm_by_default(self):
        self.assert_holds(rules.function_runtime)

    def test_every_function_logs_json_into_a_log_group_with_a_retention(self):
        self.assert_holds(rules.function_logs)

    def test_every_function_is_traced(self):
        self.assert_holds(rules.function_tracing)

    def test_every_function_has_a_role_of_its_own(self):
        self.assert_holds(rules.own_roles)

    def test_bug_9_no_role_may_do_anything_that_is_not_spelled_out(self):
        self.assert_holds(rules.exact_actions)

    def test_bug_9_no_role_reaches_more_than_it_names(self):
        self.assert_holds(rules.exact_resources)

    def test_rekognition_is_allowed_only_when_it_is_used(self):
        self.assert_holds(rules.rekognition_only_when_used)

    def test_users_find_the_parameters_they_know(self):
        self.assert_holds(rules.known_parameters)

    def test_every_parameter_has_a_default_that_deploys(self):
        self.assert_holds(rules.parameter_defaults)

    def test_the_outputs_say_what_comes_next(self):
        self.assert_holds(rules.outputs)


class EachRule(unittest.TestCase):
    """That each rule can fail: the template is broken in memory, and the rule must say so."""

    def setUp(self):
        self.template = copy.deepcopy(plain_cloudformation())
        self.resources = self.template["Resources"]

    def properties(self, name):
        return self.resources[name]["Properties"]

    def statements(self):
        return self.properties("FaceBlurRole")["Policies"][0]["PolicyDocument"]["Statement"]

    def assert_complains(self, rule, *arguments):
        self.assertNotEqual(rule(self.template, *arguments), [])

    def test_sees_a_visibility_timeout_that_is_too_short(self):
        short = template_defaults() | {"FunctionTimeout": 121, "VisibilityTimeout": 720}
        self.assert_complains(rules.visibility_timeouts, short)

    def test_sees_a_queue_without_a_visibility_timeout(self):
        del self.properties("UploadQueue")["VisibilityTimeout"]
        self.assert_complains(rules.visibility_timeouts, template_defaults())

    def test_sees_a_batch_that_fails_as_a_whole(self):
        del self.properties("FaceBlurFunctionUpload")["FunctionResponseTypes"]
        self.assert_complains(rules.partial_batch_failures)

    def test_sees_a_concurrency_that_is_not_a_parameter(self):
        self.properties("FaceBlurFunctionUpload")["ScalingConfig"]["MaximumConcurrency"] = 10
        self.assert_complains(rules.concurrency)

    def test_sees_reserved_concurrency(self):
        self.properties("FaceBlurFunction")["ReservedConcurrentExecutions"] = 1
        self.assert_complains(rules.concurrency)

    def test_sees_a_queue_that_gives_up_too_early(self):
        self.properties("UploadQueue")["RedrivePolicy"]["maxReceiveCount"] = 1
        self.assert_complains(rules.redrive)

    def test_sees_a_queue_without_a_dead_letter_queue(self):
        del self.properties("UploadQueue")["RedrivePolicy"]
        self.assert_complains(rules.redrive)

    def test_sees_a_dead_letter_queue_that_forgets(self):
        del self.properties("DeadLetterQueue")["MessageRetentionPeriod"]
        self.assert_complains(rules.failure_retention)

    def test_sees_a_rejected_queue_that_forgets(self):
        self.properties("RejectedQueue")["MessageRetentionPeriod"] = 345600
        self.assert_complains(rules.failure_retention)

    def test_sees_a_queue_in_the_clear(self):
        del self.properties("RejectedQueue")["SqsManagedSseEnabled"]
        self.assert_complains(rules.queues)

    def test_sees_a_queue_that_takes_plain_http(self):
        del self.resources["DeadLetterQueuePolicy"]
        self.assert_complains(rules.queues)

    def test_sees_a_queue_that_any_account_may_fill(self):
        for condition in ("ArnEquals", "StringEquals"):
            with self.subTest(condition):
                self.setUp()
                del self.properties("UploadQueuePolicy")["PolicyDocument"]["Statement"][0]["Condition"][condition]
                self.assert_complains(rules.bucket_may_send)

    def test_sees_a_bucket_that_may_come_before_its_queue_policy(self):
        del self.resources["SourceBucket"]["DependsOn"]
        self.assert_complains(rules.policy_before_bucket)

    def test_sees_a_suffix_filter(self):
        filters = {"S3Key": {"Rules": [{"Name": "suffix", "Value": ".jpg"}]}}
        self.properties("SourceBucket")["NotificationConfiguration"]["QueueConfigurations"][0]["Filter"] = filters
        self.assert_complains(rules.no_suffix_filter)

    def test_sees_each_safeguard_that_a_bucket_lacks(self):
        safeguards = (
            *("PublicAccessBlockConfiguration", "OwnershipControls", "BucketEncryption"),
            *("VersioningConfiguration", "LifecycleConfiguration"),
        )
        for safeguard in safeguards:
            with self.subTest(safeguard):
                self.setUp()
                del self.properties("DestinationBucket")[safeguard]
                self.assert_complains(rules.buckets)

    def test_sees_one_public_access_switch_that_is_off(self):
        self.properties("SourceBucket")["PublicAccessBlockConfiguration"]["BlockPublicPolicy"] = False
        self.assert_complains(rules.buckets)

    def test_sees_a_bucket_without_a_tls_policy(self):
        del self.resources["SourceBucketPolicy"]
        self.assert_complains(rules.buckets_tls_only)

    def test_sees_a_tls_policy_that_forgets_the_objects(self):
        del self.properties("SourceBucketPolicy")["PolicyDocument"]["Statement"][0]["Resource"][1]
        self.assert_complains(rules.buckets_tls_only)

    def test_sees_data_that_goes_with_the_stack(self):
        for policy in ("DeletionPolicy", "UpdateReplacePolicy"):
            with self.subTest(policy):
                self.setUp()
                del self.resources["DestinationBucket"][policy]
                self.assert_complains(rules.data_is_kept)

    def test_sees_an_old_runtime(self):
        self.properties("FaceBlurFunction")["Runtime"] = "provided.al2"
        self.assert_complains(rules.function_runtime)

    def test_sees_a_fixed_architecture(self):
        self.properties("FaceBlurFunction")["Architectures"] = ["x86_64"]
        self.assert_complains(rules.function_runtime)

    def test_sees_a_log_group_that_nobody_declared(self):
        self.properties("FaceBlurFunction")["LoggingConfig"]["LogGroup"] = "/aws/lambda/elsewhere"
        self.assert_complains(rules.function_logs)

    def test_sees_a_log_that_is_kept_forever(self):
        del self.properties("FaceBlurLogGroup")["RetentionInDays"]
        self.assert_complains(rules.function_logs)

    def test_sees_a_text_log(self):
        self.properties("FaceBlurFunction")["LoggingConfig"]["LogFormat"] = "Text"
        self.assert_complains(rules.function_logs)

    def test_sees_an_untraced_function(self):
        del self.properties("FaceBlurFunction")["TracingConfig"]
        self.assert_complains(rules.function_tracing)

    def test_sees_a_shared_role(self):
        self.resources["OtherFunction"] = copy.deepcopy(self.resources["FaceBlurFunction"])
        self.assert_complains(rules.own_roles)

    def test_sees_a_wildcard_action(self):
        self.statements()[0]["Action"] = ["s3:Get*"]
        self.assert_complains(rules.exact_actions)

    def test_sees_a_managed_policy(self):
        self.properties("FaceBlurRole")["ManagedPolicyArns"] = ["arn:aws:iam::aws:policy/AmazonS3FullAccess"]
        self.assert_complains(rules.exact_actions)

    def test_sees_a_role_that_reaches_everything(self):
        self.statements()[0]["Resource"] = "*"
        self.assert_complains(rules.exact_resources)

    def test_sees_a_role_that_reaches_all_buckets_by_pattern(self):
        self.statements()[0]["Resource"] = {"Fn::Sub": "arn:${AWS::Partition}:s3:::gatehouse-*/*"}
        self.assert_complains(rules.exact_resources)

    def test_sees_rekognition_allowed_for_nothing(self):
        self.statements()[-1] = self.statements()[-1]["Fn::If"][1]
        self.assert_complains(rules.rekognition_only_when_used)

    def test_sees_a_renamed_parameter(self):
        self.template["Parameters"]["InputBucket"] = self.template["Parameters"].pop("SourceBucketName")
        self.assert_complains(rules.known_parameters)

    def test_sees_a_parameter_without_a_default(self):
        del self.template["Parameters"]["MemorySize"]["Default"]
        self.assert_complains(rules.parameter_defaults)

    def test_sees_a_default_that_is_not_allowed(self):
        self.template["Parameters"]["Detector"]["Default"] = "guess"
        self.assert_complains(rules.parameter_defaults)

    def test_sees_an_output_that_is_missing(self):
        del self.template["Outputs"]["RejectedQueueUrl"]
        self.assert_complains(rules.outputs)


if __name__ == "__main__":
    unittest.main()
