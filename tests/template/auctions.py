"""The rules for auctions: who may use which key, who may write what, and who may call. See `rules` for the others."""

import re

from reading import (
    API,
    AUTHORIZER,
    INTEGRATION,
    KEY,
    PERMISSION,
    QUEUE,
    ROLE,
    ROUTE,
    STAGE,
    USER_POOL,
    listed,
    of_type,
    referred,
    statements,
    text,
)

# Actions that show or make what a key protects, or hand that on.
USES_A_KEY = re.compile(r"kms:(\*|.*(Decrypt|Encrypt|DataKey|Sign|Verify|Mac|Grant|Secret).*)")
REVOKES = {"kms:ListGrants", "kms:RevokeGrant"}

# Keys that are made while the stack runs are in no template: their ARNs can't be spelled out, their kind and tag can.
ANY_KEY = {"Fn::Sub": "arn:${AWS::Partition}:kms:${AWS::Region}:${AWS::AccountId}:key/*"}
OF_THE_KIND = {
    "StringEquals": {"kms:KeySpec": "RSA_4096", "kms:KeyUsage": "ENCRYPT_DECRYPT", "kms:KeyOrigin": "AWS_KMS"},
    "Bool": {"kms:MultiRegion": "false"},
}
WITH_THE_TAG = {"ForAllValues:StringEquals": {"aws:TagKeys": "gatehouse:auction"}}
WITH_RSA = {"StringEquals": {"kms:EncryptionAlgorithm": ["RSAES_OAEP_SHA_1", "RSAES_OAEP_SHA_256"]}}
KEYS_PER_AUCTION = {
    "NeverOpenBids": ("Deny", ["kms:Decrypt"], "*", WITH_RSA),
    "MakeKeys": ("Allow", ["kms:CreateKey"], "*", OF_THE_KIND),
    "TagKeys": ("Allow", ["kms:TagResource"], ANY_KEY, WITH_THE_TAG),
}

# Everything that a settlement writes is made of these. The attachment, in which a sealed bid lies, is not among them.
SETTLEMENT_WRITES = {"pk", "sk", "at", "body", "hash", "type"}


# Where it notes how far it is, and all that it may delete.
ITS_OWN_NOTES = {"ForAllValues:StringLike": {"dynamodb:LeadingKeys": ["progress/*"]}}
ITS_NOTES = {"ForAnyValue:StringLike": {"dynamodb:LeadingKeys": ["progress/*"]}}


# Keys


def sealing_key(template: dict) -> list[str]:
    """RSA with 4,096 bits. Intake shows its public half, the settlement opens with one algorithm, nobody else uses it."""
    key = of_type(template, KEY)["SealingKey"]
    complaints = [] if (key["KeySpec"], key["KeyUsage"]) == ("RSA_4096", "ENCRYPT_DECRYPT") else ["another kind of key"]
    opens = {"StringEquals": {"kms:EncryptionAlgorithm": "RSAES_OAEP_SHA_256"}}
    expected = {"BidIntakeRole": (["kms:GetPublicKey"], None), "BidSettleRole": (["kms:Decrypt"], opens)}
    return complaints + _other_users(key, expected)


def result_key(template: dict) -> list[str]:
    """Rotated; what it encrypts belongs to one auction; how far a settlement has got is the settlement's alone."""
    key = of_type(template, KEY)["ResultKey"]
    complaints = [] if key.get("EnableKeyRotation") is True else ["it is never rotated"]
    of_an_auction = {"kms:EncryptionContext:auction": "false"}
    result = of_an_auction | {"kms:EncryptionContext:purpose": "true"}
    expected = {
        "BidSettleRole": (["kms:Encrypt", "kms:Decrypt"], {"Null": of_an_auction}),
        "BidIntakeRole": (["kms:Decrypt"], {"Null": result}),
    }
    return complaints + _other_users(key, expected)


def _other_users(key: dict, expected: dict) -> list[str]:
    """How a key's policy differs from these roles with their actions and conditions, beside an account that administers."""
    account = {"AWS": {"Fn::Sub": "arn:${AWS::Partition}:iam::${AWS::AccountId}:root"}}
    found = key["KeyPolicy"]["Statement"]
    administers = [action for one in found if one["Principal"] == account for action in listed(one["Action"])]
    others = [one for one in found if one["Principal"] != account]
    complaints = [f"the account may {action}" for action in administers if _uses(action)]
    users = [_user(one) for one in others]
    wanted = [[role, *may] for role, may in expected.items()]
    if sorted(map(text, users)) != sorted(map(text, wanted)):
        complaints.append(f"used by {text(users)}")
    return complaints


def _user(statement: dict) -> list:
    principal = statement["Principal"]
    role = referred(principal.get("AWS")) if isinstance(principal, dict) else principal
    return [role, statement["Action"], statement.get("Condition")]


def _uses(action: str) -> bool:
    return USES_A_KEY.fullmatch(action) is not None and action not in REVOKES


def keys_are_used_by_their_own_policies(template: dict) -> list[str]:
    """No role speaks of a key of this template, so that no role can widen what the keys' policies say; tags use none."""
    complaints = []
    for role, statement in statements(template):
        if "kms:" not in text(statement["Action"]) or (role == "BidIntakeRole" and statement["Sid"] in KEYS_PER_AUCTION):
            continue
        if (statement["Action"], statement["Resource"]) == (["kms:ListResourceTags"], ANY_KEY) and role == "BidSettleRole":
            continue
        if (statement["Action"], referred(statement["Resource"])) != (["kms:Decrypt"], "LegacyBidKeyArn"):
            complaints.append(f"{role}: {statement['Action']} of {text(statement['Resource'])}")
    return complaints


def keys_per_auction(template: dict) -> list[str]:
    """Only where each auction has its own key, and only by intake; a key's policy says what it may do with it, and can't let it open bids."""
    found = {}
    for statement in of_type(template, ROLE)["BidIntakeRole"]["Policies"][0]["PolicyDocument"]["Statement"]:
        condition, made, _ = statement.get("Fn::If", [None, statement, None])
        if "kms:" in text(made["Action"]):
            may = (made["Effect"], made["Action"], made["Resource"], made.get("Condition"))
            found[made["Sid"]] = (condition, *may)
    expected = {sid: ("HasSealingKeyPerAuction", *rest) for sid, rest in KEYS_PER_AUCTION.items()}
    complaints = [] if text(found) == text(expected) else [text(found)]
    if template["Conditions"].get("HasSealingKeyPerAuction") != {"Fn::Equals": [{"Ref": "SealingKeyPerAuction"}, "on"]}:
        complaints.append("HasSealingKeyPerAuction means something else")
    return complaints


# The log of auctions


def settlement_places_no_bid(template: dict) -> list[str]:
    """The settlement puts items without an attachment, and changes none."""
    complaints = []
    for role, statement in statements(template):
        if role != "BidSettleRole" or referred(statement["Resource"]) != "AuctionsTable":
            continue
        writes = set(statement["Action"]) - {"dynamodb:GetItem", "dynamodb:Query", "dynamodb:DeleteItem"}
        attributes = statement.get("Condition", {}).get("ForAllValues:StringEquals", {}).get("dynamodb:Attributes", [])
        if writes and (writes != {"dynamodb:PutItem"} or set(attributes) != SETTLEMENT_WRITES):
            complaints.append(f"{sorted(writes)} of {attributes}")
    return complaints


def settlement_deletes_its_notes_only(template: dict) -> list[str]:
    """Nobody deletes anything in the log of auctions but the settlement, and that only its notes on how far it is."""
    return [
        f"{role} deletes {text(statement.get('Condition'))}"
        for role, statement in statements(template)
        if referred(statement["Resource"]) == "AuctionsTable"
        and {"dynamodb:DeleteItem", "dynamodb:*", "dynamodb:PartiQLDelete"} & set(listed(statement["Action"]))
        and (role, statement.get("Condition")) != ("BidSettleRole", ITS_OWN_NOTES)
    ]


def only_the_settlement_notes_progress(template: dict) -> list[str]:
    """Whoever else puts items into the log of auctions is denied to put notes on how far a settlement is."""
    writers, denied = set(), set()
    for role, statement in statements(template):
        if referred(statement["Resource"]) != "AuctionsTable" or "dynamodb:PutItem" not in listed(statement["Action"]):
            continue
        if statement["Effect"] == "Allow":
            writers.add(role)
        elif statement.get("Condition") == ITS_NOTES:
            denied.add(role)
    return [f"{role} may say how far a settlement is" for role in sorted(writers - denied - {"BidSettleRole"})]


# Schedules


def schedules_start_settlements_only(template: dict) -> list[str]:
    """The role of the schedules is taken by those of our group only, and sends to the settle queue and its dead letters only."""
    role = of_type(template, ROLE)["CloseSchedulesRole"]
    trust = role["AssumeRolePolicyDocument"]["Statement"]
    ours = {"aws:SourceAccount": {"Ref": "AWS::AccountId"}, "aws:SourceArn": {"Fn::GetAtt": ["CloseSchedules", "Arn"]}}
    complaints = []
    if [text(statement.get("Condition")) for statement in trust] != [text({"StringEquals": ours})]:
        complaints.append("any schedule may take the role")
    if [statement["Principal"] for statement in trust] != [{"Service": "scheduler.amazonaws.com"}]:
        complaints.append("others than the scheduler may take the role")
    may = [(s["Action"], referred(s["Resource"])) for of, s in statements(template) if of == "CloseSchedulesRole"]
    expected = [(["sqs:SendMessage"], queue) for queue in ("SettleQueue", "SettleDeadLetterQueue")]
    return complaints if may == expected else [*complaints, f"the role may {may}"]


def roles_are_passed_to_the_scheduler_only(template: dict) -> list[str]:
    """Who may hand a role on may hand on this one, to that service."""
    to_scheduler = {"StringEquals": {"iam:PassedToService": "scheduler.amazonaws.com"}}
    return [
        f"{role} passes {text(statement['Resource'])}"
        for role, statement in statements(template)
        if "iam:PassRole" in statement["Action"]
        and (referred(statement["Resource"]) != "CloseSchedulesRole" or statement.get("Condition") != to_scheduler)
    ]


# The HTTP API


def routes(template: dict, contract: dict[str, bool]) -> list[str]:
    """Each route of the contract, and no other; a token for all but those that anybody may use."""
    found = {route["RouteKey"]: route for route in of_type(template, ROUTE).values()}
    complaints = [f"{key}: missing, or more than the contract has" for key in sorted(set(found) ^ set(contract))]
    for key, route in found.items():
        guard = (route["AuthorizationType"], referred(route.get("AuthorizerId")))
        if guard != (("JWT", "BidApiAuthorizer") if contract.get(key, True) else ("NONE", None)):
            complaints.append(f"{key}: {guard}")
        if route["Target"] != {"Fn::Sub": "integrations/${BidApiIntegration}"}:
            complaints.append(f"{key} goes to {route['Target']}")
    return complaints


def authorizer(template: dict) -> list[str]:
    """Tokens of the issuer that is named, or else of our own user pool, and for us: a token for others is none for us."""
    own = {"Fn::Sub": "https://cognito-idp.${AWS::Region}.${AWS::URLSuffix}/${UserPool}"}
    expected = {
        "Issuer": {"Fn::If": ["HasUserPool", own, {"Ref": "JwtIssuer"}]},
        "Audience": [{"Fn::If": ["HasUserPool", {"Ref": "UserPoolClient"}, {"Ref": "JwtAudience"}]}],
    }
    found = [authorizer["JwtConfiguration"] for authorizer in of_type(template, AUTHORIZER).values()]
    complaints = [] if text(found) == text([expected]) else [text(found)]
    if template["Conditions"].get("HasUserPool") != {"Fn::Equals": [{"Ref": "JwtIssuer"}, ""]}:
        complaints.append("HasUserPool means something else")
    return complaints


def users(template: dict) -> list[str]:
    """Made only when no other issuer is named; nobody signs up alone; protected in production."""
    complaints = []
    for name, resource in template["Resources"].items():
        if resource["Type"].startswith("AWS::Cognito::") and resource.get("Condition") != "HasUserPool":
            complaints.append(f"{name} is made although another issuer is named")
    for name, pool in of_type(template, USER_POOL).items():
        if pool.get("AdminCreateUserConfig") != {"AllowAdminCreateUserOnly": True}:
            complaints.append(f"anybody may sign up to {name}")
        if pool.get("DeletionProtection") != {"Fn::If": ["IsProd", "ACTIVE", "INACTIVE"]}:
            complaints.append(f"{name} can be deleted in production")
    return complaints


def stage(template: dict) -> list[str]:
    """Throttled by parameters; the access log tells who called what, and no more."""
    complaints = []
    for name, properties in of_type(template, STAGE).items():
        limits = _limits(template, properties.get("DefaultRouteSettings", {}))
        if limits != ["ThrottlingRate", "ThrottlingBurst"]:
            complaints.append(f"{name}: throttled by {limits}")
        log = properties.get("AccessLogSettings", {})
        if referred(log.get("DestinationArn")) != "BidApiLogGroup":
            complaints.append(f"{name} has no access log")
        told = re.findall(r"\$(\S+?)[\"\s]", log.get("Format", ""))
        complaints += [f"{name} logs ${one}" for one in told if not one.startswith("context.") or "body" in one.lower()]
    return complaints


def public_routes_are_throttled(template: dict, contract: dict[str, bool]) -> list[str]:
    """By parameters of their own, each well below the stage's: nobody without a token uses up what the others need."""
    public = {key for key, needs_token in contract.items() if not needs_token}
    defaults = {name: parameter.get("Default") for name, parameter in template["Parameters"].items()}
    complaints = []
    for name, properties in of_type(template, STAGE).items():
        settings = properties.get("RouteSettings", {})
        complaints += [f"{name}: {key} has no limits, or no need of them" for key in sorted(public ^ settings.keys())]
        for key, of_route in settings.items():
            for limit, of_stage in zip(_limits(template, of_route), ("ThrottlingRate", "ThrottlingBurst")):
                if limit is None or defaults[limit] > defaults[of_stage] / 2:
                    complaints.append(f"{name}: {key} is throttled by {limit}")
        there = [route["RouteKey"] for route in _depended_on(template, name)]
        complaints += [f"{name} may be made before {key}" for key in settings if key not in there]
    return complaints


def _limits(template: dict, settings: dict) -> list[str | None]:
    """The parameters that say a rate and a burst; None for what is none."""
    found = [referred(settings.get(limit)) for limit in ("ThrottlingRateLimit", "ThrottlingBurstLimit")]
    return [name if name in template["Parameters"] else None for name in found]


def _depended_on(template: dict, name: str) -> list[dict]:
    """The routes that are there before this resource."""
    named = listed(template["Resources"][name].get("DependsOn", []))
    return [route for route_name, route in of_type(template, ROUTE).items() if route_name in named]


def api_reaches_one_function(template: dict) -> list[str]:
    """One integration, with the event's newer form; only this API of this account may call the function."""
    apis, integrations = of_type(template, API), of_type(template, INTEGRATION)
    complaints = [] if list(apis) == ["BidApi"] else [f"APIs: {list(apis)}"]
    for name, integration in integrations.items():
        if referred(integration["IntegrationUri"]) != "BidIntakeFunction" or integration["PayloadFormatVersion"] != "2.0":
            complaints.append(f"{name} goes to {text(integration)}")
    for name, permission in of_type(template, PERMISSION).items():
        source = text(permission.get("SourceArn"))
        if "execute-api" not in source or "${BidApi}" not in source or "SourceAccount" not in permission:
            complaints.append(f"{name}: any API may call")
    return complaints


def close_messages_are_kept(template: dict) -> list[str]:
    """Nothing but its message settles an auction: it waits as long as a queue can keep it."""
    days = of_type(template, QUEUE)["SettleQueue"].get("MessageRetentionPeriod", 0) / 86400
    return [] if days == 14 else [f"{days} days"]
