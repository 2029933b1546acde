"""That the rules for auctions hold, and that each of them can fail."""

import copy
import unittest

import auctions
import rules
from plain import contract_routes, plain_cloudformation


class TheTemplate(unittest.TestCase):
    """What holds of the template as it stands."""

    def assert_holds(self, rule, *arguments):
        self.assertEqual(rule(plain_cloudformation(), *arguments), [])

    def test_only_the_settlement_opens_bids_and_intake_shows_the_public_key(self):
        self.assert_holds(auctions.sealing_key)

    def test_the_settlement_writes_results_and_intake_reads_them_each_for_its_auction(self):
        self.assert_holds(auctions.result_key)

    def test_no_role_can_widen_what_the_policies_of_the_keys_say(self):
        self.assert_holds(auctions.keys_are_used_by_their_own_policies)

    def test_keys_are_made_only_where_each_auction_has_its_own(self):
        self.assert_holds(auctions.keys_per_auction)

    def test_the_settlement_can_not_place_a_bid(self):
        self.assert_holds(auctions.settlement_places_no_bid)

    def test_nobody_deletes_an_event(self):
        self.assert_holds(auctions.settlement_deletes_its_notes_only)

    def test_only_the_settlement_says_how_far_it_is(self):
        self.assert_holds(auctions.only_the_settlement_notes_progress)

    def test_a_schedule_starts_a_settlement_and_nothing_else(self):
        self.assert_holds(auctions.schedules_start_settlements_only)

    def test_the_message_of_a_close_waits_as_long_as_it_can(self):
        self.assert_holds(auctions.close_messages_are_kept)

    def test_a_role_is_handed_to_the_scheduler_only(self):
        self.assert_holds(auctions.roles_are_passed_to_the_scheduler_only)

    def test_every_route_of_the_contract_is_there_and_needs_a_token_where_the_contract_says_so(self):
        self.assert_holds(auctions.routes, contract_routes())

    def test_tokens_are_those_of_one_issuer_for_us(self):
        self.assert_holds(auctions.authorizer)

    def test_users_are_made_only_without_another_issuer_and_nobody_signs_up_alone(self):
        self.assert_holds(auctions.users)

    def test_the_api_is_throttled_and_its_access_log_has_no_bodies(self):
        self.assert_holds(auctions.stage)

    def test_who_has_no_token_can_not_use_up_what_the_others_need(self):
        self.assert_holds(auctions.public_routes_are_throttled, contract_routes())

    def test_the_api_reaches_one_function_and_nobody_else_does(self):
        self.assert_holds(auctions.api_reaches_one_function)


class EachRule(unittest.TestCase):
    """That each rule can fail: the template is broken in memory, and the rule must say so."""

    def setUp(self):
        self.template = copy.deepcopy(plain_cloudformation())

    def properties(self, name):
        return self.template["Resources"][name]["Properties"]

    def key_statement(self, key, sid):
        found = self.properties(key)["KeyPolicy"]["Statement"]
        return next(statement for statement in found if statement["Sid"] == sid)

    def role_statement(self, role, sid):
        found = self.properties(role)["Policies"][0]["PolicyDocument"]["Statement"]
        return next(statement for statement in found if statement.get("Sid") == sid)

    def assert_complains(self, rule, *arguments):
        self.assertNotEqual(rule(self.template, *arguments), [])

    def test_sees_an_account_that_may_decrypt_or_hand_that_on(self):
        for action in ("kms:Decrypt", "kms:*", "kms:CreateGrant", "kms:ReEncryptFrom"):
            for key, rule in (("SealingKey", auctions.sealing_key), ("ResultKey", auctions.result_key)):
                with self.subTest(f"{key} {action}"):
                    self.setUp()
                    self.key_statement(key, "AccountAdministers")["Action"].append(action)
                    self.assert_complains(rule)

    def test_sees_a_second_one_who_opens_bids(self):
        opens = self.key_statement("SealingKey", "SettlementOpensBids")
        for principal in ("*", {"AWS": "*"}, {"AWS": {"Fn::GetAtt": ["BidIntakeRole", "Arn"]}}, opens["Principal"]):
            with self.subTest(principal):
                self.setUp()
                another = copy.deepcopy(opens) | {"Principal": principal}
                self.properties("SealingKey")["KeyPolicy"]["Statement"].insert(0, another)
                self.assert_complains(auctions.sealing_key)

    def test_sees_bids_that_open_with_another_algorithm(self):
        del self.key_statement("SealingKey", "SettlementOpensBids")["Condition"]
        self.assert_complains(auctions.sealing_key)

    def test_sees_a_shorter_key(self):
        self.properties("SealingKey")["KeySpec"] = "RSA_2048"
        self.assert_complains(auctions.sealing_key)

    def test_sees_an_intake_that_reads_half_done_settlements(self):
        del self.key_statement("ResultKey", "IntakeReadsResults")["Condition"]["Null"]["kms:EncryptionContext:purpose"]
        self.assert_complains(auctions.result_key)

    def test_sees_results_that_belong_to_no_auction(self):
        del self.key_statement("ResultKey", "SettlementWritesAndReads")["Condition"]
        self.assert_complains(auctions.result_key)

    def test_sees_a_result_key_that_is_never_rotated(self):
        del self.properties("ResultKey")["EnableKeyRotation"]
        self.assert_complains(auctions.result_key)

    def test_sees_a_key_that_goes_with_the_stack(self):
        for key in ("SealingKey", "ResultKey"):
            with self.subTest(key):
                self.setUp()
                del self.template["Resources"][key]["DeletionPolicy"]
                self.assert_complains(rules.data_is_kept)

    def test_sees_a_role_that_decrypts(self):
        statement = self.role_statement("BidIntakeRole", "AppendToLogs")
        statement |= {"Action": ["kms:Decrypt"], "Resource": {"Fn::GetAtt": ["SealingKey", "Arn"]}}
        self.assert_complains(auctions.keys_are_used_by_their_own_policies)

    def test_sees_another_use_of_keys_by_the_settlement_and_another_who_reads_their_tags(self):
        self.role_statement("BidSettleRole", "TellWhoseKeyItIs")["Action"].append("kms:Decrypt")
        self.assert_complains(auctions.keys_are_used_by_their_own_policies)
        self.setUp()
        tells = copy.deepcopy(self.role_statement("BidSettleRole", "TellWhoseKeyItIs"))
        self.role_statement("BidImportRole", "AppendToLogs").update(tells)
        self.assert_complains(auctions.keys_are_used_by_their_own_policies)

    def test_sees_keys_that_are_always_made_or_of_any_kind(self):
        found = self.properties("BidIntakeRole")["Policies"][0]["PolicyDocument"]["Statement"]
        for place in [place for place, statement in enumerate(found) if "Fn::If" in statement]:
            with self.subTest(place):
                self.setUp()
                found = self.properties("BidIntakeRole")["Policies"][0]["PolicyDocument"]["Statement"]
                del found[place]["Fn::If"][1]["Condition"]
                self.assert_complains(auctions.keys_per_auction)
                self.setUp()
                found = self.properties("BidIntakeRole")["Policies"][0]["PolicyDocument"]["Statement"]
                found[place] = found[place]["Fn::If"][1]
                self.assert_complains(auctions.keys_per_auction)

    def test_sees_keys_that_are_made_outside_or_copied_to_another_region(self):
        for operator, key in (("StringEquals", "kms:KeyOrigin"), ("Bool", "kms:MultiRegion")):
            with self.subTest(key):
                self.setUp()
                found = self.properties("BidIntakeRole")["Policies"][0]["PolicyDocument"]["Statement"]
                made = [one["Fn::If"][1] for one in found if "Fn::If" in one]
                del next(one for one in made if one["Sid"] == "MakeKeys")["Condition"][operator][key]
                self.assert_complains(auctions.keys_per_auction)

    def test_sees_an_intake_that_could_let_itself_open_bids(self):
        for change in ({"Effect": "Allow"}, {"Resource": {"Fn::GetAtt": ["SealingKey", "Arn"]}}):
            with self.subTest(change):
                self.setUp()
                found = self.properties("BidIntakeRole")["Policies"][0]["PolicyDocument"]["Statement"]
                made = [one["Fn::If"][1] for one in found if "Fn::If" in one]
                next(one for one in made if one["Sid"] == "NeverOpenBids").update(change)
                self.assert_complains(auctions.keys_per_auction)

    def test_sees_another_role_that_uses_keys_per_auction(self):
        _, action, resource, _ = auctions.KEYS_PER_AUCTION["MakeKeys"]
        statement = self.role_statement("BidImportRole", "AppendToLogs")
        statement |= {"Sid": "MakeKeys", "Action": action, "Resource": resource}
        self.assert_complains(auctions.keys_are_used_by_their_own_policies)

    def test_sees_a_settlement_that_places_bids(self):
        append = self.role_statement("BidSettleRole", "AppendToLogs")
        append["Condition"]["ForAllValues:StringEquals"]["dynamodb:Attributes"].append("attachment")
        self.assert_complains(auctions.settlement_places_no_bid)
        for actions in (["dynamodb:PutItem"], ["dynamodb:UpdateItem"], ["dynamodb:BatchWriteItem"]):
            with self.subTest(actions):
                self.setUp()
                append = self.role_statement("BidSettleRole", "AppendToLogs")
                append["Action"] = actions
                append.pop("Condition") if actions == ["dynamodb:PutItem"] else None
                self.assert_complains(auctions.settlement_places_no_bid)

    def test_sees_a_settlement_that_deletes_bids(self):
        for condition in (None, {"ForAllValues:StringLike": {"dynamodb:LeadingKeys": ["*"]}}):
            with self.subTest(condition):
                self.role_statement("BidSettleRole", "ForgetProgress")["Condition"] = condition
                self.assert_complains(auctions.settlement_deletes_its_notes_only)
        self.setUp()
        self.role_statement("BidImportRole", "AppendToLogs")["Action"].append("dynamodb:DeleteItem")
        self.assert_complains(auctions.settlement_deletes_its_notes_only)

    def test_sees_another_role_that_says_how_far_a_settlement_is(self):
        for role in ("BidIntakeRole", "BidImportRole"):
            for change in ({"Effect": "Allow"}, {"Condition": auctions.ITS_OWN_NOTES}, {"Action": ["dynamodb:GetItem"]}):
                with self.subTest(f"{role} {change}"):
                    self.setUp()
                    self.role_statement(role, "NeverNoteProgress").update(change)
                    self.assert_complains(auctions.only_the_settlement_notes_progress)

    def test_sees_a_role_that_any_schedule_may_take(self):
        for key in ("aws:SourceAccount", "aws:SourceArn"):
            with self.subTest(key):
                self.setUp()
                trust = self.properties("CloseSchedulesRole")["AssumeRolePolicyDocument"]["Statement"][0]
                del trust["Condition"]["StringEquals"][key]
                self.assert_complains(auctions.schedules_start_settlements_only)

    def test_sees_a_schedule_that_sends_elsewhere(self):
        statement = self.role_statement("CloseSchedulesRole", "StartSettlement")
        statement["Resource"] = {"Fn::GetAtt": ["RejectedQueue", "Arn"]}
        self.assert_complains(auctions.schedules_start_settlements_only)

    def test_sees_a_close_that_is_forgotten_after_four_days(self):
        self.properties("SettleQueue")["MessageRetentionPeriod"] = 345600
        self.assert_complains(auctions.close_messages_are_kept)

    def test_sees_a_role_that_is_handed_to_anybody(self):
        del self.role_statement("BidIntakeRole", "HandRoleToSchedule")["Condition"]
        self.assert_complains(auctions.roles_are_passed_to_the_scheduler_only)

    def test_sees_a_role_that_makes_schedules_anywhere(self):
        arn = "arn:${AWS::Partition}:scheduler:${AWS::Region}:${AWS::AccountId}:schedule/*/*"
        self.role_statement("BidIntakeRole", "ScheduleCloses")["Resource"] = {"Fn::Sub": arn}
        self.assert_complains(rules.exact_resources)

    def test_sees_a_role_that_speaks_to_any_bus(self):
        arn = "arn:${AWS::Partition}:events:${AWS::Region}:${AWS::AccountId}:event-bus/*"
        self.role_statement("BidPublishRole", "TellEventBus")["Resource"] = {"Fn::Sub": arn}
        self.assert_complains(rules.exact_resources)

    def test_sees_a_route_that_needs_no_token(self):
        self.properties("PlaceBidRoute")["AuthorizationType"] = "NONE"
        self.assert_complains(auctions.routes, contract_routes())

    def test_sees_a_route_that_needs_a_token_though_anybody_may_use_it(self):
        guard = {"AuthorizationType": "JWT", "AuthorizerId": {"Ref": "BidApiAuthorizer"}}
        self.properties("ShowLogRoute").update(guard)
        self.assert_complains(auctions.routes, contract_routes())

    def test_sees_a_route_that_is_missing_and_one_too_many(self):
        del self.template["Resources"]["ShowLogRoute"]
        self.assert_complains(auctions.routes, contract_routes())
        self.setUp()
        self.properties("ShowLogRoute")["RouteKey"] = "$default"
        self.assert_complains(auctions.routes, contract_routes())

    def test_sees_tokens_for_others(self):
        self.properties("BidApiAuthorizer")["JwtConfiguration"]["Audience"] = []
        self.assert_complains(auctions.authorizer)

    def test_sees_users_that_nobody_needs_and_users_that_sign_up_alone(self):
        del self.template["Resources"]["UserPool"]["Condition"]
        self.assert_complains(auctions.users)
        self.setUp()
        del self.properties("UserPool")["AdminCreateUserConfig"]
        self.assert_complains(auctions.users)

    def test_sees_an_api_without_limits_or_with_fixed_ones(self):
        del self.properties("BidApiStage")["DefaultRouteSettings"]
        self.assert_complains(auctions.stage)
        self.setUp()
        self.properties("BidApiStage")["DefaultRouteSettings"]["ThrottlingRateLimit"] = 5
        self.assert_complains(auctions.stage)

    def test_sees_a_route_for_anybody_that_has_no_limits_of_its_own(self):
        rule, log = auctions.public_routes_are_throttled, "GET /auctions/{auctionId}/log"
        del self.properties("BidApiStage")["RouteSettings"][log]
        self.assert_complains(rule, contract_routes())
        self.setUp()
        self.properties("BidApiStage")["RouteSettings"][log]["ThrottlingBurstLimit"] = {"Ref": "ThrottlingBurst"}
        self.assert_complains(rule, contract_routes())
        self.setUp()
        self.template["Resources"]["BidApiStage"]["DependsOn"].remove("ShowLogRoute")
        self.assert_complains(rule, contract_routes())

    def test_sees_bodies_or_headers_in_the_access_log(self):
        for told in ('{"body":"$context.requestBody"}', '{"token":"$request.header.Authorization"}'):
            with self.subTest(told):
                self.properties("BidApiStage")["AccessLogSettings"]["Format"] = told
                self.assert_complains(auctions.stage)

    def test_sees_a_function_that_any_api_may_call(self):
        for key in ("SourceArn", "SourceAccount"):
            with self.subTest(key):
                self.setUp()
                del self.properties("BidApiMayInvoke")[key]
                self.assert_complains(auctions.api_reaches_one_function)


if __name__ == "__main__":
    unittest.main()
