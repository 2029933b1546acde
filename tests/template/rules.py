"""One function per rule: it takes a plain CloudFormation template and returns its complaints."""

import re

from reading import (
    BUCKET,
    BUCKET_POLICY,
    EVENT_SOURCE,
    FUNCTION,
    KEY,
    LOG_GROUP,
    PARAMETER,
    QUEUE,
    QUEUE_POLICY,
    ROLE,
    SCHEDULE_GROUP,
    STATE_MACHINE,
    TABLE,
    USER_POOL,
    final_queues,
    hold_queues,
    listed,
    number,
    of_type,
    policy_statements,
    referred,
    refuses_plain_http,
    statements,
    text,
    work_queues,
)

# What loses photos and bids, or the word of them, when it goes. Without its key, a sealed bid is lost too.
HOLDS_DATA = (BUCKET, TABLE, KEY, USER_POOL)

FOURTEEN_DAYS = 14 * 24 * 3600

# How an ARN of this account and region begins, in a Fn::Sub.
_HERE = "arn:${{AWS::Partition}}:{}:${{AWS::Region}}:${{AWS::AccountId}}:"

# These actions know no resource but "*": the service authorization reference of AWS says so.
ONLY_STAR = {
    *("xray:PutTraceSegments", "xray:PutTelemetryRecords", "xray:GetSamplingRules", "xray:GetSamplingTargets"),
    *("rekognition:DetectFaces", "dynamodb:ListStreams"),
    "kms:CreateKey",
}

# Of keys that are made while the stack runs; `auctions` says who may do it, and under which conditions.
MADE_LATER = {"kms:TagResource", "kms:ListResourceTags"}


# Queues and what reads them


def visibility_timeouts(template: dict, parameters: dict) -> list[str]:
    """A queue hides a message for at least six timeouts of the function that reads it."""
    complaints = []
    for name, mapping in of_type(template, EVENT_SOURCE).items():
        queue = of_type(template, QUEUE).get(referred(mapping["EventSourceArn"]))
        function = of_type(template, FUNCTION)[referred(mapping["FunctionName"])]
        if queue is None:
            continue
        hidden = number(queue.get("VisibilityTimeout"), parameters)
        timeout = number(function.get("Timeout"), parameters)
        if hidden < 6 * timeout:
            complaints.append(f"{name}: hidden for {hidden} s, but the function may take {timeout} s")
    return complaints


def partial_batch_failures(template: dict) -> list[str]:
    """Every event source reports failures one by one."""
    return [
        f"{name} fails as a whole"
        for name, mapping in of_type(template, EVENT_SOURCE).items()
        if mapping.get("FunctionResponseTypes") != ["ReportBatchItemFailures"]
    ]


def concurrency(template: dict) -> list[str]:
    """MaximumConcurrency is a parameter; nothing is reserved."""
    complaints = [
        f"{name} reserves concurrency: polls would be throttled and good work dead-lettered"
        for name, function in of_type(template, FUNCTION).items()
        if "ReservedConcurrentExecutions" in function
    ]
    for name, mapping in of_type(template, EVENT_SOURCE).items():
        limit = mapping.get("ScalingConfig", {}).get("MaximumConcurrency")
        from_queue = referred(mapping["EventSourceArn"]) in of_type(template, QUEUE)
        if from_queue and referred(limit) not in template["Parameters"]:
            complaints.append(f"{name}: MaximumConcurrency is {limit}, not a parameter")
    return complaints


def redrive(template: dict) -> list[str]:
    """A queue that a function reads gives up after five tries, to a dead-letter queue of this template.

    But not one in which work is held back (`flag_rules.hold_queues_keep`).
    """
    complaints = []
    for name, queue in work_queues(template).items():
        if name in hold_queues(template):
            continue
        policy = queue.get("RedrivePolicy", {})
        if policy.get("maxReceiveCount") != 5:
            complaints.append(f"{name}: maxReceiveCount is {policy.get('maxReceiveCount')}")
        if referred(policy.get("deadLetterTargetArn")) not in of_type(template, QUEUE):
            complaints.append(f"{name} has no dead-letter queue")
    return complaints


def failure_retention(template: dict) -> list[str]:
    """Dead letters and rejects wait fourteen days for a person."""
    complaints = [] if "RejectedQueue" in final_queues(template) else ["there is no rejected queue"]
    for name, queue in final_queues(template).items():
        if queue.get("MessageRetentionPeriod") != FOURTEEN_DAYS:
            complaints.append(f"{name} keeps messages for {queue.get('MessageRetentionPeriod')} s")
    return complaints


def queues(template: dict) -> list[str]:
    """Every queue is encrypted and refuses plain HTTP."""
    complaints = []
    for name, queue in of_type(template, QUEUE).items():
        if queue.get("SqsManagedSseEnabled") is not True and "KmsMasterKeyId" not in queue:
            complaints.append(f"{name} is not encrypted")
        if not any(map(refuses_plain_http, policy_statements(template, QUEUE_POLICY, name))):
            complaints.append(f"{name} takes plain HTTP")
    return complaints


# From bucket to queue


def _notified_queues(bucket: dict) -> list[str]:
    configurations = bucket.get("NotificationConfiguration", {}).get("QueueConfigurations", [])
    return [referred(configuration["Queue"]) for configuration in configurations]


def bucket_may_send(template: dict) -> list[str]:
    """The queue's policy names both the bucket and the account."""
    complaints = []
    for name, bucket in of_type(template, BUCKET).items():
        for queue in _notified_queues(bucket):
            allowed = [s for s in policy_statements(template, QUEUE_POLICY, queue) if s["Effect"] == "Allow"]
            if not allowed:
                complaints.append(f"{queue} does not let {name} in")
            complaints += [f"{queue}: {fault}" for statement in allowed for fault in _sender_faults(statement)]
    return complaints


def _sender_faults(statement: dict) -> list[str]:
    condition = statement.get("Condition", {})
    arn = text(condition.get("ArnEquals", {}).get("aws:SourceArn"))
    account = condition.get("StringEquals", {}).get("aws:SourceAccount")
    faults = []
    if statement["Principal"] != {"Service": "s3.amazonaws.com"} or statement["Action"] != "sqs:SendMessage":
        faults.append("more than S3 may do more than send")
    if ":s3:::" not in arn or "*" in arn:
        faults.append("any bucket may send")
    if account != {"Ref": "AWS::AccountId"}:
        faults.append("any account's bucket may send")
    return faults


def policy_before_bucket(template: dict) -> list[str]:
    """S3 checks the queue when the bucket is made, so the queue's policy comes first."""
    complaints = []
    for name, bucket in of_type(template, BUCKET).items():
        first = listed(template["Resources"][name].get("DependsOn", []))
        for queue in _notified_queues(bucket):
            policies = of_type(template, QUEUE_POLICY).items()
            needed = [policy for policy, properties in policies if queue in map(referred, properties["Queues"])]
            complaints += [f"{name} may come before {policy}" for policy in needed if policy not in first]
    return complaints


def no_suffix_filter(template: dict) -> list[str]:
    """All created objects, whatever their names end in. How they begin may be filtered, by `SourcePrefix` only."""
    by_prefix = {"S3Key": {"Rules": [{"Name": "prefix", "Value": {"Ref": "SourcePrefix"}}]}}
    allowed = {"Fn::If": ["HasSourcePrefix", by_prefix, {"Ref": "AWS::NoValue"}]}
    return [
        f"{name}: {configuration}"
        for name, bucket in of_type(template, BUCKET).items()
        for configuration in bucket.get("NotificationConfiguration", {}).get("QueueConfigurations", [])
        if configuration.get("Filter", allowed) != allowed or configuration["Event"] != "s3:ObjectCreated:*"
    ]


# Buckets and data


def buckets(template: dict) -> list[str]:
    """Private, owner enforced, encrypted, versioned, and tidied of old versions and abandoned uploads."""
    return [
        f"{name} lacks {what}"
        for name, bucket in of_type(template, BUCKET).items()
        for what, holds in _bucket_safeguards(bucket).items()
        if not holds
    ]


def _bucket_safeguards(bucket: dict) -> dict[str, bool]:
    switches = ("BlockPublicAcls", "BlockPublicPolicy", "IgnorePublicAcls", "RestrictPublicBuckets")
    public = bucket.get("PublicAccessBlockConfiguration", {})
    ownership = bucket.get("OwnershipControls", {}).get("Rules")
    lifecycle = text(bucket.get("LifecycleConfiguration"))
    return {
        "a public access block": all(public.get(switch) is True for switch in switches),
        "an enforced owner": ownership == [{"ObjectOwnership": "BucketOwnerEnforced"}],
        "encryption": "SSEAlgorithm" in text(bucket.get("BucketEncryption")),
        "versions": bucket.get("VersioningConfiguration") == {"Status": "Enabled"},
        "an end for old versions": "NoncurrentVersionExpiration" in lifecycle,
        "an end for abandoned uploads": "AbortIncompleteMultipartUpload" in lifecycle,
    }


def buckets_tls_only(template: dict) -> list[str]:
    """Plain HTTP is denied on the bucket and on its objects."""
    complaints = []
    for name in of_type(template, BUCKET):
        denied = [s["Resource"] for s in policy_statements(template, BUCKET_POLICY, name) if refuses_plain_http(s)]
        wanted = [{"Fn::GetAtt": [name, "Arn"]}, {"Fn::Sub": f"${{{name}.Arn}}/*"}]
        if wanted not in denied:
            complaints.append(f"{name} takes plain HTTP")
    return complaints


def data_is_kept(template: dict) -> list[str]:
    """Buckets, tables, keys, users, dead letters and rejects stay when the stack goes or a resource is replaced."""
    keep = {*final_queues(template), *(name for kind in HOLDS_DATA for name in of_type(template, kind))}
    complaints = []
    for name in sorted(keep):
        resource = template["Resources"][name]
        if resource.get("DeletionPolicy") not in ("Retain", "RetainExceptOnCreate"):
            complaints.append(f"{name} goes with the stack")
        if resource.get("UpdateReplacePolicy") != "Retain":
            complaints.append(f"{name} goes when it is replaced")
    return complaints


# Functions


def function_runtime(template: dict) -> list[str]:
    """provided.al2023, and the Architecture parameter, which is arm64 by default."""
    default = template["Parameters"].get("Architecture", {}).get("Default")
    complaints = [] if default == "arm64" else [f"Architecture is {default} by default"]
    for name, function in of_type(template, FUNCTION).items():
        if function["Runtime"] != "provided.al2023" or function["Handler"] != "bootstrap":
            complaints.append(f"{name} runs {function['Handler']} on {function['Runtime']}")
        if function.get("Architectures") != [{"Ref": "Architecture"}]:
            complaints.append(f"{name}: the architecture is {function.get('Architectures')}")
    return complaints


def function_logs(template: dict) -> list[str]:
    """JSON, into a log group of this template that forgets in time."""
    groups = of_type(template, LOG_GROUP)
    complaints = [f"{name} is kept forever" for name, group in groups.items() if "RetentionInDays" not in group]
    for name, function in of_type(template, FUNCTION).items():
        logging = function.get("LoggingConfig", {})
        if logging.get("LogFormat") != "JSON":
            complaints.append(f"{name} does not log JSON")
        if referred(logging.get("LogGroup")) not in groups:
            complaints.append(f"{name} logs into a group that nobody declared")
    return complaints


def function_tracing(template: dict) -> list[str]:
    """X-Ray is on."""
    functions = of_type(template, FUNCTION).items()
    return [f"{name} is not traced" for name, function in functions if function.get("TracingConfig") != {"Mode": "Active"}]


# Roles


def own_roles(template: dict) -> list[str]:
    """One role per function, declared in this template, taken by Lambda only."""
    functions = of_type(template, FUNCTION)
    roles = [referred(function["Role"]) for function in functions.values()]
    complaints = [f"{role} serves more than one function" for role in set(roles) if roles.count(role) > 1]
    for role in roles:
        trust = of_type(template, ROLE).get(role, {}).get("AssumeRolePolicyDocument", {}).get("Statement", [])
        if [statement["Principal"] for statement in trust] != [{"Service": "lambda.amazonaws.com"}]:
            complaints.append(f"{role} is not a role that only Lambda takes")
    return complaints


def exact_actions(template: dict) -> list[str]:
    """A list of whole action names, and no managed policy."""
    complaints = [
        f"{name} borrows {role['ManagedPolicyArns']}"
        for name, role in of_type(template, ROLE).items()
        if role.get("ManagedPolicyArns")
    ]
    for role, statement in statements(template):
        actions = statement.get("Action")
        if not isinstance(actions, list) or not all(re.fullmatch(r"[a-z0-9-]+:[A-Za-z0-9]+", action) for action in actions):
            complaints.append(f"{role}: {actions}")
    return complaints


def exact_resources(template: dict) -> list[str]:
    """ARNs of this template's resources or parameters; a star only for what a resource holds, or where AWS knows nothing else."""
    complaints = []
    for role, statement in statements(template):
        # What is denied can't be too much.
        if statement["Effect"] == "Deny" or set(listed(statement["Action"])) <= ONLY_STAR | MADE_LATER:
            continue
        complaints += [f"{role}: {resource}" for resource in listed(statement["Resource"]) if not _is_exact(template, resource)]
    return complaints


def _is_exact(template: dict, resource) -> bool:
    named = referred(resource)
    if named in template["Resources"] or "arn:" in template["Parameters"].get(named, {}).get("AllowedPattern", ""):
        return True
    arn = resource.get("Fn::Sub", "") if isinstance(resource, dict) else ""
    known = (_one_parameter, _objects_of_a_bucket, _schedules_of_a_group, _one_bus, _a_machines_own)
    return any(is_known(template, arn) for is_known in known)


def _objects_of_a_bucket(template: dict, arn: str) -> bool:
    objects = re.fullmatch(r"\$\{(\w+)\.Arn}/\*", arn)
    return objects is not None and objects[1] in of_type(template, BUCKET)


def _one_parameter(template: dict, arn: str) -> bool:
    """A parameter's name, which is what a Ref gives, begins with the slash."""
    parameter = re.fullmatch(re.escape(_HERE.format("ssm")) + r"parameter\$\{(\w+)}", arn)
    return parameter is not None and parameter[1] in of_type(template, PARAMETER)


def _schedules_of_a_group(template: dict, arn: str) -> bool:
    """The functions make and delete them as auctions come and go."""
    schedules = re.fullmatch(re.escape(_HERE.format("scheduler")) + r"schedule/\$\{(\w+)}/\*", arn)
    return schedules is not None and schedules[1] in of_type(template, SCHEDULE_GROUP)


def _one_bus(template: dict, arn: str) -> bool:
    bus = re.fullmatch(re.escape(_HERE.format("events")) + r"event-bus/\$\{(\w+)}", arn)
    return bus is not None and "*" not in template["Parameters"].get(bus[1], {}).get("AllowedPattern", "*")


def _a_machines_own(template: dict, arn: str) -> bool:
    """A state machine with a Distributed Map starts, watches and stops executions of itself."""
    machines = [machine["StateMachineName"]["Fn::Sub"] for machine in of_type(template, STATE_MACHINE).values()]
    here = _HERE.format("states")
    return arn in {f"{here}{own}" for name in machines for own in (f"stateMachine:{name}", f"execution:{name}:*")}


def rekognition_only_when_used(template: dict) -> list[str]:
    """The statement stands under the condition that the detector needs it."""
    complaints = []
    for role, properties in of_type(template, ROLE).items():
        for policy in properties.get("Policies", []):
            for statement in listed(policy["PolicyDocument"]["Statement"]):
                if "rekognition:" in text(statement) and statement.get("Fn::If", [None])[0] != "UsesRekognition":
                    complaints.append(f"{role} may always ask Rekognition")
    expected = {"Fn::Not": [{"Fn::Equals": [{"Ref": "Detector"}, "embedded"]}]}
    if template["Conditions"].get("UsesRekognition") != expected:
        complaints.append("UsesRekognition means something else")
    return complaints


# What users see


def known_parameters(template: dict) -> list[str]:
    """The names that users of the sample app know."""
    return [name for name in ("SourceBucketName", "DestinationBucketName") if name not in template["Parameters"]]


def parameter_defaults(template: dict) -> list[str]:
    """Every parameter has a default, and the default is one of the allowed values."""
    complaints = []
    for name, parameter in template["Parameters"].items():
        default = parameter.get("Default")
        if default is None:
            complaints.append(f"{name} has no default")
        elif default not in parameter.get("AllowedValues", [default]):
            complaints.append(f"{name}: {default} is not allowed")
        elif not re.search(parameter.get("AllowedPattern", ""), str(default)):
            complaints.append(f"{name}: {default!r} does not match its own pattern")
    return complaints


def outputs(template: dict) -> list[str]:
    """Buckets, queues, tables, keys, the API and its users, functions, logs, and commands to start with."""
    wanted = (
        *("SourceBucket", "DestinationBucket", "UploadCommand"),
        *("UploadQueueUrl", "DeadLetterQueueUrl", "RejectedQueueUrl"),
        *("FlagsParameterName", "HoldQueueUrl", "InPlaceHoldQueueUrl", "InPlaceReleaseQueueUrl"),
        *("FaceBlurFunctionName", "FaceBlurLogGroupName"),
        *("BackfillStateMachineArn", "BackfillBucket"),
        *("InPlaceBucket", "InPlaceCommand", "LedgerTableName"),
        *("RecordQueueUrl", "RecordDeadLetterQueueUrl", "StreamFailureQueueUrl"),
        *("DedupeRecordFunctionName", "DedupeRecordLogGroupName"),
        *("DedupeProcessFunctionName", "DedupeProcessLogGroupName"),
        *("ApiUrl", "ApiId", "ApiLogGroupName", "UserPoolId", "UserPoolClientId"),
        *("AuctionsTableName", "IdempotencyTableName", "SealingKeyArn", "ResultKeyArn", "CloseSchedulesName"),
        *("SettleQueueUrl", "SettleDeadLetterQueueUrl", "PublishFailureQueueUrl"),
        *("ImportBucket", "ImportQueueUrl", "ImportDeadLetterQueueUrl"),
        *("BidIntakeFunctionName", "BidSettleFunctionName", "BidPublishFunctionName", "BidImportFunctionName"),
        *("BidIntakeLogGroupName", "BidSettleLogGroupName", "BidPublishLogGroupName", "BidImportLogGroupName"),
    )
    return [name for name in wanted if name not in template.get("Outputs", {})]
