"""Runs k6 so that a request's CPU can be broken down: hits and misses, one user and many, and almost no load."""

import os
import sys

import k6_run
import program
from settings import read, whole_number
from verdict import EXIT_CODES

SECONDS, FEW, MANY, OPEN_USERS = 15, 4, 32, 100
ATTEMPTS = 3


def steps(few, many):
    """Name and settings of each run. The first measures what a server uses without requests."""
    yield "pausing", {"CACHE_RATE": "0", "USERS": "1", "THINK_TIME_MS": "1000"}
    rate = (yield "one-miss", {"CACHE_RATE": "0", "USERS": "1"})["rate"]["achieved"]
    yield "one-hit", {"CACHE_RATE": "1", "USERS": "1"}
    # A server that idles between requests uses more CPU for each than one whose next request is already waiting.
    for part in (64, 16, 4):
        steady = rate / part
        for _ in range(ATTEMPTS):
            open_model = {"MODEL": "open", "RATE": f"{max(steady, 1):.0f}"}
            entry = yield f"steady-{part}", {"CACHE_RATE": "0", "USERS": str(max(many, OPEN_USERS)), **open_model}
            # A machine that is busy with something else does not keep up with what one user was served.
            if not entry["dropped_iterations"] or steady <= 1:
                break
            steady /= 2
    yield "few", {"CACHE_RATE": "0.5", "USERS": str(few)}
    yield "many", {"CACHE_RATE": "0", "USERS": str(many)}


def main():
    # Values that are not allowed end it before the first run.
    read()
    seconds = whole_number(os.environ, "STEP_SECONDS", SECONDS, 1)
    few, many = whole_number(os.environ, "FEW_USERS", FEW, 1), whole_number(os.environ, "USERS", MANY, 1)
    # Only the servers' CPU is measured, so the client may use all of its own.
    common = {
        "MODEL": "closed",
        "RAMP_SECONDS": "0",
        "HOLD_SECONDS": str(seconds),
        "DOWN_SECONDS": "0",
        "CALLS": "",
        "CPU_LIMIT": os.environ.get("CPU_LIMIT") or "1000",
    }
    # A run that is made again, at another rate, takes the place of the one before it.
    verdicts = {}
    runs = steps(few, many)
    step = next(runs)
    while step:
        name, environment = step
        print(f"--- {name}", flush=True)
        entry, code = k6_run.run({**os.environ, **common, **environment, "NAME": f"calibrate-{name}"})
        verdicts[name] = entry["verdict"]
        if code > 128:
            return code
        if len(verdicts) == 1 and not any(entry["seen"][kind] for kind in ("hit", "miss", "bypass")):
            reasons = "; ".join(reason["text"] for reason in entry["reasons"])
            print(f"loadtest/calibrate: no response in the first run, so no other follows: {reasons}", file=sys.stderr)
            return 1
        try:
            step = runs.send(entry)
        except StopIteration:
            break
    return max(EXIT_CODES[verdict] for verdict in verdicts.values())


if __name__ == "__main__":
    program.exit_with("loadtest/calibrate", main)
