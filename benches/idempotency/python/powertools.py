"""Powertools for AWS Lambda (Python) in the idempotency bench: events through its protocol, one after the other.

For each line `FIRST COUNT` on standard input, one line of JSON. The table is the first argument.
"""

import json
import sys
import time

from aws_lambda_powertools.utilities.idempotency import (
    DynamoDBPersistenceLayer,
    IdempotencyConfig,
    idempotent_function,
)


class Context:
    """What the library asks of a Lambda context: the deadline."""

    def get_remaining_time_in_millis(self) -> int:
        return 30_000


config = IdempotencyConfig(event_key_jmespath="order", payload_validation_jmespath="note")
config.register_lambda_context(Context())
store = DynamoDBPersistenceLayer(table_name=sys.argv[1])
ran = 0


@idempotent_function(data_keyword_argument="event", persistence_store=store, config=config)
def work(event: dict) -> dict:
    global ran
    ran += 1
    return {"receipt": event["order"], "text": "y" * 100}


for line in sys.stdin:
    first, count = map(int, line.split())
    ran = 0
    start, cpu = time.perf_counter(), time.process_time()
    for number in range(first, first + count):
        work(event={"order": f"order-{number:08}", "note": "x" * 200})
    answer = {"seconds": time.perf_counter() - start, "cpu_seconds": time.process_time() - cpu, "ran": ran}
    print(json.dumps(answer), flush=True)
