"""What CloudWatch makes of an alarm's definition and a series of data points.

For the rehearsal of alarms. The local stack can't do it: MiniStack 1.5.33 looks at its alarms only when somebody puts metric
data, takes the metrics of all queues or functions together, and knows neither expressions nor single periods. So this
evaluates the template's own definitions as the CloudWatch user guide describes it ("Alarm evaluation", "Configuring how
CloudWatch alarms treat missing data", "Using metric math"). It has what the template uses, and refuses everything else. One
thing is simpler than there: CloudWatch looks a little further back than `EvaluationPeriods` when data points are missing.
"""

import ast
import operator
import re

from reading import alarm_metrics

ALARM, OK = "ALARM", "OK"

Value = float | None

_OPERATIONS = {ast.Add: operator.add, ast.Sub: operator.sub, ast.Mult: operator.mul, ast.Div: operator.truediv}
_COMPARISONS = {
    "GreaterThanThreshold": operator.gt,
    "GreaterThanOrEqualToThreshold": operator.ge,
    "LessThanThreshold": operator.lt,
    "LessThanOrEqualToThreshold": operator.le,
}


def state(alarm: dict, series: dict[str, list[Value]], parameters: dict) -> str:
    """The alarm's state after the last period.

    `series` has one value for each period, oldest first, None where there is none; by the ids of an expression's metrics, or
    as "metric" for an alarm without an expression. All of them must be there, and equally long.
    """
    if set(series) != set(alarm_metrics(alarm)):
        raise ValueError(f"series for {sorted(series)}, but the alarm looks at {sorted(alarm_metrics(alarm))}")
    points = _points(alarm, series, parameters)
    periods = alarm["EvaluationPeriods"]
    least = alarm.get("DatapointsToAlarm", periods)
    if alarm["TreatMissingData"] != "notBreaching":
        raise ValueError(f"TreatMissingData {alarm['TreatMissingData']} is not rehearsed")
    breaching = _COMPARISONS[alarm["ComparisonOperator"]]
    count = sum(1 for point in points[-periods:] if point is not None and breaching(point, alarm["Threshold"]))
    return ALARM if count >= least else OK


def _points(alarm: dict, series: dict[str, list[Value]], parameters: dict) -> list[Value]:
    if "Metrics" not in alarm:
        return series["metric"]
    [expression] = [query["Expression"] for query in alarm["Metrics"] if "Expression" in query]
    if isinstance(expression, dict):
        expression = re.sub(r"\$\{(\w+)\}", lambda name: str(parameters[name[1]]), expression["Fn::Sub"])
    tree = ast.parse(expression, mode="eval").body
    rows = zip(*series.values(), strict=True)
    return [_value(tree, dict(zip(series, row, strict=True))) for row in rows]


def _value(node: ast.expr, of: dict[str, Value]) -> Value:
    match node:
        case ast.Constant(value=int() | float() as number):
            return number
        case ast.Name(id=name):
            return of[name]
        case ast.BinOp(left=left, op=op, right=right):
            return _combined(_OPERATIONS[type(op)], _value(left, of), _value(right, of))
        case ast.Call(func=ast.Name(id="FILL"), args=[metric, instead]):
            value = _value(metric, of)
            return _value(instead, of) if value is None else value
    raise ValueError(f"{ast.dump(node)} is not rehearsed")


def _combined(operation, left: Value, right: Value) -> Value:
    """Nothing comes of a missing operand, or of a division by zero: CloudWatch leaves the data point out."""
    if left is None or right is None or (operation is operator.truediv and right == 0):
        return None
    return operation(left, right)
