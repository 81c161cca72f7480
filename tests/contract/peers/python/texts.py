"""Answers for byte strings whether they are JSON as Python's `json` reads it, and which fields an object has."""

import base64
import json
import sys


def read(data: bytes) -> dict:
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError:
        return {"valid": False, "names": None}
    names = None

    def pairs(found: list) -> dict:
        nonlocal names
        names = [name for name, _ in found]
        return dict(found)

    try:
        value = json.loads(text, object_pairs_hook=pairs)
    except (ValueError, RecursionError):
        return {"valid": False, "names": None}
    return {"valid": True, "names": names if isinstance(value, dict) else None}


json.dump([read(base64.b64decode(one)) for one in json.load(sys.stdin)], sys.stdout)
