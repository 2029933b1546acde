"""What MiniStack 1.5.33 falls short of AWS in where a backfill is concerned: a Distributed Map hands its items over one by
one, a stopped execution goes on with all of them, and nobody asks what the state machine's role may do.

What is not mended: a result writer writes nothing, and RedriveExecution is unknown, so that a stopped run is resumed by
another one, which skips what is done.
"""

from collections.abc import Callable

from ministack.services import stepfunctions

from .permissions import may

# How many items there are, and how many in each batch, by the execution that started them.
_BATCHES: dict[str, tuple[int, int]] = {}


def mend_backfill() -> None:
    """Puts all of it in."""
    stepfunctions._run_distributed_map = in_batches(stepfunctions._run_distributed_map)
    stepfunctions._run_sub_machine = until_stopped(by_its_role(stepfunctions._run_sub_machine))
    stepfunctions._map_run_view = in_items(stepfunctions._map_run_view)


def in_batches(run: Callable) -> Callable:
    """Step Functions developer guide, "ItemBatcher (Map)"."""

    def run_in_batches(state: dict, raw_input, effective, iterator: dict, execution: dict, context: dict):
        batcher = state.get("ItemBatcher")
        if not batcher:
            return run(state, raw_input, effective, iterator, execution, context)
        bucket = f"arn:aws:s3:::{state['ItemReader']['Parameters']['Bucket']}"
        if not may(_role(execution), "s3:ListBucket", bucket):
            cause = f"not authorized to perform: s3:ListBucket on {bucket}"
            raise stepfunctions._ExecutionError("States.ItemReaderFailed", cause)
        items = stepfunctions._read_map_items(state["ItemReader"], effective, context)
        shared, size = batcher["BatchInput"], batcher["MaxItemsPerBatch"]
        _BATCHES[execution["executionArn"]] = (len(items), size)
        batches = [{"BatchInput": shared, "Items": items[at : at + size]} for at in range(0, len(items), size)]
        plain = {name: value for name, value in state.items() if name not in ("ItemReader", "ItemBatcher")}
        try:
            return run(plain, raw_input, batches, iterator, execution, context)
        except stepfunctions._ExecutionError:
            # Else the execution would be called failed.
            if execution["status"] == "ABORTED":
                return {}, None
            raise

    return run_in_batches


def by_its_role(run: Callable) -> Callable:
    """Step Functions developer guide, "Creating an IAM role for your state machine": a batch calls what the role may.

    On AWS, a call that is denied is tried again like any that fails; here, its batch fails at once.
    """

    def run_if_allowed(states: dict, start: str, given, execution: dict, context: dict):
        parent = _parent(execution)
        called = [state["Parameters"]["FunctionName"] for state in states.values() if _calls_a_function(state)]
        for function in called if parent else []:
            if not may(_role(parent), "lambda:InvokeFunction", function):
                cause = f"not authorized to perform: lambda:InvokeFunction on {function}"
                raise stepfunctions._ExecutionError("Lambda.AWSLambdaException", cause)
        return run(states, start, given, execution, context)

    return run_if_allowed


def until_stopped(run: Callable) -> Callable:
    """Step Functions API reference, StopExecution: what has not begun does not begin any more."""

    def run_unless_stopped(states: dict, start: str, given, execution: dict, context: dict):
        parent = _parent(execution)
        if parent and parent["status"] == "ABORTED":
            raise stepfunctions._ExecutionError("States.Aborted", "The execution was stopped")
        return run(states, start, given, execution, context)

    return run_unless_stopped


def in_items(view: Callable) -> Callable:
    """Batches are what MiniStack counts; `itemCounts` are of what is in them, as near as can be told from that."""

    def view_in_items(run: dict) -> dict:
        shown = view(run)
        counts = dict(shown["executionCounts"])
        if stepfunctions._executions[run["executionArn"]]["status"] == "ABORTED":
            counts["aborted"], counts["failed"] = counts["failed"], 0
            shown["status"] = "ABORTED"
        items, size = _BATCHES.get(run["executionArn"], (counts["total"], 1))
        shown["executionCounts"] = counts
        shown["itemCounts"] = {name: min(count * size, items) for name, count in counts.items()}
        return shown

    return view_in_items


def _calls_a_function(state: dict) -> bool:
    return state.get("Resource", "").endswith(":states:::lambda:invoke")


def _role(execution: dict) -> str:
    return stepfunctions._state_machines[execution["stateMachineArn"]]["roleArn"]


def _parent(execution: dict) -> dict | None:
    run = stepfunctions._map_runs.get(execution.get("mapRunArn"))
    return run and stepfunctions._executions.get(run["executionArn"])
