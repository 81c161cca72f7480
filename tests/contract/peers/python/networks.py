"""Answers which texts are networks, as `ipaddress` reads and writes them, and which addresses lie in them."""

import ipaddress
import json
import sys


def read(text: str) -> str | None:
    try:
        return str(ipaddress.ip_network(text, strict=True))
    except ValueError:
        return None


def is_within(network: str, address: str) -> bool:
    return ipaddress.ip_address(address) in ipaddress.ip_network(network)


question = json.load(sys.stdin)
answer = {
    "networks": [read(text) for text in question["networks"]],
    "within": [is_within(*pair) for pair in question["within"]],
    "global": [ipaddress.ip_address(one).is_global for one in question["addresses"]],
}
json.dump(answer, sys.stdout)
