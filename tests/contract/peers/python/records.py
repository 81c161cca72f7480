"""Reads records back that were written as CSV, XML-RPC values or msgpack, and tells which differ from their JSON."""

import base64
import csv
import io
import json
import re
import sys
import xml.etree.ElementTree as ElementTree

import msgpack

FORBIDDEN = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def whole(text: str) -> int | float:
    """Integers that fit into 64 bits stay whole in msgpack."""
    number = int(text)
    return number if -(2**63) <= number < 2**64 else float(number)


def xml_value(element: ElementTree.Element) -> object:
    (typed,) = list(element)
    text = typed.text or ""
    match typed.tag:
        case "nil":
            return None
        case "string":
            return text
        case "boolean":
            return text == "1"
        case "int":
            return int(text)
        case "double":
            return float(text)
        case "array":
            return [xml_value(one) for one in typed.find("data")]
        case "struct":
            return {one.find("name").text or "": xml_value(one.find("value")) for one in typed}
    raise ValueError(typed.tag)


def sayable(value: object) -> object:
    """What XML can say of a value."""
    if isinstance(value, str):
        return FORBIDDEN.sub("\ufffd", value)
    if isinstance(value, list):
        return [sayable(one) for one in value]
    if isinstance(value, dict):
        return {sayable(name): sayable(one) for name, one in value.items()}
    return value


def same(left: object, right: object) -> bool:
    if isinstance(left, bool) or isinstance(right, bool):
        return left is right
    if isinstance(left, dict) and isinstance(right, dict):
        return left.keys() == right.keys() and all(same(left[name], right[name]) for name in left)
    if isinstance(left, list) and isinstance(right, list):
        return len(left) == len(right) and all(map(same, left, right))
    return left == right


def differing(question: dict) -> list[int]:
    lines, kind, written = question["lines"], question["kind"], base64.b64decode(question["written"])
    if kind == "xml":
        found = [xml_value(one) for one in ElementTree.fromstring(written)]
        wanted = [sayable(json.loads(line)) for line in lines]
    elif kind == "msgpack":
        found = list(msgpack.Unpacker(io.BytesIO(written), strict_map_key=False))
        wanted = [json.loads(line, parse_int=whole) for line in lines]
    elif kind == "jl":
        found = [json.loads(line) for line in written.decode().split("\n")[:-1]]
        wanted = [json.loads(line) for line in lines]
    elif kind == "json":
        found, wanted = json.loads(written), [json.loads(line) for line in lines]
    else:
        text = io.StringIO(written.decode(), newline="")
        how = question["how"]
        reader = csv.reader(text, delimiter=how["sep"], quotechar=how["quote"], strict=True, **how["more"])
        found, wanted = list(reader), question["cells"]
    if len(found) != len(wanted):
        raise ValueError(f"{len(found)} records instead of {len(wanted)}")
    return [i for i, (one, other) in enumerate(zip(found, wanted)) if not same(one, other)]


json.dump([differing(question) for question in json.load(sys.stdin)], sys.stdout)
