"""Reads the bodies of requests to the local AWS."""

import json


def json_object(body: bytes) -> dict:
    """The JSON object that a body is, or an empty one if it is none."""
    try:
        request = json.loads(body or b"{}")
    except ValueError:
        return {}
    return request if isinstance(request, dict) else {}
