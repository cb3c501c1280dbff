"""Runs cache-rate.js with k6 between two readings of the servers' counters, and proves the cache rate."""

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path
from tempfile import NamedTemporaryFile

from census import Census
from counters import CountersError, redis_of, source, timestamp
from processor import Demand, cores
from program import Interrupted, exit_with
from progress import Progress, duration, phase_text
from run_file import run_entry, write
from settings import make_room, read
from target import prepare
from verdict import OUTCOMES, Tally

SCRIPT = Path(__file__).resolve().with_name("cache-rate.js")
THRESHOLDS_CROSSED = 99
MOST_MESSAGES = 10
# What cache-rate.js logs when its warm-up is over.
CALLS_BEGIN = "the requests begin"
# The summary of a run without a request.
NOTHING = {"metrics": {}, "state": {"testRunDurationMs": 0}}


def k6_binary():
    """The k6 of this environment, if it has one."""
    own = Path(sys.executable).parent / "k6"
    found = str(own) if own.exists() else shutil.which("k6")
    if not found:
        raise CountersError(f"there is no k6 in {own.parent}: remove {own.parent.parent} to have it made anew")
    return found


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


def parts(summary, settings):
    """The parts of the hold in the format of run.schema.json; None if there are none."""
    number = settings.parts()
    found = [percentiles(summary, f"latency_sustained{{part:{part}}}") for part in range(number)]
    return {"seconds": settings.hold_seconds / number, "latency_ms": found} if any(found) else None


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


class Stages:
    """How far a run has got: k6 itself prints nothing before its end."""

    def __init__(self, settings):
        self.settings, self.began, self.calls_began = settings, time.monotonic(), None

    def text(self):
        settings, now = self.settings, time.monotonic()
        if self.calls_began is None:
            return f"{settings.name}: preparing and warming up, {duration(now - self.began)} so far"
        elapsed = now - self.calls_began
        if settings.calls:
            return f"{settings.name}: {settings.calls} requests, {duration(elapsed)} so far"
        phases = [("ramp-up", settings.ramp_seconds), ("hold", settings.hold_seconds)]
        if settings.model == "closed":
            phases.append(("ramp-down", settings.down_seconds))
        return f"{settings.name}: {phase_text(phases, elapsed)}"


def plan_text(settings):
    """What a run is about to do."""
    load = f"{settings.rate:g} requests/s" if settings.model == "open" else f"{settings.users} users"
    seconds = settings.ramp_seconds + settings.hold_seconds
    seconds += settings.down_seconds if settings.model == "closed" else 0
    length = f"{settings.calls} requests" if settings.calls else duration(seconds)
    hot = f"{float(settings.cache_rate) * 100:g} % of the requests hot"
    return f"{settings.name}: {load} for {length}, {hot}, at {settings.target}"


def show(messages, stages):
    """Shows the first of k6's messages: there is one for each request that got no response."""
    count = 0
    for line in messages:
        if CALLS_BEGIN in line:
            stages.calls_began = time.monotonic()
            continue
        count += 1
        if count <= MOST_MESSAGES:
            print(line, end="", file=sys.stderr, flush=True)
    if count > MOST_MESSAGES:
        print(f"and {count - MOST_MESSAGES} more messages of k6", file=sys.stderr, flush=True)


def run_k6(binary, settings, environment):
    """k6's exit code, the CPU that it wanted as a share of the cores it may use, and what interrupted it."""
    # A file that only its owner can read: it may hold a key. A variable would be too small for a payload.
    with NamedTemporaryFile("w", dir=settings.folder, suffix=".k6-settings.json", encoding="utf-8") as file:
        json.dump(settings.for_k6(), file)
        file.flush()
        stages = Stages(settings)
        with Progress(stages.text):
            return watch_k6(binary, {**environment, "SETTINGS_FILE": str(Path(file.name).resolve())}, stages)


def watch_k6(binary, environment, stages):
    command = [binary, "run", "--quiet", "--no-usage-report", "--address", "", str(SCRIPT)]
    # In a process group of its own: Ctrl-C in a terminal would end k6 before it has written its summary.
    process = subprocess.Popen(
        command,
        env=environment,
        stdin=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        process_group=0,
    )
    messages = threading.Thread(target=show, args=(process.stderr, stages))
    messages.start()
    demand, interrupted = Demand(process.pid, cores()), None
    try:
        while process.poll() is None:
            demand.read()
            time.sleep(0.1)
    except Interrupted as end:
        interrupted = end
        process.send_signal(signal.SIGINT)
        process.wait()
    finally:
        # A second signal, or an unexpected exception.
        if process.poll() is None:
            process.kill()
        messages.join()
    return process.returncode, demand.last or None, interrupted


def read_summary(path):
    """k6's summary; if it left none, one without requests."""
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return NOTHING


def faults_of(code, interrupted, summary, tally):
    """What k6 itself reported as wrong."""
    if interrupted:
        tally.incomparable.append(("interrupted", f"the run was {interrupted} before its end"))
    elif not summary["metrics"]:
        text = f"k6 ended with exit code {code} and no summary; its messages are above"
        tally.incomparable.append(("tool_failed", text))
    elif code not in (0, THRESHOLDS_CROSSED):
        tally.faults.append(f"k6 ended with exit code {code}; its messages are above")


def measure(binary, settings, census, environment):
    """Runs k6 between two readings of the counters: its summary, the tally, its exit code, what interrupted it."""
    census.begin()
    census.watch()
    code, cpu, interrupted = run_k6(binary, settings, environment)
    census.end()
    summary = read_summary(settings.file("k6.json"))
    tally = tally_of(summary, settings)
    tally.client_cpu, tally.evicted = cpu, census.evicted()
    faults_of(code, interrupted, summary, tally)
    return summary, tally, code, interrupted


def run(environment):
    """One run: the content of its file, and the exit code."""
    settings = read(environment)
    census = Census(source(settings.replicas, settings.target), redis_of(settings))
    binary = k6_binary()
    make_room(settings.folder, *(f"{settings.name}.{kind}" for kind in ("run.json", "k6.json")))
    started, version = timestamp(), None
    print(plan_text(settings), file=sys.stderr, flush=True)
    try:
        with Progress(lambda: f"{settings.name}: waiting for a response from {settings.target}"):
            version = prepare(settings, settings.target)
        started = timestamp()
        summary, tally, code, interrupted = measure(binary, settings, census, environment)
    except CountersError as error:
        summary, tally, code, interrupted = NOTHING, Tally(cpu_limit=settings.cpu_limit), 0, None
        tally.incomparable.append(("tool_failed", str(error)))
    times = started, timestamp()
    latency = {phase: percentiles(summary, f"latency_{phase}") for phase in ("peak", "sustained")}
    words = subprocess.run([binary, "version"], capture_output=True, text=True).stdout.split()
    rate = rates(summary, settings, latency)
    entry = run_entry(settings, ("k6", words[1].lstrip("v")), times, tally, census, latency, rate, version)
    if hold := parts(summary, settings):
        entry["parts"] = hold
    verdict = write(entry, settings)
    if interrupted:
        return entry, 128 + interrupted.number
    return entry, verdict or (THRESHOLDS_CROSSED if code == THRESHOLDS_CROSSED else 0)


if __name__ == "__main__":
    exit_with("loadtest/cache-rate", lambda: run(os.environ)[1])
