"""What a function hands back of a batch from a table's stream comes again, as on Lambda.

MiniStack 1.5.33 reads `batchItemFailures` of queues only. From a stream it goes on as soon as the function has answered, and
what was handed back is lost. On Lambda the stream's records come again from the lowest sequence number that was handed back
(Lambda developer guide, "Configuring partial batch response with DynamoDB and Lambda").
"""

import contextvars
import json
from collections.abc import Callable

_polling = contextvars.ContextVar("polling", default=False)


def while_polling(poll: Callable[[], bool]) -> Callable[[], bool]:
    """Tells the invocations of the streams' poller from all others: only its batches have checkpoints."""

    def poll_streams() -> bool:
        token = _polling.set(True)
        try:
            return poll()
        finally:
            _polling.reset(token)

    return poll_streams


def with_checkpoints(execute: Callable[[dict, dict], dict]) -> Callable[[dict, dict], dict]:
    """Lets an answer that hands something back count as a failed one, after which the same records come again.

    Those before the first that was handed back are left out then.
    """
    done: dict[str, set[str]] = {}  # sequence numbers, by function

    def execute_from_checkpoint(function: dict, event: dict) -> dict:
        if not _polling.get():
            return execute(function, event)
        name = function["config"]["FunctionName"]
        before = done.get(name, set())
        records = [record for record in event["Records"] if _sequence_number(record) not in before]
        result = execute(function, {**event, "Records": records})
        if result.get("error"):
            return result
        failed = handed_back(result.get("body"))
        if not failed:
            done.pop(name, None)
            return result
        numbers = [_sequence_number(record) for record in records]
        # One that is not in the batch: all of it failed.
        first = min((numbers.index(number) if number in numbers else 0 for number in failed), default=0)
        done[name] = before | set(numbers[:first])
        why = {"errorType": "BatchItemFailures", "errorMessage": f"{len(failed)} of {len(records)} handed back"}
        return {**result, "error": True, "body": why}

    return execute_from_checkpoint


def handed_back(body: dict | str | None) -> list[str]:
    """The sequence numbers in a function's answer."""
    try:
        answer = json.loads(body) if isinstance(body, str) else body
    except ValueError:
        return []
    failures = answer.get("batchItemFailures") if isinstance(answer, dict) else None
    return [failure.get("itemIdentifier", "") for failure in failures or []]


def _sequence_number(record: dict) -> str:
    return record["dynamodb"]["SequenceNumber"]
