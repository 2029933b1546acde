"""What the functions are there for with a key per auction and with a key of the older system: both are options."""

import base64
import json
import uuid

from botocore.exceptions import ClientError

from forbidden import Caller
from gatehouse_local.deployment import redeploy, running_deployment
from house import INTAKE, SETTLE, Auction, TooLate, bid, closed, log_of, opened, opening, settle, status_of
from importing import FUNCTION as IMPORT
from importing import File, file_of, imported
from policies import denying
from scenario import Scenario
from settlement import outcome
from stack import Stack

KEY_OF_THE_OLDER_SYSTEM = "alias/iam-older-system"


def switch_on(stack: Stack) -> None:
    """Deploys the stack again, with both options."""
    kms = stack.client("kms")
    key = kms.create_key(Description="Of an older system")["KeyMetadata"]
    kms.create_alias(AliasName=KEY_OF_THE_OLDER_SYSTEM, TargetKeyId=key["KeyId"])
    redeploy(running_deployment(), {"SealingKeyPerAuction": "on", "LegacyBidKeyArn": key["Arn"]})


def _open(stack: Stack, request: dict) -> str:
    return status_of(stack.invoke(INTAKE, request))


def _key_that_names_intake(stack: Stack) -> tuple[str, bytes]:
    """A key whose policy lets intake open what is sealed with it, and something sealed."""
    kms = stack.client("kms")
    statements = [
        {"Effect": "Allow", "Principal": {"AWS": stack.arn("BidIntakeRole")}, "Action": "kms:Decrypt", "Resource": "*"}
    ]
    policy = json.dumps({"Version": "2012-10-17", "Statement": statements})
    made = kms.create_key(
        KeySpec="RSA_4096", KeyUsage="ENCRYPT_DECRYPT", Policy=policy, BypassPolicyLockoutSafetyCheck=True
    )
    key = made["KeyMetadata"]["Arn"]
    sealed = kms.encrypt(KeyId=key, EncryptionAlgorithm="RSAES_OAEP_SHA_256", Plaintext=b"125000")
    return key, sealed["CiphertextBlob"]


def _decrypt(stack: Stack, key_and_sealed: tuple[str, bytes]) -> str:
    key, sealed = key_and_sealed
    asked = {"KeyId": key, "CiphertextBlob": sealed, "EncryptionAlgorithm": "RSAES_OAEP_SHA_256"}
    try:
        Caller(stack, "BidIntakeRole").client("kms").decrypt(**asked)
    except ClientError as error:
        return error.response["Error"]["Code"]
    return "opened"


def _settled_with_its_key(stack: Stack, auction: Auction) -> str:
    told = outcome(stack, auction)
    state = stack.client("kms").describe_key(KeyId=auction.key["kid"])["KeyMetadata"]["KeyState"]
    return f"{told}, key {state}"


def _line(stack: Stack, contract: str) -> str:
    """A line of a file with a bid that the older system has encrypted."""
    sealed = stack.client("kms").encrypt(KeyId=KEY_OF_THE_OLDER_SYSTEM, Plaintext=b"125000")["CiphertextBlob"]
    return f"{contract},{base64.b64encode(sealed).decode()}\n"


def _file_for_an_auction(stack: Stack) -> tuple[Auction, File]:
    auction = opened(stack, contract=uuid.uuid4().hex)
    return auction, file_of(stack, _line(stack, auction.contract))


def _import(stack: Stack, auction_and_file: tuple[Auction, File]) -> str:
    auction, file = auction_and_file
    return f"{imported(stack, file)}, a log of {len(log_of(stack, auction))}"


def _closed_with_a_bid_of_a_file(stack: Stack) -> Auction:
    return closed(stack, _bid_and_import, uuid.uuid4().hex)


def _bid_and_import(stack: Stack, auction: Auction) -> None:
    bid(stack, auction)
    stack.invoke(IMPORT, file_of(stack, _line(stack, auction.contract)).event)
    if len(log_of(stack, auction)) != 3:
        raise TooLate


def _interrupted(stack: Stack) -> Auction:
    """A settlement that has counted one of two bids, and has noted that."""
    auction = _closed_with_a_bid_of_a_file(stack)
    key = stack.client("kms").describe_key(KeyId=KEY_OF_THE_OLDER_SYSTEM)["KeyMetadata"]["Arn"]
    with denying(stack, "BidSettleRole", "kms:Decrypt", key):
        settle(stack, auction)
    return auction


SCENARIOS = (
    Scenario(
        "an auction is opened with a key of its own",
        INTAKE,
        lambda stack: opening(3600),
        _open,
        "201",
        ("BidIntakeRole MakeKeys kms:CreateKey", "BidIntakeRole TagKeys kms:TagResource"),
    ),
    Scenario(
        "intake tries to open a bid with a key whose policy names it",
        INTAKE,
        _key_that_names_intake,
        _decrypt,
        "AccessDeniedException",
        ("BidIntakeRole NeverOpenBids kms:Decrypt",),
    ),
    Scenario(
        "an auction with a key of its own is settled",
        SETTLE,
        closed,
        _settled_with_its_key,
        "settled, key PendingDeletion",
        ("BidSettleRole TellWhoseKeyItIs kms:ListResourceTags",),
    ),
    Scenario(
        "a bid of the older system is imported",
        IMPORT,
        _file_for_an_auction,
        _import,
        "imported, a log of 2",
        ("BidImportRole AppendToLogs dynamodb:Query",),
    ),
    Scenario(
        "an auction with a bid of the older system is settled",
        SETTLE,
        _closed_with_a_bid_of_a_file,
        outcome,
        "settled",
        ("BidSettleRole OpenBidsOfTheOlderFormat kms:Decrypt",),
    ),
    Scenario(
        "a settlement goes on where another one had to stop",
        SETTLE,
        _interrupted,
        outcome,
        "settled",
        ("ResultKey SettlementWritesAndReads kms:Decrypt",),
    ),
)
