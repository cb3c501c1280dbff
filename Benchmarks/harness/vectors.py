"""Compares a peer with the contract, on the vectors that Bungalow's own tests use."""
import json
import math
import time

from testkit.processes import ROOT

from .peers import MODEL

VECTORS = ROOT / "Tests/ModelTests/Vectors/query_key.json"
TOLERANCE = 1e-9
STORE_TRIES, STORE_PAUSE = 50, 0.02


def score(model, record):
    """The prediction of one record, added up in the server's order."""
    p = [coefficient * value for coefficient, value in zip(model["coefficients"], record)]
    return ((p[0] + p[1]) + (p[2] + p[3])) + ((p[4] + p[5]) + (p[6] + p[7])) + model["intercept"]


def batch_text(fields, records):
    """The batch as JSON with each number as the vectors spell it."""
    rows = (", ".join(f'"{name}": {number}' for name, number in zip(fields, record)) for record in records)
    return "[" + ", ".join("{" + row + "}" for row in rows) + "]"


def same_predictions(answered, expected):
    return len(answered) == len(expected) and all(
        math.isclose(a, e, rel_tol=TOLERANCE) for a, e in zip(answered, expected))


def differences(server, redis):
    """How a server differs from the contract, in a few words each. Each batch is sent twice, for the cache."""
    if not server.peer.scores:
        return ["no key, prediction, cache or log"]
    vectors, model = json.loads(VECTORS.read_text()), json.loads(MODEL.read_text())
    faults = {"status": 0, "X-Cache": 0, "query_key": 0, "prediction": 0}
    for case in vectors["cases"]:
        body = batch_text(vectors["fields"], case["records"])
        expected = [score(model, [float(number) for number in record]) for record in case["records"]]
        redis.flush()
        answers = {"MISS": server.ask(body, redis), "HIT": ask_stored(server, body, redis)}
        for cache, (status, found, text) in answers.items():
            if status != 200:
                faults["status"] += 1
                continue
            answer = json.loads(text)
            faults["X-Cache"] += found != cache
            faults["query_key"] += answer["query_key"] != case["query_key"]
            faults["prediction"] += not same_predictions(answer["prediction"], expected)
    total = 2 * len(vectors["cases"])
    found = [f"{what} differs in {count} of {total} responses" for what, count in faults.items() if count]
    return found + ([] if server.peer.validates else ["no validation"])


def ask_stored(server, body, redis):
    """Repeats a request until its entry, which is stored in the background, is there or had enough time."""
    for _ in range(STORE_TRIES):
        status, cache, text = server.ask(body, redis)
        if status != 200 or cache != "MISS":
            break
        time.sleep(STORE_PAUSE)
    return status, cache, text
