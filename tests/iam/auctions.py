"""What bid-intake is there for."""

import time
import uuid

from forbidden import note_progress
from house import (
    AUCTIONEER,
    BIDDER,
    INTAKE,
    Auction,
    asking,
    bid,
    bidding,
    closed,
    has_schedule,
    log_of,
    opened,
    opening,
    settle,
    status_of,
    wait_for_close,
)
from policies import denying
from scenario import Scenario
from stack import Stack

ROLE = "BidIntakeRole"
SCHEDULE_SECONDS = 15  # the local stack looks at its schedules every ten


def _open(stack: Stack, request: dict) -> str:
    return status_of(stack.invoke(INTAKE, request))


def _bid(stack: Stack, auction: Auction) -> str:
    told = status_of(stack.invoke(INTAKE, bidding(auction)))
    return f"{told}, a log of {len(log_of(stack, auction))}"


def _twice(stack: Stack, auction: Auction) -> str:
    """The same request again, as if the first answer had been lost, to another process."""
    request = bidding(auction)
    first = status_of(stack.invoke(INTAKE, request))
    denied = list(stack.denied)
    stack.restart(INTAKE)
    second = status_of(stack.invoke(INTAKE, request))
    stack.denied[:] = denied
    return f"{first}, again {second}, a log of {len(log_of(stack, auction))}"


def _after_a_fault(stack: Stack, auction: Auction) -> str:
    """The same request again after the table could not be written for a moment."""
    request = bidding(auction)
    with denying(stack, ROLE, "dynamodb:PutItem", stack.arn("AuctionsTable")):
        first = status_of(stack.invoke(INTAKE, request))
    return f"{first}, again {status_of(stack.invoke(INTAKE, request))}"


def _cancel(stack: Stack, auction: Auction) -> str:
    told = status_of(stack.invoke(INTAKE, asking("DELETE /auctions/{auctionId}", auction)))
    return f"{told}, {'a' if has_schedule(stack, auction) else 'no'} schedule"


def _receipt(stack: Stack, auction_and_bid: tuple[Auction, str]) -> str:
    auction, of = auction_and_bid
    route = "GET /auctions/{auctionId}/bids/{bidId}"
    return status_of(stack.invoke(INTAKE, asking(route, auction, BIDDER, "bidders", bidId=of)))


def _with_a_bid(stack: Stack) -> tuple[Auction, str]:
    auction = opened(stack)
    return auction, bid(stack, auction)["bidId"]


def _settled(stack: Stack) -> Auction:
    auction = closed(stack)
    settle(stack, auction)
    return auction


def _result(stack: Stack, auction: Auction) -> str:
    return status_of(stack.invoke(INTAKE, asking("GET /auctions/{auctionId}/result", auction, AUCTIONEER)))


def _close(stack: Stack, seconds: int) -> str:
    """Whether the schedule of an auction tells the settle queue of its close."""
    stack.drain("SettleQueue")
    auction = opened(stack, seconds)
    wait_for_close(auction)
    deadline = time.monotonic() + SCHEDULE_SECONDS
    while time.monotonic() < deadline:
        if {"auction": auction.id} in stack.drain("SettleQueue"):
            return "told at the close"
        time.sleep(0.2)
    return "never told"


SCENARIOS = (
    Scenario(
        "an auction is opened",
        INTAKE,
        lambda stack: opening(3600, uuid.uuid4().hex),
        _open,
        "201",
        (
            "BidIntakeRole AppendToLogs dynamodb:PutItem",
            "BidIntakeRole AnswerOnce dynamodb:PutItem",
            "BidIntakeRole ScheduleCloses scheduler:CreateSchedule",
            "BidIntakeRole HandRoleToSchedule iam:PassRole",
            "SealingKey IntakeShowsThePublicKey kms:GetPublicKey",
        ),
    ),
    Scenario(
        "a bid is placed",
        INTAKE,
        opened,
        _bid,
        "201, a log of 2",
        ("BidIntakeRole AppendToLogs dynamodb:Query",),
    ),
    Scenario(
        "a bidder asks for a receipt",
        INTAKE,
        _with_a_bid,
        _receipt,
        "200",
        ("BidIntakeRole AppendToLogs dynamodb:GetItem",),
    ),
    Scenario(
        "a bid is sent again, since its answer was lost",
        INTAKE,
        opened,
        _twice,
        "201, again 201, a log of 2",
        ("BidIntakeRole AnswerOnce dynamodb:UpdateItem",),
    ),
    Scenario(
        "a bid is sent again, since the log could not be written",
        INTAKE,
        opened,
        _after_a_fault,
        "503 unavailable, again 201",
        ("BidIntakeRole AnswerOnce dynamodb:DeleteItem",),
    ),
    Scenario(
        "an auction is cancelled",
        INTAKE,
        opened,
        _cancel,
        "204, no schedule",
        ("BidIntakeRole ScheduleCloses scheduler:DeleteSchedule",),
    ),
    Scenario(
        "the auctioneer asks for the price",
        INTAKE,
        _settled,
        _result,
        "200",
        ("ResultKey IntakeReadsResults kms:Decrypt",),
    ),
    Scenario(
        "an auction closes",
        INTAKE,
        lambda stack: 5,
        _close,
        "told at the close",
        ("CloseSchedulesRole StartSettlement sqs:SendMessage",),
    ),
    Scenario(
        "intake tries to note how far a settlement is",
        INTAKE,
        lambda stack: None,
        note_progress("BidIntakeRole"),
        "AccessDeniedException",
        ("BidIntakeRole NeverNoteProgress dynamodb:PutItem",),
    ),
)
