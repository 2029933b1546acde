"""Waits until everything has come to its end, and draws the balance."""

import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from gatehouse_local.deployment import Deployment
from gatehouse_local.detector import find_faces, still_there

import bid_accounts
import photo_accounts
import stack
from auctions import House, log_of
from photo_accounts import LOST, Balance, Queues, Upload
from photos import SAMPLES

# A message whose function was killed is seen again after the queue's visibility timeout, up to five times.
PATIENCE_SECONDS = 900.0
BETWEEN_LOOKS = 5.0


@dataclass
class Verdict:
    """How it came out."""

    published: Balance
    in_place: Balance
    auctions: int
    bids: dict[str, int]
    faults: list[str] = field(default_factory=list)
    distinct_outputs: int = 0  # files that were searched for faces; all others are equal to one of them


def verdict(deployment: Deployment, uploads: list[Upload], in_place: list[Upload], house: House) -> Verdict:
    """Draws the balance as soon as nothing is missing any more, or nobody can wait longer."""
    found, deadline = Queues(), time.monotonic() + PATIENCE_SECONDS
    while True:
        # Asked first: what comes to its end in between is in the balance.
        at_rest = stack.is_at_rest(deployment)
        drawn = _draw(deployment, uploads, in_place, house, found)
        open_ends = drawn.published.fates[LOST] + drawn.in_place.fates[LOST] + _unsettled(house)
        if (not open_ends and at_rest) or time.monotonic() > deadline:
            return _searched(deployment, drawn, uploads, in_place)
        time.sleep(BETWEEN_LOOKS)


def _unsettled(house: House) -> int:
    return sum(house.result(books) is None for books in house.held)


def _draw(
    deployment: Deployment, uploads: list[Upload], in_place: list[Upload], house: House, found: Queues
) -> Verdict:
    """The balance as it is now. What lies in the queues is taken out, and kept in `found`."""
    now = stack.queues(deployment)
    for name, reasons in now.rejected.items():
        found.rejected.setdefault(name, []).extend(reasons)
    found.dead |= now.dead

    published = stack.published(deployment, "soak/")
    versions = stack.versions(deployment, "soak/")
    bare = {key: [version for _, version in group] for key, group in published.items()}
    ids = {key: [version for version, _ in group] for key, group in versions.items()}
    drawn = Verdict(
        published=photo_accounts.of_destination(uploads, bare, found),
        in_place=photo_accounts.of_bucket(in_place, ids, found),
        auctions=len(house.held),
        bids={
            "accepted": sum(len(books.accepted) for books in house.held),
            "refused": sum(len(books.refused) for books in house.held),
            "without an answer": sum(len(books.unanswered) for books in house.held),
        },
    )
    drawn.faults = [*drawn.published.faults, *drawn.in_place.faults, *house.failed]
    for books in house.held:
        drawn.faults += bid_accounts.faults(books, log_of(deployment, books.auction), house.result(books))
    drawn.faults += [f"{count} messages in {queue}" for queue, count in stack.messages_left_over(deployment).items()]
    return drawn


def _searched(deployment: Deployment, drawn: Verdict, uploads: list[Upload], in_place: list[Upload]) -> Verdict:
    """The balance with the faces that are still there."""
    published, versions = stack.published(deployment, "soak/"), stack.versions(deployment, "soak/")
    outputs = {**dict(_of_destination(uploads, published)), **dict(_of_bucket(in_place, versions))}
    drawn.distinct_outputs = len(outputs)
    drawn.faults += _visible(deployment, outputs)
    return drawn


# Of one sample and one ETag: where such a file lies.
Outputs = Iterator[tuple[tuple[str, str], tuple[str, str, str]]]


def _of_destination(uploads: list[Upload], published: dict) -> Outputs:
    """Each kind of file that was published, and where one of them lies."""
    samples = {upload.name: upload.sample for upload in uploads}
    for key, group in published.items():
        for version, one in group:
            if sample := samples.get((key, one.source_etag)):
                yield (sample, one.etag), ("DestinationBucket", key, version)


def _of_bucket(uploads: list[Upload], versions: dict) -> Outputs:
    """The same of what was replaced: what lies right above an upload was made from it."""
    samples = {upload.version: upload.sample for upload in uploads}
    for key, group in versions.items():
        for (version, etag), (below, _) in zip(group, group[1:]):
            if version not in samples and below in samples:
                yield (samples[below], etag), ("InPlaceBucket", key, version)


def _visible(deployment: Deployment, outputs: dict) -> Iterator[str]:
    """Where a face of the sample can still be found. Files of one sample with the same ETag are the same file."""
    with tempfile.TemporaryDirectory() as folder:
        for (sample, etag), (output, key, version) in outputs.items():
            after = Path(folder) / f"{etag}.jpg"
            after.write_bytes(stack.file(deployment, output, key, version))
            if left := still_there(find_faces(SAMPLES / sample), find_faces(after)):
                yield f"{key} ({sample}): {len(left)} faces can still be found"
