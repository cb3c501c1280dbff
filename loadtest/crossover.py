"""When does Redis pay? Interleaves single requests to a server without a cache and to one with Redis (a hit and a
miss), for several batch sizes and costs of the model (SYNTHETIC_BUSY_MS).

Redis pays if the share of hits exceeds (miss - without) / (miss - hit): a miss costs the look-up and then the model.
"""

import http.client
import json
import os
import re
import shutil
import sys
import tempfile
import time
from contextlib import ExitStack, contextmanager
from pathlib import Path
from statistics import median
from typing import ClassVar

from chart import line_chart
from progress import Progress, duration
from records import new_nonce
from settings import USAGE_EXIT_CODE, SettingsError, folder_of, make_room, whole_number

from testkit.processes import ROOT, StartError
from testkit.redis import RedisServer
from testkit.server import Server

BATCHES, BUSY = "1 10 100 1000", "0 1 2 5"


class MeasuredServer(Server):
    """A server with the default deadline for its cache."""

    DEFAULTS: ClassVar[dict[str, str]] = {}


@contextmanager
def running(binary, environment):
    server = MeasuredServer(binary, {**os.environ, **environment})
    try:
        yield server
        server.stop()
    finally:
        server.end()


class Client:
    """One connection, one request after the other."""

    def __init__(self, port):
        self.connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)

    def call(self, body):
        """(milliseconds, X-Cache) of a request."""
        began = time.perf_counter()
        self.connection.request("POST", "/predict", body, {"Content-Type": "application/json"})
        answer = self.connection.getresponse()
        answer.read()
        if answer.status != 200:
            sys.exit(f"POST /predict: status {answer.status}")
        return (time.perf_counter() - began) * 1000, answer.headers["X-Cache"]


def batch(size, nonce, index):
    """A batch whose first house is unique to this request."""
    house = {
        "MedInc": 8.3252, "HouseAge": 41, "AveRooms": 6.98, "AveBedrms": 1.02, "Population": 322, "AveOccup": 2.55,
        "Latitude": 37.88, "Longitude": -122.23,
    }  # fmt: skip
    first = house | {"Population": float(f"1000.{index:09d}"), "AveOccup": float(f"2.{nonce}")}
    return json.dumps([first] + [house] * (size - 1))


def compare(without, redis, size, calls):
    """The medians in milliseconds: without a cache, a hit, a miss. Look-ups without a reply are left out."""
    nonce = new_nonce()
    hot = batch(size, nonce, 0)
    while redis.call(hot)[1] != "HIT":
        pass
    times = {"without": [], "hit": [], "miss": []}
    for index in range(1, calls + 1):
        cold = batch(size, nonce, index)
        turn = [("without", without, cold, "BYPASS"), ("hit", redis, hot, "HIT"), ("miss", redis, cold, "MISS")]
        # Each kind goes first in a third of the rounds: the first request after the batch was built takes longer.
        for kind, client, body, expected in turn[index % 3 :] + turn[: index % 3]:
            milliseconds, look_up = client.call(body)
            if look_up == expected:
                times[kind].append(milliseconds)
    return {kind: median(values) for kind, values in times.items()}


def break_even(found):
    """The share of hits from which Redis pays, in words."""
    if found["hit"] >= min(found["without"], found["miss"]):
        return "never"
    share = (found["miss"] - found["without"]) / (found["miss"] - found["hit"])
    return f"{max(share, 0):.1%}" if share < 1 else "never"


def whole_numbers(name, fallback, least):
    text = os.environ.get(name) or fallback
    if not re.fullmatch(r"\d{1,6}( \d{1,6})*", text) or min(map(int, text.split())) < least:
        raise SettingsError(
            f"{name}={text} is not allowed: use whole numbers from {least} on with a space between them"
        )
    return [int(word) for word in text.split()]


def measure(binary, calls, redis_url, busies, batches):
    """(busy, batch) -> medians."""
    results = {}
    for busy in busies:
        with ExitStack() as stack:
            common = {"SYNTHETIC_BUSY_MS": str(busy), "SCORING_LOG": "off", "DRAIN_DELAY_SECONDS": "0"}
            without, redis = (
                Client(stack.enter_context(running(binary, common | {"CACHE_URL": url})).port)
                for url in ("off", redis_url)
            )
            for size in batches:
                results[busy, size] = compare(without, redis, size, calls)
                print(f"busy {busy} ms, {size} houses: {results[busy, size]}", file=sys.stderr)
    return results


def place_text(busies, batches):
    """The progress text shown between the results of two pairs (cost of the model, batch size)."""
    began, pairs = time.monotonic(), len(busies) * len(batches)
    return lambda: f"measuring {pairs} pairs of busy and houses, {duration(time.monotonic() - began)} so far"


def table(results):
    lines = [
        "| model, ms | houses | without a cache, ms | hit, ms | miss, ms | Redis pays from a hit rate of |",
        "|---:|---:|---:|---:|---:|---:|",
    ]
    for (busy, size), found in results.items():
        values = " | ".join(f"{found[kind]:.3f}" for kind in ("without", "hit", "miss"))
        lines.append(f"| {busy} | {size} | {values} | {break_even(found)} |")
    return "\n".join(lines) + "\n"


def chart(results):
    busies, batches = (list(dict.fromkeys(key[place] for key in results)) for place in (0, 1))

    def line(busy, kind):
        return [results[busy, size][kind] for size in batches]

    series = [("hit in Redis", line(busies[0], "hit"), True)]
    series += [(f"model of {busy} ms", line(busy, "without"), False) for busy in busies]
    series.append((f"miss, {busies[0]} ms", line(busies[0], "miss"), True))
    title = "A hit in Redis and requests without a cache (medians)"
    return line_chart(title, "houses per request", "ms", batches, series)


def main():
    binary = Path(os.environ.get("SERVER", ROOT / ".build/release/bungalow-server"))
    if not os.access(binary, os.X_OK) or binary.is_dir():
        raise SettingsError(f"SERVER={binary} is not an executable: run script/build, or name another")
    if not shutil.which("redis-server"):
        sys.exit("loadtest/crossover: redis-server is missing; install it: apt-get install redis-server")
    folder, calls = folder_of(os.environ), whole_number(os.environ, "CALLS", 300, 1)
    busies, batches = whole_numbers("BUSY", BUSY, 0), whole_numbers("BATCHES", BATCHES, 1)
    make_room(folder, "crossover.md", "crossover.svg")
    with tempfile.TemporaryDirectory() as scratch, RedisServer(scratch) as redis, Progress(place_text(busies, batches)):
        results = measure(binary, calls, redis.url, busies, batches)
    (folder / "crossover.md").write_text(table(results), encoding="utf-8")
    (folder / "crossover.svg").write_text(chart(results), encoding="utf-8")
    print(table(results), end="")


if __name__ == "__main__":
    try:
        main()
    except SettingsError as error:
        print(f"loadtest/crossover: {error}", file=sys.stderr)
        sys.exit(USAGE_EXIT_CODE)
    except (OSError, StartError) as error:
        sys.exit(f"loadtest/crossover: {error}")
    except KeyboardInterrupt:
        sys.exit(130)
