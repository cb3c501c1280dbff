"""Whether a server's response to a body is the one that contract.py gives."""

import json
import math

import contract


def has_lone_surrogate(body):
    """Also members that a later one replaced, which contract.py does not see."""
    try:
        pairs = json.loads(body.decode(), object_pairs_hook=list, parse_int=str, parse_float=str)
        json.dumps(pairs, ensure_ascii=False).encode()
    except UnicodeEncodeError:
        return True
    except (ValueError, RecursionError):
        pass
    return False


def expected_answer(body):
    if has_lone_surrogate(body):
        item = {"type": "json_invalid", "loc": ["body", contract.first_error(body)]}
        return 422, {"detail": [item], "error_count": 1}
    return contract.answer(body)


def invalid_fault(item, body):
    """What is wrong with the reported place in a body that is not JSON; None if nothing is."""
    offset = item["loc"][1]
    line, column = contract.place(body, int(offset))
    at = f" at line {line}, column {column}, met "
    if not item["msg"].startswith("Invalid JSON: expected ") or at not in item["msg"]:
        return f"msg {item['msg']!r}, not{at}"
    shown = item["input"]
    if not isinstance(shown, str) or len(shown) > contract.MAX_INPUT:
        return f"input {shown!r}"
    try:
        text = body.decode()
    except UnicodeDecodeError:
        return None
    # The text around the place, or the whole text if it is short.
    at = len(body[:int(offset)].decode(errors="ignore"))
    around = {text[start:start + len(shown)] for start in range(max(0, at - len(shown)), at + 1)}
    is_whole = len(shown) == min(len(text), contract.MAX_INPUT)
    return None if shown in around and is_whole else f"input {shown!r} around {at}"


def whole_input(value, body):
    """A test of how `input` shows a value: as it is, shortened, or as text of the body."""
    if isinstance(value, contract.Literal) or value is None or isinstance(value, bool):
        return lambda shown: type(shown) is type(value) and shown == value
    if isinstance(value, str):
        return lambda shown: shown == value[:contract.MAX_INPUT]
    opening = "[" if isinstance(value, list) else "{"
    return lambda shown: isinstance(shown, str) and shown[:1] == opening and len(shown) <= 100 and shown in body


def check_items(items, body):
    text = body.decode()
    batch = contract.parse(body)
    for item in items:
        value = batch
        for step in item["loc"][1:]:
            value = value[step] if isinstance(step, int) or step in value else value
        if not whole_input(value, text)(item["input"]):
            return f"input {item['input']!r} of {item['loc']}"
    return None


def fault(status, body, answer):
    """What is wrong with the response; None if nothing is."""
    expected_status, expected = expected_answer(body)
    if status != expected_status:
        return f"status {status}, not {expected_status}: {expected}"
    text = answer.decode()
    sent = json.loads(text, parse_int=contract.Literal, parse_float=contract.Literal)
    if list(sent) != list(expected):
        return f"keys {list(sent)}"
    if status == 200:
        front = json.dumps({k: expected[k] for k in ("query_key", "inputs")}, separators=(",", ":"))[:-1]
        if not text.startswith(front + ',"prediction":['):
            return f"not {front}"
        predictions = [float(p) for p in sent["prediction"]]
        if [repr(p) for p in predictions] != sent["prediction"]:
            return "a prediction is not written as repr writes it"
        close = [math.isclose(a, b, rel_tol=1e-9, abs_tol=1e-9) for a, b in zip(predictions, expected["prediction"])]
        if len(predictions) != len(expected["prediction"]) or not all(close):
            return f"predictions, not {expected['prediction']}"
        return None
    failures = [{"type": i["type"], "loc": [int(at) if isinstance(at, contract.Literal) else at for at in i["loc"]]}
                for i in sent["detail"]]
    if failures != expected["detail"] or sent["error_count"] != str(expected["error_count"]):
        return f"not {expected}"
    for item in sent["detail"]:
        if list(item) != ["type", "loc", "msg", "input"] or not isinstance(item["msg"], str) or not item["msg"]:
            return f"item {item}"
    if failures[0]["type"] == "json_invalid":
        return invalid_fault(sent["detail"][0], body)
    for item, failure in zip(sent["detail"], failures):
        item["loc"] = failure["loc"]
    return check_items(sent["detail"], body)
