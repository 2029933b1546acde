"""Mixed load with faults on, and a balance at the end: so many in, so many published, rejected, in a dead-letter queue.

    SOAK_MINUTES=10 GATEHOUSE_FAULTS_SEED=1 python -m gatehouse_local test -- python tests/soak

The exit code is 0 only if the sums agree: nothing lost, nothing published with a face, every accepted bid counted, and
no refused one. The figures also go to target/soak.json.
"""

import json
import os
import random
import sys
import time
from concurrent.futures import ThreadPoolExecutor

from gatehouse_local import settings
from gatehouse_local.deployment import Deployment, running_deployment
from gatehouse_local.injection import LATE_SECONDS, SEED
from gatehouse_local.steps import say

from auctions import House
from chaos import Memory, Reaper, switch_faults
from photo_accounts import FATES, Balance
from photos import Client, published_from, replaced_in
from verdict import Verdict, verdict

CLIENTS, IN_PLACE_CLIENTS = 4, 3
FAULTS_SHOWN = 30


def main() -> int:
    """Loads, waits, judges, and prints."""
    minutes, seed = float(os.environ.get("SOAK_MINUTES", "10")), int(os.environ[SEED])
    deployment, dice = running_deployment(), random.Random(seed)
    endpoint = deployment.server.endpoint
    clients = [_client(deployment, "SourceBucket", number, dice) for number in range(CLIENTS)]
    in_place = [_client(deployment, "InPlaceBucket", number, dice) for number in range(IN_PLACE_CLIENTS)]
    house = House(deployment, random.Random(dice.random()))
    reaper, memory = Reaper(endpoint, random.Random(dice.random())), Memory(endpoint)

    say(f"Soaking for {minutes:g} minutes, seed {seed}")
    switch_faults(deployment.server, on=True)
    seconds = _run([*clients, *in_place, house, reaper, memory], minutes * 60)
    counted = switch_faults(deployment.server, on=False)
    say(f"The load is over after {seconds:.0f} s; waiting until everything has come to its end")
    started = time.monotonic()
    time.sleep(LATE_SECONDS[1] + 1)  # until the last late event is there
    uploads, replaced = ([one for client in group for one in client.uploads] for group in (clients, in_place))
    judged = verdict(deployment, uploads, replaced, house)

    figures = _figures(judged, seconds, time.monotonic() - started)
    figures |= {"seed": seed, "injected": counted["injected"], "requests": counted["requests"]}
    figures |= {"killed": dict(reaper.killed), "peak_memory_bytes": memory.peaks}
    _write(figures)
    _print(judged, figures)
    return 1 if judged.faults else 0


def _client(deployment: Deployment, output: str, number: int, dice: random.Random) -> Client:
    s3, bucket = deployment.client("s3"), deployment.outputs[output]
    if output == "SourceBucket":
        is_done = published_from(s3, deployment.outputs["DestinationBucket"])
    else:
        is_done = replaced_in(s3, bucket)
    return Client(s3, bucket, f"soak/{output}-{number}", is_done, random.Random(dice.random()))


def _run(workers: list, seconds: float) -> float:
    """Lets all of them work until then, together; the seconds that it took. What stops one of them is raised."""
    started = time.monotonic()
    with ThreadPoolExecutor(len(workers)) as threads:
        for work in [threads.submit(worker.run, started + seconds) for worker in workers]:
            work.result()
    return time.monotonic() - started


def _figures(judged: Verdict, seconds: float, waited: float) -> dict:
    """What the run showed, for a machine."""
    balances = {"published": judged.published, "in place": judged.in_place}
    bids = sum(judged.bids.values())
    return {
        "seconds": round(seconds, 1),
        "seconds_until_rest": round(waited, 1),
        "photos": {name: _of_balance(balance, seconds) for name, balance in balances.items()},
        "auctions": judged.auctions,
        "bids": judged.bids | {"sum": bids, "per_second": round(bids / seconds, 2)},
        "distinct_outputs_searched_for_faces": judged.distinct_outputs,
        "faults": judged.faults,
    }


def _of_balance(balance: Balance, seconds: float) -> dict:
    fates = {fate: balance.fates[fate] for fate in FATES}
    per_second = round(balance.total / seconds, 2)
    return fates | {"sum": balance.total, "repeated rejections": balance.repeated, "per_second": per_second}


def _write(figures: dict) -> None:
    settings.TARGET.mkdir(parents=True, exist_ok=True)
    (settings.TARGET / "soak.json").write_text(json.dumps(figures, indent=2) + "\n")


def _print(judged: Verdict, figures: dict) -> None:
    rows = list(figures["photos"].items())
    say(f"\n{'photos':<24}" + "".join(f"{name:>12}" for name, _ in rows))
    for what in (*FATES, "sum", "repeated rejections", "per_second"):
        say(f"{what.replace('_', ' '):<24}" + "".join(f"{row[what]:>12}" for _, row in rows))
    say(f"\n{'auctions':<24}{figures['auctions']:>12}\n{'bids':<24}")
    for what, count in figures["bids"].items():
        say(f"{what.replace('_', ' '):<24}{count:>12}")
    say("\ninjected between the functions and AWS")
    for kind, services in figures["injected"].items():
        which = ", ".join(f"{service} {count}" for service, count in services.items())
        say(f"{kind:<24}{sum(services.values()):>12}  {which}")
    killed = ", ".join(f"{name} {count}" for name, count in sorted(figures["killed"].items()))
    say(f"{'processes killed':<24}{sum(figures['killed'].values()):>12}  {killed}")
    say(f"{'of requests':<24}{sum(figures['requests'].values()):>12}")
    say("\nmost resident memory of one process")
    for name, peak in sorted(figures["peak_memory_bytes"].items()):
        say(f"{name:<48}{peak / 1e6:>8.1f} MB")
    say(f"\n{judged.distinct_outputs} different files were published; each was searched for faces")
    for fault in judged.faults[:FAULTS_SHOWN]:
        say(f"WRONG  {fault}")
    if len(judged.faults) > FAULTS_SHOWN:
        say(f"       and {len(judged.faults) - FAULTS_SHOWN} more, in {settings.TARGET / 'soak.json'}")
    say(f"\nThe balance {'does not agree' if judged.faults else 'agrees: nothing is lost'}.")


if __name__ == "__main__":
    sys.exit(main())
