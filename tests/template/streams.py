"""The rules for tables, and for functions that read their streams. See `rules` for the others."""

import json

from reading import EVENT_SOURCE, TABLE, final_queues, of_type, referred, watched

# What of each table's stream is work, and how much a function has to see of it.
# The ledger: pending items, not those that expire, nor later writes of our own. Without the item as it was before, not
# every change can be judged.
PENDING = {"eventName": ["INSERT", "MODIFY"], "dynamodb": {"NewImage": {"state": {"S": ["pending"]}}}}
# An auction: events, which are at positions from 1 and never change; no snapshots (below 0) and nothing at 0.
APPENDED = {
    "eventName": ["INSERT"],
    "dynamodb": {"Keys": {"sk": {"N": [{"prefix": str(digit)} for digit in range(1, 10)]}}},
}
READ = {"LedgerTable": ("NEW_AND_OLD_IMAGES", PENDING), "AuctionsTable": ("NEW_IMAGE", APPENDED)}

# The record of who won has no end.
NEVER_FORGETS = {"AuctionsTable"}

# Functions whose own writes come back to them: a loop is possible, and must be heard of.
WRITES_BACK = {"DedupeProcessFunction"}


def tables(template: dict) -> list[str]:
    """On demand, encrypted, recoverable, forgetful or not at all so; protected from deletion in production."""
    return [
        f"{name} lacks {what}"
        for name, table in of_type(template, TABLE).items()
        for what, holds in (_table_safeguards(template, table) | _memory(name, table)).items()
        if not holds
    ]


def _memory(name: str, table: dict) -> dict[str, bool]:
    end = table.get("TimeToLiveSpecification")
    if name in NEVER_FORGETS:
        return {"a memory without end": end is None}
    return {"an end for old items": end == {"AttributeName": "expiresAt", "Enabled": True}}


def _table_safeguards(template: dict, table: dict) -> dict[str, bool]:
    in_production = template["Conditions"].get("IsProd") == {"Fn::Equals": [{"Ref": "Stage"}, "prod"]}
    return {
        "a price per request": table.get("BillingMode") == "PAY_PER_REQUEST",
        "recovery": table.get("PointInTimeRecoverySpecification") == {"PointInTimeRecoveryEnabled": True},
        "encryption": table.get("SSESpecification", {}).get("SSEEnabled") is True,
        "protection in production": in_production
        and table.get("DeletionProtectionEnabled") == {"Fn::If": ["IsProd", True, False]},
    }


def stream_images(template: dict) -> list[str]:
    """A stream shows the function that reads it what it needs to see of each item."""
    tables_read = {referred(mapping["EventSourceArn"]) for mapping in _stream_sources(template).values()}
    return [
        f"{name}: {table.get('StreamSpecification')}"
        for name, table in of_type(template, TABLE).items()
        if name in tables_read and table.get("StreamSpecification") != {"StreamViewType": READ[name][0]}
    ]


def streams_go_on(template: dict) -> list[str]:
    """A record that fails for ever is found, given up in the end, and kept in a queue of this template."""
    complaints = []
    for name, mapping in _stream_sources(template).items():
        if mapping.get("BisectBatchOnFunctionError") is not True:
            complaints.append(f"{name}: one record that ends the process takes its batch with it")
        least = 1000 if _gives_up_itself(template, mapping) else 10
        if not least <= mapping.get("MaximumRetryAttempts", -1) <= 10000:
            complaints.append(f"{name} tries for ever, or gives up before the function can say why")
        if not 60 <= mapping.get("MaximumRecordAgeInSeconds", -1) <= 23 * 3600:
            complaints.append(f"{name}: a stream record is gone after a day, and nobody would hear of it")
        destination = mapping.get("DestinationConfig", {}).get("OnFailure", {}).get("Destination")
        if referred(destination) not in final_queues(template):
            complaints.append(f"{name} has no failure destination")
    return complaints


def stream_filter(template: dict) -> list[str]:
    """Only what is work starts a function."""
    complaints = []
    for name, mapping in _stream_sources(template).items():
        filters = mapping.get("FilterCriteria", {}).get("Filters", [])
        if [json.loads(one["Pattern"]) for one in filters] != [READ[referred(mapping["EventSourceArn"])][1]]:
            complaints.append(f"{name}: {filters}")
    return complaints


def stream_parallelism(template: dict) -> list[str]:
    """How much runs side by side is a parameter."""
    return [
        f"{name}: {mapping.get('ParallelizationFactor')}"
        for name, mapping in _stream_sources(template).items()
        if referred(mapping.get("ParallelizationFactor")) not in template["Parameters"]
    ]


def stream_alarms(template: dict) -> list[str]:
    """A stream that falls behind, and a key that is written over and over, raise an alarm."""
    functions = {referred(mapping["FunctionName"]) for mapping in _stream_sources(template).values()}
    wanted = [("IteratorAge", function) for function in sorted(functions)]
    wanted += [("WritesPerKey", function) for function in sorted(WRITES_BACK)]
    return [f"{function} has no alarm on {metric}" for metric, function in wanted if (metric, function) not in watched(template)]


def _gives_up_itself(template: dict, mapping: dict) -> bool:
    function = template["Resources"][referred(mapping["FunctionName"])]["Properties"]
    return "GIVE_UP_AFTER_SECONDS" in function.get("Environment", {}).get("Variables", {})


def _stream_sources(template: dict) -> dict[str, dict]:
    mappings = of_type(template, EVENT_SOURCE).items()
    return {name: mapping for name, mapping in mappings if referred(mapping["EventSourceArn"]) in of_type(template, TABLE)}
