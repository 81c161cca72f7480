"""Answers how `packaging`, which pip uses, orders pairs of version numbers: null where one of them is none."""

import json
import sys

from packaging.version import InvalidVersion, Version


def compare(left: str, right: str) -> int | None:
    try:
        one, other = Version(left), Version(right)
    except InvalidVersion:
        return None
    return (one > other) - (one < other)


json.dump([compare(left, right) for left, right in json.load(sys.stdin)], sys.stdout)
