"""What bid-settle is there for."""

from events import from_queue
from house import SETTLE, Auction, closed, log_of, opened, settle
from photos import without_outcome
from scenario import Scenario
from stack import Stack

SETTLED = "auction-settled"
TEN_MINUTES = 600  # less than SQS can put a message off for


def outcome(stack: Stack, auction: Auction) -> str:
    """What comes of telling the settlement of an auction."""
    answer = settle(stack, auction)
    last = log_of(stack, auction)[-1]["type"]["S"]
    if answer.handed_back:
        return "settled, but comes again" if last == SETTLED else "comes again"
    return "settled" if last == SETTLED else last


def _too_early(stack: Stack, auction: Auction) -> str:
    before = _put_off(stack)
    if settle(stack, auction).handed_back:
        return "comes again"
    return f"put off until the close: {_put_off(stack) - before}"


def _put_off(stack: Stack) -> int:
    wanted = {"QueueUrl": stack.id("SettleQueue"), "AttributeNames": ["ApproximateNumberOfMessagesDelayed"]}
    return int(stack.client("sqs").get_queue_attributes(**wanted)["Attributes"]["ApproximateNumberOfMessagesDelayed"])


def _reject(stack: Stack, message: dict) -> str:
    return without_outcome(stack, stack.invoke(SETTLE, from_queue(message))) or "neither"


SCENARIOS = (
    Scenario(
        "a closed auction is settled",
        SETTLE,
        closed,
        outcome,
        "settled",
        (
            "BidSettleRole ReadLogs dynamodb:GetItem",
            "BidSettleRole ReadLogs dynamodb:Query",
            "BidSettleRole AppendToLogs dynamodb:PutItem",
            "BidSettleRole ForgetProgress dynamodb:DeleteItem",
            "BidSettleRole EndSchedules scheduler:DeleteSchedule",
            "SealingKey SettlementOpensBids kms:Decrypt",
            "ResultKey SettlementWritesAndReads kms:Encrypt",
        ),
    ),
    Scenario(
        "the message comes before the close",
        SETTLE,
        lambda stack: opened(stack, TEN_MINUTES),
        _too_early,
        "put off until the close: 1",
        ("BidSettleRole ContinueLater sqs:SendMessage",),
    ),
    Scenario(
        "a message that names no auction",
        SETTLE,
        lambda stack: {"auction": 125000},
        _reject,
        "rejected: malformed-message",
        ("BidSettleRole RejectMessages sqs:SendMessage",),
    ),
)
