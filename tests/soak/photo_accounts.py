"""The books of the photos: what was uploaded, and what became of each upload. Knows no AWS.

Every upload has exactly one fate. One that has none is lost, and that is what the soak is there to find.
"""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field

PUBLISHED, SUPERSEDED, REJECTED, DEAD, LOST = "published", "superseded", "rejected", "in a dead-letter queue", "LOST"
FATES = (PUBLISHED, SUPERSEDED, REJECTED, DEAD, LOST)


@dataclass(frozen=True)
class Upload:
    """One photo that was put into a bucket."""

    key: str
    etag: str
    version: str
    sample: str  # the file that it was made from
    expected: str | None = None  # the reason code with which it has to be rejected, if it has to

    @property
    def name(self) -> tuple[str, str]:
        """What a message in a queue says of it."""
        return self.key, self.etag


@dataclass
class Queues:
    """What lies in the queues at the end: the reasons of rejections, and what failed too often."""

    rejected: dict[tuple[str, str], list[str]] = field(default_factory=dict)
    dead: set[tuple[str, str]] = field(default_factory=set)


@dataclass
class Balance:
    """How many uploads met which fate, and what is wrong."""

    fates: Counter[str] = field(default_factory=Counter)
    faults: list[str] = field(default_factory=list)
    repeated: int = 0  # rejections that came again

    @property
    def total(self) -> int:
        """All fates together: as many as there were uploads."""
        return self.fates.total()


@dataclass(frozen=True)
class Published:
    """A version in the destination bucket."""

    source_etag: str  # of the upload that it was made from
    etag: str


def of_destination(uploads: list[Upload], published: dict[str, list[Published]], queues: Queues) -> Balance:
    """The balance of `face-blur`: `published` has the versions of each key, newest first."""
    balance = Balance()
    for key, group in _by_key(uploads):
        versions = [version.source_etag for version in published.get(key, [])]
        made = [upload.etag in versions for upload in group]
        for place, upload in enumerate(group):
            found = [PUBLISHED] if made[place] else []
            _settle(balance, upload, found, superseded=any(made[place + 1 :]), queues=queues)
        balance.faults += [f"{key}: published {n} times" for n in Counter(versions).values() if n > 1]
        newest = max((place for place, there in enumerate(made) if there), default=None)
        if newest is not None and versions[0] != group[newest].etag:
            balance.faults.append(f"{key}: an older photo came back")
    unknown = set(published) - {upload.key for upload in uploads}
    balance.faults += [f"{key}: published, but never uploaded" for key in sorted(unknown)]
    return balance


def of_bucket(uploads: list[Upload], versions: dict[str, list[str]], queues: Queues) -> Balance:
    """The balance of photos in place: `versions` has the version ids of each key, newest first.

    A redaction is written only while what it was made from is the newest: so it lies right above it, and two of them
    never lie on each other.
    """
    balance = Balance()
    for key, group in _by_key(uploads):
        ours = {upload.version for upload in group}
        history = list(reversed(versions.get(key, [])))
        for upload in group:
            place = history.index(upload.version) if upload.version in history else None
            above = history[place + 1] if place is not None and place + 1 < len(history) else None
            found = [PUBLISHED] if above is not None and above not in ours else []
            _settle(balance, upload, found, superseded=above in ours, queues=queues)
        written = [version not in ours for version in history]
        if any(one and next_one for one, next_one in zip(written, written[1:])):
            balance.faults.append(f"{key}: replaced twice")
        if written and written[0]:
            balance.faults.append(f"{key}: something was written before any upload")
    return balance


def _settle(balance: Balance, upload: Upload, found: list[str], superseded: bool, queues: Queues) -> None:
    """Writes down one upload's fate."""
    reasons, dead = queues.rejected.get(upload.name, []), upload.name in queues.dead
    found = found + [REJECTED] * bool(reasons) + [DEAD] * dead
    if not found:
        found = [SUPERSEDED] if superseded else [LOST]
    balance.fates[found[0]] += 1
    balance.repeated += max(0, len(reasons) - 1)
    where = f"{upload.key} ({upload.sample})"
    if found == [LOST]:
        balance.faults.append(f"{where}: lost")
    if len(found) > 1:
        balance.faults.append(f"{where}: {' and '.join(found)}")
    if PUBLISHED in found and upload.expected:
        balance.faults.append(f"{where}: published, but {upload.expected}")
    for reason in {*reasons} - {upload.expected}:
        balance.faults.append(f"{where}: rejected as {reason}, not as {upload.expected}")


def _by_key(uploads: list[Upload]) -> Iterable[tuple[str, list[Upload]]]:
    """Each key with its uploads, in the order in which they were made."""
    groups: dict[str, list[Upload]] = {}
    for upload in uploads:
        groups.setdefault(upload.key, []).append(upload)
    return groups.items()
