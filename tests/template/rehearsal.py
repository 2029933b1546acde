"""For each kind of alarm, a story that it must hear of and one that it must not, told as data points.

The numbers here are the ones that were meant, written down a second time; the alarms' thresholds and periods are read from
the template. One value for each period of the alarm, oldest first.
"""

from dataclasses import dataclass

from reading import ALARM, FUNCTION, alarm_metrics, final_queues, number, of_type, referred

WEEK = 7 * 24 * 3600
QUARTER = 15 * 60

Series = dict[str, list[float | None]]


@dataclass(frozen=True)
class Story:
    """What an alarm must sound for, and what it must not."""

    fires: Series
    stays_quiet: Series


def stories(template: dict, parameters: dict) -> dict[str, Story]:
    """The story of each alarm, by its logical id.

    Raises `LookupError` for an alarm of a kind that nobody thought of.
    """
    return {name: _story(template, parameters, alarm) for name, alarm in of_type(template, ALARM).items()}


def _story(template: dict, parameters: dict, alarm: dict) -> Story:
    metrics = alarm_metrics(alarm)
    names = {metric["MetricName"] for metric in metrics.values()}
    target = referred(next(iter(metrics.values()))["Dimensions"][0]["Value"])
    if names == {"Duration"}:
        return _slow(1000 * number(of_type(template, FUNCTION)[target]["Timeout"], parameters))
    if names == {"ApproximateAgeOfOldestMessage"} and target in final_queues(template):
        # Forgotten for a week.
        return _single(fires=[WEEK - 300, WEEK + 1], stays_quiet=[WEEK - 300, WEEK])
    if len(names) == 1 and (found := STORIES.get(next(iter(names)))):
        return found
    if names == {"DetectorFallbacks", "Photos"}:
        return FALLBACKS
    raise LookupError(f"nobody rehearsed an alarm on {sorted(names)}")


def _single(fires: list, stays_quiet: list) -> Story:
    return Story({"metric": fires}, {"metric": stays_quiet})


def _slow(timeout: int) -> Story:
    """Three slow minutes of five, in milliseconds; two of five are a large photo or two."""
    slow, fast = 0.81 * timeout, 0.5 * timeout
    return Story({"duration": [fast, slow, None, slow, slow]}, {"duration": [slow, fast, slow, None, 0.8 * timeout]})


STORIES = {
    # One message in a queue that only a person takes from.
    "ApproximateNumberOfMessagesVisible": _single(fires=[0, 0, 1], stays_quiet=[0, None, 0]),
    # Work that waits for five minutes longer than a quarter of an hour; a peak that is over is none.
    "ApproximateAgeOfOldestMessage": _single(
        fires=[QUARTER + 60 * minute for minute in range(1, 6)],
        stays_quiet=[QUARTER + 60, QUARTER + 120, QUARTER + 180, QUARTER + 240, 3],
    ),
    # One invocation that crashed.
    "Errors": _single(fires=[0, None, 1], stays_quiet=[0, None, 0]),
    # Throttled for five minutes; a burst that was over after four is what retries are for.
    "Throttles": _single(fires=[1, 7, 3, 1, 1], stays_quiet=[50, 50, 50, 50, 0]),
    # A stream that is a quarter of an hour behind, in milliseconds, for five minutes.
    "IteratorAge": _single(fires=[1000 * QUARTER + 1] * 5, stays_quiet=[4000 * QUARTER] * 4 + [1000 * QUARTER]),
    # One key was written eleven times in each of two minutes.
    "WritesPerKey": _single(fires=[1, 11, 11], stays_quiet=[11, 10, 11, 10]),
    # Every minute of five had an answer that was our fault.
    "5xx": _single(fires=[2, 1, 1, 4, 1], stays_quiet=[30, 30, 30, 30, None]),
    # On hold for a week, in seconds: half of the time that the queue keeps it.
    "HeldAge": _single(fires=[WEEK - 300, WEEK + 1], stays_quiet=[WEEK - 300, WEEK]),
    # One look at flags that can't be used.
    "FlagsRefused": _single(fires=[0, None, 1], stays_quiet=[0, None, 0]),
    # A read failed in each of two quarters of an hour, as few as come with little traffic; in one of two, somebody got through.
    "FlagsUnreachable": _single(fires=[None, 1, 1], stays_quiet=[4, None, 4]),
    # One backfill.
    "ExecutionsFailed": _single(fires=[0, None, 1], stays_quiet=[0, None, 0]),
    # One schedule: a single auction is not settled.
    "TargetErrorCount": _single(fires=[0, None, 1], stays_quiet=[0, None, 0]),
    "InvocationDroppedCount": _single(fires=[0, None, 1], stays_quiet=[0, None, 0]),
    "InvocationsFailedToBeSentToDeadLetterCount": _single(fires=[0, None, 1], stays_quiet=[0, None, 0]),
}

# Rekognition fails for eleven photos of a hundred, a quarter of an hour long. Ten of a hundred are nothing to wake anybody
# for; without a single fallback, the first metric is not there.
FALLBACKS = Story(
    {"fallbacks": [11, 110, 5], "photos": [100, 1000, 40]},
    {"fallbacks": [None, 10, 100, 4], "photos": [100, 100, 1000, 40]},
)
