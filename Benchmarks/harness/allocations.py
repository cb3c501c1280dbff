"""Counts the allocations per request and compares them with limits.json: Benchmarks/allocations/run debug|release.

A request's allocations do not depend on the machine's load, so a count above its limit means a change in the code.
Exits with 1 if any count is above its limit. Linux with glibc only.
"""
import http.client
import json
import os
import shutil
import struct
import sys
import tempfile
from pathlib import Path

from testkit.processes import ROOT, StartError, wait_until
from testkit.server import Server

from . import bodies
from .failure import Failure
from .processes import run
from .redis import Redis

FOLDER = ROOT / "Benchmarks/allocations"
WARM_UP_CALLS = 300
CALLS = 1000
CORES = ",".join(str(core) for core in sorted(os.sched_getaffinity(0)))


def clang():
    """The clang on PATH, or else Swift's own."""
    found = shutil.which("clang")
    if found:
        return found
    target = json.loads(run("swift", ["swift", "-print-target-info"], 60))
    return str(Path(target["paths"]["runtimeResourcePath"]).parents[1] / "bin/clang")


class CountedServer(Server):
    """A server that keeps the count of its allocations in a file."""

    def __init__(self, configuration, redis, folder):
        self.count_file = folder / "count"
        self.count_file.write_bytes(bytes(8))
        counter = folder / "counter.so"
        run("the counter's build", [clang(), "-O2", "-shared", "-fPIC", "-o", counter, FOLDER / "counter.c"], 60)
        environment = {
            **os.environ, "LD_PRELOAD": str(counter), "ALLOCATION_COUNT": str(self.count_file), "CACHE_URL": redis.url,
            "EVENT_LOOPS": "1", "DRAIN_DELAY_SECONDS": "0",
            # A cold debug build may be slow, and a BYPASS would not count as a MISS.
            "CACHE_DEADLINE_MS": "1000"}
        super().__init__(ROOT / ".build" / configuration / "bungalow-server", environment)
        self.connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=10)

    def expect(self, method, path, body, expected):
        self.connection.request(method, path, body)
        answer = self.connection.getresponse()
        text = answer.read()
        if (answer.status, answer.headers["X-Cache"]) != expected:
            raise Failure(f"{method} {path}: status {answer.status} {answer.headers['X-Cache']}: {text!r}")

    def is_warm(self):
        """Whether the record used for the hits is in the cache."""
        self.connection.request("POST", "/predict", record(0))
        answer = self.connection.getresponse()
        answer.read()
        return answer.headers["X-Cache"] == "HIT"

    def allocations(self):
        return struct.unpack("@Q", self.count_file.read_bytes())[0]

    def per_call(self, method, path, body, expected):
        """Allocations per request, from many requests in sequence; `body` gets the number of the request."""
        for number in range(WARM_UP_CALLS):
            self.expect(method, path, body(number), expected)
        before = self.allocations()
        for number in range(WARM_UP_CALLS, WARM_UP_CALLS + CALLS):
            self.expect(method, path, body(number), expected)
        return (self.allocations() - before) / CALLS


def record(number):
    return bodies.template(1).replace(bodies.COUNTER, str(10_000_000 + number))


def main(configuration):
    limits = json.loads((FOLDER / "limits.json").read_text())[configuration]
    scenarios = {
        "hit": ("POST", "/predict", lambda _: record(0), (200, "HIT")),
        "miss": ("POST", "/predict", lambda number: record(1 + number), (200, "MISS")),
        "refused": ("POST", "/predict", lambda _: bodies.refused(), (422, None)),
        "livez": ("GET", "/livez", lambda _: None, (200, None)),
    }
    is_over = False
    with tempfile.TemporaryDirectory() as folder, Redis(CORES, folder) as redis:
        server = CountedServer(configuration, redis, Path(folder))
        try:
            wait_until(server.is_warm, "a reply from Redis", 10)
            for name, (method, path, body, expected) in scenarios.items():
                counted = server.per_call(method, path, body, expected)
                # Now and then timers allocate, which is not part of a request.
                is_over |= round(counted, 1) > limits[name]
                print(f"{name}: {counted:.2f} allocations per request, at most {limits[name]} ({configuration} build)")
            server.stop()
        finally:
            server.connection.close()
            server.end()
    if is_over:
        raise Failure("more allocations than Benchmarks/allocations/limits.json allows")


try:
    if sys.argv[1:] not in (["debug"], ["release"]):
        sys.exit("Usage: Benchmarks/allocations/run debug|release")
    main(sys.argv[1])
except (Failure, StartError) as failure:
    sys.exit(f"Benchmarks/allocations/run: {failure}")
