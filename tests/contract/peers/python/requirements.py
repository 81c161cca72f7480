"""Answers what `packaging` reads in requirements: null for what is none."""

import json
import sys

from packaging.requirements import InvalidRequirement, Requirement


def read(text: str) -> dict | None:
    try:
        found = Requirement(text)
    except InvalidRequirement:
        return None
    return {
        "name": found.name,
        "extras": sorted(found.extras),
        "specifiers": sorted(str(one) for one in found.specifier),
        "url": found.url,
        "marker": str(found.marker) if found.marker else None,
    }


json.dump([read(text) for text in json.load(sys.stdin)], sys.stdout)
