"""JSON as JavaScript writes it, so that `JSON.stringify(JSON.parse(body))` yields the same text.

Receivers that parse a body before they verify its signature depend on this. Numbers and key order follow ECMA-262
(Number::toString, OrdinaryOwnPropertyKeys); integers beyond 2^53 are written in full, although JavaScript cannot
represent them.
"""

import json
import math
from collections.abc import Iterable
from decimal import Decimal
from typing import Any

MOST_PLAIN_DIGITS = 21
FEWEST_PLAIN_EXPONENT = -6
LAST_ARRAY_INDEX = 2**32 - 2
LONGEST_INDEX = len(str(LAST_ARRAY_INDEX))


def dumps(value: Any) -> str:
    """Serialize a value made of dict, list, str, int, float, bool and None."""
    if isinstance(value, dict):
        members = (f"{json.dumps(key, ensure_ascii=False)}:{dumps(value[key])}" for key in sort_keys(value))
        return f"{{{','.join(members)}}}"
    if isinstance(value, list | tuple):
        return f"[{','.join(dumps(item) for item in value)}]"
    if isinstance(value, float):
        return number(value) if math.isfinite(value) else "null"
    return json.dumps(value, ensure_ascii=False)


def sort_keys(keys: Iterable[str]) -> list[str]:
    """Return the keys in JavaScript's order: array indexes by value, then the others in their original order."""
    return sorted(keys, key=lambda key: int(key) if is_index(key) else LAST_ARRAY_INDEX + 1)


def is_index(key: str) -> bool:
    if not (key.isascii() and key.isdecimal() and len(key) <= LONGEST_INDEX):
        return False
    return str(int(key)) == key and int(key) <= LAST_ARRAY_INDEX


def number(value: float) -> str:
    """Return the shortest digits that parse to this number, without `.0`."""
    text = repr(value)
    if "e" not in text:
        return text.removesuffix(".0").replace("-0", "0") if value == 0 else text.removesuffix(".0")
    sign, digits, exponent = Decimal(text).normalize().as_tuple()
    shown = "".join(map(str, digits))
    point = len(digits) + int(exponent)
    return ("-" if sign else "") + place_point(shown, point)


def place_point(digits: str, point: int) -> str:
    """Return the digits with the decimal point after the first `point` of them."""
    if len(digits) <= point <= MOST_PLAIN_DIGITS:
        return digits.ljust(point, "0")
    if FEWEST_PLAIN_EXPONENT < point <= 0:
        return f"0.{digits.rjust(len(digits) - point, '0')}"
    fraction = f".{digits[1:]}" if len(digits) > 1 else ""
    return f"{digits[0]}{fraction}e{point - 1:+d}"
