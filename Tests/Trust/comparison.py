"""`bungalow report --against` on real loads: the same build twice, and beside one that computes 1 ms longer."""

import json
import os
import subprocess
import sys

from check import Progress, expect
from servers import start

from testkit.processes import ROOT

PAIRS, ROUNDS, HOLD_SECONDS, RATE = 20, 3, 5, 200
# Twenty pairs at a level of 5 % for all rows of a comparison together.
MOST_FALSE_ALARMS = 1
BUSY_MILLISECONDS = 1.0
# A run on a machine that others keep busy may be VOID; it is made again, as a person would.
VOID, TRIES = 3, 3


def load(server, folder, name, cache_rate):
    """One run of k6 against a server; its proof must hold."""
    # The share of CPU that k6 waited for is of the machine that others use, too, and comparing under that is the point.
    environment = {
        **os.environ, "TARGET": server.url, "RESULTS": str(folder), "NAME": name, "CACHE_RATE": cache_rate,
        "MODEL": "open", "RATE": str(RATE), "USERS": "50", "RAMP_SECONDS": "0", "HOLD_SECONDS": str(HOLD_SECONDS),
        "CPU_LIMIT": "100"}
    for _ in range(TRIES):
        run = subprocess.run(
            [sys.executable, "-B", ROOT / "loadtest/k6_run.py"], env=environment, capture_output=True, text=True,
            stdin=subprocess.DEVNULL, check=False)
        if run.returncode != VOID:
            break
    expect(run.returncode == 0, f"{name}: exit code {run.returncode}: {(run.stdout + run.stderr)[-300:]}")


def pair(settings, folder, cache_rate, said, **changed):
    """Runs of two servers by turns, so that a machine that grows slower does so for both: ABBAAB."""
    sides = {"baseline": folder / "baseline", "results": folder / "results"}
    folder.mkdir(parents=True, exist_ok=True)
    caches = [{"CACHE_URL": f"sqlite:{folder}/{name}.sqlite"} for name in sides]
    with start(settings.binary, **caches[0]) as one, start(settings.binary, **caches[1], **changed) as other:
        for number in range(ROUNDS):
            turns = [("baseline", one), ("results", other)]
            for side, server in turns if number % 2 == 0 else turns[::-1]:
                Progress.show(f"{said}, round {number + 1} of {ROUNDS}, {side}")
                load(server, sides[side], f"round-{number + 1}", cache_rate)
    return sides
