"""What bid-publish is there for."""

import json
import time

from events import inserted
from house import Auction, log_of, opened
from scenario import Scenario
from stack import Stack

FUNCTION = "BidPublishFunction"
LISTENER = "iam-listener"


def _heard(stack: Stack, auction: Auction) -> str:
    queue = _listen(stack)
    opening = log_of(stack, auction)[0]
    if stack.invoke(FUNCTION, inserted(opening, ("pk", "sk"))).handed_back:
        return "comes again"
    for _ in range(20):
        messages = stack.client("sqs").receive_message(QueueUrl=queue, MaxNumberOfMessages=10).get("Messages", [])
        if any(json.loads(message["Body"])["detail"].get("auctionId") == auction.id for message in messages):
            return "the bus has heard"
        time.sleep(0.1)
    return "the bus has not heard"


def _listen(stack: Stack) -> str:
    """A queue that gets all of our events from the bus."""
    sqs, events = stack.client("sqs"), stack.client("events")
    queue = sqs.create_queue(QueueName=LISTENER)["QueueUrl"]
    arn = sqs.get_queue_attributes(QueueUrl=queue, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    events.put_rule(Name=LISTENER, EventPattern=json.dumps({"source": ["gatehouse.auction"]}))
    events.put_targets(Rule=LISTENER, Targets=[{"Id": "queue", "Arn": arn}])
    return queue


SCENARIOS = (
    Scenario(
        "an auction was opened",
        FUNCTION,
        opened,
        _heard,
        "the bus has heard",
        ("BidPublishRole TellEventBus events:PutEvents",),
    ),
)
