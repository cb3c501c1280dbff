"""The load generators: wrk for closed loops, h2load for open ones."""
import json
import re
import resource
from dataclasses import dataclass

from .failure import Failure
from .figures import percentile
from .processes import run

REQUESTS = __file__.replace("load.py", "requests.lua")
OPEN_LOOP_CONNECTIONS = 64
# Each connection of an open loop sends its first request at once: at too low a rate, none would follow the first.
CALLS_A_CONNECTION = 4


@dataclass(frozen=True)
class Load:
    """One run of a closed loop; `status_422` is None if statuses were not counted individually."""

    seconds: float
    requests: int
    not_2xx: int
    failures: int
    p50_ms: float
    p99_ms: float
    generator_seconds: float
    status_422: int | None = None


def parse_wrk(output, generator_seconds):
    """wrk's own report ends with the JSON line of requests.lua."""
    lines = [line for line in output.splitlines() if line.startswith("{")]
    if not lines:
        raise Failure(f"wrk gave no figures: {output[-500:]}")
    report = json.loads(lines[-1])
    return Load(
        seconds=report["microseconds"] / 1e6, requests=report["requests"], not_2xx=report["not_2xx"],
        failures=report["failures"], p50_ms=report["p50_ms"], p99_ms=report["p99_ms"],
        generator_seconds=generator_seconds, status_422=report["status_422"])


def run_wrk(port, cores, template, rate, connections, seconds, first=50_000_000, statuses=False):
    """A closed loop; `first` makes the bodies of one run differ from those of another."""
    before = children_seconds()
    output = run(
        "wrk", [
            "taskset", "-c", cores, "wrk", "-t", "1", "-c", str(connections), "-d", f"{seconds}s", "--timeout", "10s",
            "-s", REQUESTS, f"http://127.0.0.1:{port}/predict", "--", template, f"{rate:g}", str(first),
            *(["statuses"] if statuses else [])],
        seconds + 60)
    return parse_wrk(output, children_seconds() - before)


def children_seconds():
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime


def parse_h2load_log(text, begin_microseconds):
    """Response times in ms from h2load's log (start in µs since 1970, status, µs), and how many were not 200."""
    rows = [line.split("\t") for line in text.splitlines()]
    counted = [row for row in rows if int(row[0]) >= begin_microseconds]
    return [int(row[2]) / 1000 for row in counted], sum(row[1] != "200" for row in counted)


def parse_h2load_totals(output):
    """How many requests got 2xx in all, from h2load's own report; a Failure if any did not."""
    requests = re.search(r"(\d+) succeeded, (\d+) failed, (\d+) errored, (\d+) timeout", output)
    statuses = re.search(r"status codes: (\d+) 2xx", output)
    if not requests or not statuses:
        raise Failure(f"h2load gave no figures: {output[-500:]}")
    failed, errored, timed_out = map(int, requests.groups()[1:])
    if failed or errored or timed_out or int(statuses[1]) == 0:
        raise Failure(f"the open loop: {requests[0]}, {statuses[1]} of them 2xx")
    return int(statuses[1])


def open_loop_connections(rate):
    """The number of connections for this many requests a second."""
    return max(1, min(OPEN_LOOP_CONNECTIONS, int(rate / CALLS_A_CONNECTION)))


def run_h2load(port, cores, body, rate, seconds, log):
    """An open loop with one body at `rate` requests a second: responses, rate reached, and p50, p99, p99.9 in ms.

    The first second is included only in the number of responses.
    """
    connections = open_loop_connections(rate)
    log.unlink(missing_ok=True)
    output = run(
        "h2load", [
            "taskset", "-c", cores, "h2load", "--h1", "-t", "1", "-c", str(connections),
            f"--rps={rate / connections:.3f}", "-D", str(seconds + 1), "-d", body,
            "-H", "Content-Type: application/json", f"--log-file={log}", f"http://127.0.0.1:{port}/predict"],
        seconds + 60)
    answered = parse_h2load_totals(output)
    text = log.read_text()
    times, not_200 = parse_h2load_log(text, int(text.split("\t", 1)[0]) + 1_000_000)
    if not times:
        raise Failure(f"the open loop got no response after its first second; {answered} in all")
    if not_200:
        raise Failure(f"{not_200} responses of the open loop were not 200")
    return {
        "answered": answered, "rate": len(times) / seconds, "p50_ms": percentile(times, 50),
        "p99_ms": percentile(times, 99), "p99_9_ms": percentile(times, 99.9)}
