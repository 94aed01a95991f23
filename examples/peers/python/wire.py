"""The meaning of a message: JSON-RPC 2.0 as specified in docs/protocol.md, "Messages" and "Errors". Knows no socket and no board."""

import json
import math
import re


class Refused(Exception):
    """A request that is refused: raised anywhere, it becomes the error of the response."""

    def __init__(self, code, reason, message, id=None):
        super().__init__(message)
        self.code, self.reason, self.id = code, reason, id


def wrong(reason, message):
    return Refused(-32602, reason, message)


def nesting(text):
    """Returns how deep objects and lists are nested. Counted before the text is parsed: a parser that follows any depth runs out
    of stack."""
    depth = deepest = 0
    for sign in re.findall(r'"(?:[^"\\]|\\.)*"|[\[\]{}]', text, re.DOTALL):
        depth += (sign in "[{") - (sign in "]}")
        deepest = max(deepest, depth)
    return deepest


def no_number(word):
    # Python reads NaN and Infinity; JSON has neither.
    raise ValueError(f"{word} is no number of JSON")


def is_id(value):
    if isinstance(value, str):
        return len(json.dumps(value, ensure_ascii=False).encode()) <= 64
    # True is an int, too, in Python.
    return type(value) is int and -(2**63) <= value < 2**63


def read(text):
    """Returns a request as (id, method, params); None stands for no id. Raises Refused."""
    if nesting(text) > 16:
        raise Refused(-32700, "nested_too_deeply", "at most 16 objects and lists within each other are read")
    try:
        request = json.loads(text, parse_constant=no_number)
    except ValueError as error:
        raise Refused(-32700, "not_json", f"one JSON object is expected: {error}") from None
    if isinstance(request, list):
        raise Refused(-32600, "batch", "send one object a message")
    if not isinstance(request, dict):
        raise Refused(-32600, "not_an_object", "a request is an object with jsonrpc, id, method and params")
    if "id" in request and not is_id(request["id"]):
        raise Refused(-32600, "bad_id", "id is a whole number of 64 bits or a text, at most 64 bytes")
    id = request.get("id")
    if request.get("jsonrpc") != "2.0":
        raise Refused(-32600, "not_json_rpc", '"jsonrpc":"2.0" is expected', id)
    if not isinstance(request.get("method"), str):
        raise Refused(-32600, "no_method", "method is a text, for example Light.Set", id)
    params = request.get("params", {})
    if params == []:  # websocat --jsonrpc sends it where there are none
        params = {}
    if not isinstance(params, dict):
        raise Refused(-32602, "params_not_by_name", 'params are an object: {"id":0,"on":true}', id)
    # A parameter that is null counts as omitted.
    return id, request["method"], {name: value for name, value in params.items() if value is not None}


def dumps(message):
    return json.dumps(message, separators=(",", ":"), ensure_ascii=False)


def answer(id, result):
    return dumps({"jsonrpc": "2.0", "id": id, "result": result})


def refusal(id, error):
    data = {"reason": error.reason}
    return dumps({"jsonrpc": "2.0", "id": id, "error": {"code": error.code, "message": str(error), "data": data}})


def push(method, params):
    return dumps({"jsonrpc": "2.0", "method": method, "params": params})


def flag(params, name):
    value = params.get(name)
    if not isinstance(value, bool | None):
        raise wrong("wrong_type", f"{name} is true or false")
    return value


def whole(params, name, least=-math.inf, most=math.inf):
    """Returns a whole number, which may be written 60, 60.0 or 6e1. A fraction is out of range, like a number beyond the limits: JSON
    has one type for all numbers."""
    value = params.get(name)
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise wrong("wrong_type", f"{name} is a number")
    if not math.isfinite(value) or value != int(value) or not least <= value <= most:
        raise wrong("out_of_range", f"{name} is a whole number from {least} to {most}, not {value}")
    return int(value)
