"""Builds the functions and puts the real `template.yaml` on the local stack, with the same tools as on AWS."""

import json
import shlex
from dataclasses import dataclass, field, replace

import boto3

from . import settings
from .certificate import certificate_in
from .processes import tool_env
from .server import Server
from .steps import StepFailed, run_step
from .users import User, make_users, users_as_json, users_from_json

ARTIFACTS_BUCKET = "gatehouse-artifacts"

# Which of the stack's outputs tests and scripts read, and from which variable.
VARIABLES = {
    "GATEHOUSE_SOURCE_BUCKET": "SourceBucket",
    "GATEHOUSE_DESTINATION_BUCKET": "DestinationBucket",
    "GATEHOUSE_QUEUE_URL": "UploadQueueUrl",
    "GATEHOUSE_DEAD_LETTER_QUEUE_URL": "DeadLetterQueueUrl",
    "GATEHOUSE_REJECTED_QUEUE_URL": "RejectedQueueUrl",
    "GATEHOUSE_HOLD_QUEUE_URL": "HoldQueueUrl",
    "GATEHOUSE_IN_PLACE_HOLD_QUEUE_URL": "InPlaceHoldQueueUrl",
    "GATEHOUSE_IN_PLACE_RELEASE_QUEUE_URL": "InPlaceReleaseQueueUrl",
    "GATEHOUSE_FLAGS_PARAMETER": "FlagsParameterName",
    "GATEHOUSE_FUNCTION_NAME": "FaceBlurFunctionName",
    "GATEHOUSE_BACKFILL_STATE_MACHINE": "BackfillStateMachineArn",
    "GATEHOUSE_IN_PLACE_BUCKET": "InPlaceBucket",
    "GATEHOUSE_LEDGER_TABLE": "LedgerTableName",
    "GATEHOUSE_RECORD_QUEUE_URL": "RecordQueueUrl",
    "GATEHOUSE_RECORD_DEAD_LETTER_QUEUE_URL": "RecordDeadLetterQueueUrl",
    "GATEHOUSE_STREAM_FAILURE_QUEUE_URL": "StreamFailureQueueUrl",
    "GATEHOUSE_DEDUPE_RECORD_FUNCTION_NAME": "DedupeRecordFunctionName",
    "GATEHOUSE_DEDUPE_PROCESS_FUNCTION_NAME": "DedupeProcessFunctionName",
    "GATEHOUSE_DEDUPE_RECORD_LOG_GROUP": "DedupeRecordLogGroupName",
    "GATEHOUSE_DEDUPE_PROCESS_LOG_GROUP": "DedupeProcessLogGroupName",
    "GATEHOUSE_AUCTIONS_TABLE": "AuctionsTableName",
    "GATEHOUSE_IDEMPOTENCY_TABLE": "IdempotencyTableName",
    "GATEHOUSE_SEALING_KEY_ARN": "SealingKeyArn",
    "GATEHOUSE_RESULT_KEY_ARN": "ResultKeyArn",
    "GATEHOUSE_SCHEDULE_GROUP": "CloseSchedulesName",
    "GATEHOUSE_SETTLE_QUEUE_URL": "SettleQueueUrl",
    "GATEHOUSE_SETTLE_DEAD_LETTER_QUEUE_URL": "SettleDeadLetterQueueUrl",
    "GATEHOUSE_PUBLISH_FAILURE_QUEUE_URL": "PublishFailureQueueUrl",
    "GATEHOUSE_IMPORT_BUCKET": "ImportBucket",
    "GATEHOUSE_IMPORT_QUEUE_URL": "ImportQueueUrl",
    "GATEHOUSE_IMPORT_DEAD_LETTER_QUEUE_URL": "ImportDeadLetterQueueUrl",
    "GATEHOUSE_BID_API_LOG_GROUP": "ApiLogGroupName",
    "GATEHOUSE_BID_INTAKE_LOG_GROUP": "BidIntakeLogGroupName",
    "GATEHOUSE_BID_SETTLE_LOG_GROUP": "BidSettleLogGroupName",
    "GATEHOUSE_BID_PUBLISH_LOG_GROUP": "BidPublishLogGroupName",
    "GATEHOUSE_BID_IMPORT_LOG_GROUP": "BidImportLogGroupName",
    "GATEHOUSE_BID_INTAKE_ROLE_ARN": "BidIntakeRoleArn",
    "GATEHOUSE_BID_SETTLE_ROLE_ARN": "BidSettleRoleArn",
}

# Which functions' `bootstrap` files tests run by themselves.
BOOTSTRAPS = {
    "GATEHOUSE_BOOTSTRAP": "FaceBlurFunction",
    "GATEHOUSE_DEDUPE_RECORD_BOOTSTRAP": "DedupeRecordFunction",
    "GATEHOUSE_DEDUPE_PROCESS_BOOTSTRAP": "DedupeProcessFunction",
    "GATEHOUSE_BID_INTAKE_BOOTSTRAP": "BidIntakeFunction",
    "GATEHOUSE_BID_SETTLE_BOOTSTRAP": "BidSettleFunction",
    "GATEHOUSE_BID_PUBLISH_BOOTSTRAP": "BidPublishFunction",
    "GATEHOUSE_BID_IMPORT_BOOTSTRAP": "BidImportFunction",
}


# `sam build` builds one function after the other. Those that are built together here link side by side, and are then found
# finished. With fat LTO, Cargo compiles what is below rten, and below crc-fast (of the S3 client), in a way of its own, since
# these two can be C libraries as well: so each of these groups shares all that it is made of, and no two groups do.
BUILT_TOGETHER = (
    ("face-blur", "dedupe-process"),
    ("bid-import",),
    ("dedupe-record", "bid-intake", "bid-settle", "bid-publish"),
)


@dataclass(frozen=True)
class Deployment:
    """A deployed stack."""

    server: Server
    outputs: dict[str, str]
    users: list[User] = field(default_factory=list)

    @property
    def api_url(self) -> str:
        """The auctions' API. The address in the outputs, as on AWS, resolves on few machines."""
        return f"{self.server.endpoint}/_aws/execute-api/{self.outputs['ApiId']}/$default"

    def client(self, service: str):
        """A boto3 client for this stack's AWS."""
        connection = self.server.connection()
        return boto3.client(
            service,
            endpoint_url=connection["AWS_ENDPOINT_URL"],
            aws_access_key_id=connection["AWS_ACCESS_KEY_ID"],
            aws_secret_access_key=connection["AWS_SECRET_ACCESS_KEY"],
            region_name=connection["AWS_REGION"],
            verify=connection["AWS_CA_BUNDLE"],
        )

    def env(self) -> dict[str, str]:
        """What a test or a script needs to know of this stack."""
        outputs = {variable: self.outputs[output] for variable, output in VARIABLES.items()}
        bootstraps = {variable: str(settings.BUILD / name / "bootstrap") for variable, name in BOOTSTRAPS.items()}
        auctions = {"GATEHOUSE_API_URL": self.api_url, "GATEHOUSE_USERS": users_as_json(self.users)}
        return self.server.connection() | {"GATEHOUSE_STACK": settings.STACK_NAME} | outputs | bootstraps | auctions

    def remember(self) -> None:
        """Tells other terminals of this stack: `make send` reads the one file, `source` in a shell the other."""
        known = {"endpoint": self.server.endpoint, "outputs": self.outputs, "users": users_as_json(self.users)}
        lines = [f"export {name}={shlex.quote(value)}\n" for name, value in self.env().items()]
        for path, text in ((settings.STACK_JSON, json.dumps(known, indent=2)), (settings.STACK_ENV, "".join(lines))):
            path.touch(mode=0o600)  # there are tokens in it
            path.write_text(text)


def forget_deployment() -> None:
    """The stack is gone: so are the files that tell of it."""
    for path in (settings.STACK_JSON, settings.STACK_ENV):
        path.unlink(missing_ok=True)


def running_deployment() -> Deployment:
    """The stack that another terminal keeps up.

    Raises `StepFailed` when there is none.
    """
    if not settings.STACK_JSON.exists():
        raise StepFailed("No local stack is up: `make run` in another terminal starts one.")
    known = json.loads(settings.STACK_JSON.read_text())
    server = Server(known["endpoint"], certificate_in(settings.TLS))
    return Deployment(server, known["outputs"], users_from_json(known["users"]))


def build_functions() -> None:
    """`sam build`, into a folder of its own: what `make deploy` builds is for another processor."""
    together = [_cargo_lambda(functions) for functions in BUILT_TOGETHER]
    sam = ["sam", "build", "--build-dir", str(settings.BUILD), "--parameter-overrides", *_overrides({})]
    commands = " && ".join(map(shlex.join, [*together, sam]))
    title = "Building the functions as they ship (sam build; some minutes the first time)"
    run_step(title, ["sh", "-c", commands], tool_env(), "build")


def _cargo_lambda(functions: tuple[str, ...]) -> list[str]:
    """What `sam build` runs for one function, for several."""
    architecture = ["--arm64"] if settings.architecture() == "arm64" else []
    return ["cargo", "lambda", "build", "--release", *architecture, *(f"--bin={name}" for name in functions)]


def build_tool() -> None:
    """The `gatehouse` command, which looks for faces before and after, and seals and posts bids."""
    command = ["cargo", "tool"]
    run_step("Building the gatehouse command (some minutes the first time)", command, tool_env(), "tool")


def deploy(server: Server) -> Deployment:
    """`sam deploy` of what `build_functions` built."""
    Deployment(server, {}).client("s3").create_bucket(Bucket=ARTIFACTS_BUCKET)
    _put_up(server, {})
    bare = Deployment(server, _outputs(server))
    _mend_event_sources(bare)
    deployment = replace(bare, users=make_users(bare.client, bare.outputs))
    deployment.remember()
    return deployment


def redeploy(deployment: Deployment, parameters: dict[str, str]) -> None:
    """The same once more, with these parameters beside those of the local stack: a change of a deployed stack."""
    _put_up(deployment.server, parameters)
    _mend_event_sources(deployment)


def _put_up(server: Server, parameters: dict[str, str]) -> None:
    command = [
        *("sam", "deploy", "--template-file", str(settings.BUILD / "template.yaml")),
        *("--stack-name", settings.STACK_NAME, "--region", settings.REGION),
        *("--s3-bucket", ARTIFACTS_BUCKET, "--no-resolve-s3"),
        *("--capabilities", "CAPABILITY_IAM", "--no-confirm-changeset"),
        *("--parameter-overrides", *_overrides(parameters)),
    ]
    run_step("Deploying template.yaml (sam deploy)", command, server.client_env(), "deploy")


def _mend_event_sources(deployment: Deployment) -> None:
    """Says again, as a number, how many batches may run at once.

    CloudFormation hands a parameter over as text. AWS reads it as the number that it is; MiniStack 1.5.33 keeps the text,
    and then its poller can't compare it.
    """
    functions = deployment.client("lambda")
    limit = {"MaximumConcurrency": int(settings.template_parameters()["MaximumConcurrency"])}
    for mapping in functions.list_event_source_mappings()["EventSourceMappings"]:
        if ":sqs:" in mapping["EventSourceArn"]:
            functions.update_event_source_mapping(UUID=mapping["UUID"], ScalingConfig=limit)


def _overrides(more: dict[str, str]) -> list[str]:
    return [f"{name}={value}" for name, value in (settings.template_parameters() | more).items()]


def _outputs(server: Server) -> dict[str, str]:
    cloudformation = Deployment(server, {}).client("cloudformation")
    stack = cloudformation.describe_stacks(StackName=settings.STACK_NAME)["Stacks"][0]
    return {output["OutputKey"]: output["OutputValue"] for output in stack["Outputs"]}
