"""Builds the functions and puts the real `template.yaml` on the local stack, with the same tools as on AWS."""

import json
import shlex
from dataclasses import dataclass

import boto3

from . import settings
from .certificate import certificate_in
from .processes import tool_env
from .server import Server
from .steps import StepFailed, run_step

ARTIFACTS_BUCKET = "gatehouse-artifacts"


@dataclass(frozen=True)
class Deployment:
    """A deployed stack."""

    server: Server
    outputs: dict[str, str]

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
        return self.server.connection() | {
            "GATEHOUSE_STACK": settings.STACK_NAME,
            "GATEHOUSE_SOURCE_BUCKET": self.outputs["SourceBucket"],
            "GATEHOUSE_DESTINATION_BUCKET": self.outputs["DestinationBucket"],
            "GATEHOUSE_QUEUE_URL": self.outputs["UploadQueueUrl"],
            "GATEHOUSE_DEAD_LETTER_QUEUE_URL": self.outputs["DeadLetterQueueUrl"],
            "GATEHOUSE_REJECTED_QUEUE_URL": self.outputs["RejectedQueueUrl"],
            "GATEHOUSE_FUNCTION_NAME": self.outputs["FaceBlurFunctionName"],
            "GATEHOUSE_BOOTSTRAP": str(settings.BUILD / "FaceBlurFunction" / "bootstrap"),
            "GATEHOUSE_DEDUPE_RECORD_BOOTSTRAP": str(settings.BUILD / "DedupeRecordFunction" / "bootstrap"),
            "GATEHOUSE_DEDUPE_PROCESS_BOOTSTRAP": str(settings.BUILD / "DedupeProcessFunction" / "bootstrap"),
            "GATEHOUSE_IN_PLACE_BUCKET": self.outputs["InPlaceBucket"],
            "GATEHOUSE_LEDGER_TABLE": self.outputs["LedgerTableName"],
            "GATEHOUSE_RECORD_QUEUE_URL": self.outputs["RecordQueueUrl"],
            "GATEHOUSE_RECORD_DEAD_LETTER_QUEUE_URL": self.outputs["RecordDeadLetterQueueUrl"],
            "GATEHOUSE_STREAM_FAILURE_QUEUE_URL": self.outputs["StreamFailureQueueUrl"],
            "GATEHOUSE_DEDUPE_RECORD_FUNCTION_NAME": self.outputs["DedupeRecordFunctionName"],
            "GATEHOUSE_DEDUPE_PROCESS_FUNCTION_NAME": self.outputs["DedupeProcessFunctionName"],
            "GATEHOUSE_DEDUPE_RECORD_LOG_GROUP": self.outputs["DedupeRecordLogGroupName"],
            "GATEHOUSE_DEDUPE_PROCESS_LOG_GROUP": self.outputs["DedupeProcessLogGroupName"],
        }

    def remember(self) -> None:
        """Tells other terminals of this stack: `make send` reads the one file, `source` in a shell the other."""
        known = {"endpoint": self.server.endpoint, "outputs": self.outputs}
        settings.STACK_JSON.write_text(json.dumps(known, indent=2))
        lines = [f"export {name}={shlex.quote(value)}\n" for name, value in self.env().items()]
        settings.STACK_ENV.write_text("".join(lines))


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
    return Deployment(Server(known["endpoint"], certificate_in(settings.TLS)), known["outputs"])


def build_functions() -> None:
    """`sam build`, into a folder of its own: what `make deploy` builds is for another processor."""
    command = ["sam", "build", "--build-dir", str(settings.BUILD), "--parameter-overrides", *_overrides()]
    run_step("Building the functions as they ship (sam build; some minutes the first time)", command, tool_env(), "build")


def build_tool() -> None:
    """The `gatehouse` command, which looks for faces before and after."""
    command = ["cargo", "tool"]
    run_step("Building the gatehouse command (some minutes the first time)", command, tool_env(), "tool")


def deploy(server: Server) -> Deployment:
    """`sam deploy` of what `build_functions` built."""
    Deployment(server, {}).client("s3").create_bucket(Bucket=ARTIFACTS_BUCKET)
    command = [
        *("sam", "deploy", "--template-file", str(settings.BUILD / "template.yaml")),
        *("--stack-name", settings.STACK_NAME, "--region", settings.REGION),
        *("--s3-bucket", ARTIFACTS_BUCKET, "--no-resolve-s3"),
        *("--capabilities", "CAPABILITY_IAM", "--no-confirm-changeset"),
        *("--parameter-overrides", *_overrides()),
    ]
    run_step("Deploying template.yaml (sam deploy)", command, server.client_env(), "deploy")
    deployment = Deployment(server, _outputs(server))
    _mend_event_sources(deployment)
    deployment.remember()
    return deployment


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


def _overrides() -> list[str]:
    return [f"{name}={value}" for name, value in settings.template_parameters().items()]


def _outputs(server: Server) -> dict[str, str]:
    cloudformation = Deployment(server, {}).client("cloudformation")
    stack = cloudformation.describe_stacks(StackName=settings.STACK_NAME)["Stacks"][0]
    return {output["OutputKey"]: output["OutputValue"] for output in stack["Outputs"]}
