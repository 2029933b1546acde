"""The rules for tables, and for functions that read their streams. See `rules` for the others."""

import json

from reading import ALARM, EVENT_SOURCE, TABLE, final_queues, of_type, referred

# The only changes of the ledger that are work.
PENDING = {"eventName": ["INSERT", "MODIFY"], "dynamodb": {"NewImage": {"state": {"S": ["pending"]}}}}


def tables(template: dict) -> list[str]:
    """On demand, encrypted, recoverable, forgetful; protected from deletion in production."""
    return [
        f"{name} lacks {what}"
        for name, table in of_type(template, TABLE).items()
        for what, holds in _table_safeguards(template, table).items()
        if not holds
    ]


def _table_safeguards(template: dict, table: dict) -> dict[str, bool]:
    in_production = template["Conditions"].get("IsProd") == {"Fn::Equals": [{"Ref": "Stage"}, "prod"]}
    return {
        "a price per request": table.get("BillingMode") == "PAY_PER_REQUEST",
        "an end for old items": table.get("TimeToLiveSpecification") == {"AttributeName": "expiresAt", "Enabled": True},
        "recovery": table.get("PointInTimeRecoverySpecification") == {"PointInTimeRecoveryEnabled": True},
        "encryption": table.get("SSESpecification", {}).get("SSEEnabled") is True,
        "protection in production": in_production
        and table.get("DeletionProtectionEnabled") == {"Fn::If": ["IsProd", True, False]},
    }


def stream_images(template: dict) -> list[str]:
    """A stream that a function reads shows items before and after: without both, not every change can be judged."""
    tables_read = {referred(mapping["EventSourceArn"]) for mapping in _stream_sources(template).values()}
    return [
        f"{name}: {table.get('StreamSpecification')}"
        for name, table in of_type(template, TABLE).items()
        if name in tables_read and table.get("StreamSpecification") != {"StreamViewType": "NEW_AND_OLD_IMAGES"}
    ]


def streams_go_on(template: dict) -> list[str]:
    """A record that fails for ever is found, given up in the end, and kept in a queue of this template."""
    complaints = []
    for name, mapping in _stream_sources(template).items():
        if mapping.get("BisectBatchOnFunctionError") is not True:
            complaints.append(f"{name}: one record that ends the process takes its batch with it")
        if not 1000 <= mapping.get("MaximumRetryAttempts", -1) <= 10000:
            complaints.append(f"{name} tries for ever, or gives up before the function can say why")
        if not 60 <= mapping.get("MaximumRecordAgeInSeconds", -1) <= 23 * 3600:
            complaints.append(f"{name}: a stream record is gone after a day, and nobody would hear of it")
        destination = mapping.get("DestinationConfig", {}).get("OnFailure", {}).get("Destination")
        if referred(destination) not in final_queues(template):
            complaints.append(f"{name} has no failure destination")
    return complaints


def stream_filter(template: dict) -> list[str]:
    """Only pending items start the function: not those that expire, nor its own later writes."""
    complaints = []
    for name, mapping in _stream_sources(template).items():
        filters = mapping.get("FilterCriteria", {}).get("Filters", [])
        if [json.loads(one["Pattern"]) for one in filters] != [PENDING]:
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
    watched = {
        (alarm["MetricName"], referred(dimension["Value"]))
        for alarm in of_type(template, ALARM).values()
        for dimension in alarm["Dimensions"]
    }
    functions = {referred(mapping["FunctionName"]) for mapping in _stream_sources(template).values()}
    wanted = [(metric, function) for metric in ("IteratorAge", "WritesPerKey") for function in sorted(functions)]
    return [f"{function} has no alarm on {metric}" for metric, function in wanted if (metric, function) not in watched]


def _stream_sources(template: dict) -> dict[str, dict]:
    mappings = of_type(template, EVENT_SOURCE).items()
    return {name: mapping for name, mapping in mappings if referred(mapping["EventSourceArn"]) in of_type(template, TABLE)}
