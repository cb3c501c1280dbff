"""`bungalow report --against` on real loads: one build against itself, and against one that computes 1 ms longer."""

import os
import pathlib
import re
import subprocess
import sys

from check import Progress, Skip, expect
from servers import start

from testkit.processes import ROOT

PAIRS, HOLD_SECONDS, RATE = 20, 5, 200
# Three for one build against itself. To show a difference takes more: on a busy machine one run may be twice as slow as
# the next.
SAME_ROUNDS, BUSY_ROUNDS = 3, 8
# Twenty pairs at a level of 5 % for all rows of a comparison together.
MOST_FALSE_ALARMS = 1
BUSY_MILLISECONDS = 1.0
# The model runs on another thread, so the cost of handing a request over and back is part of the difference.
HANDOVER_MILLISECONDS = 0.1
METRICS = ("p50 ms", "p95 ms", "p99 ms", "rate /s", "CPU ms a request")
# A run on a machine that other work keeps busy is VOID; it is repeated, as a user would do.
VOID, TRIES = 3, 10


def bungalow():
    """The command-line tool beside the server under test, or else the release build's."""
    beside = pathlib.Path(os.environ["BUNGALOW_SERVER"]).resolve().with_name("bungalow")
    return beside if beside.exists() else ROOT / ".build/release/bungalow"


def load(server, folder, name, cache_rate):
    """One run of k6 against a server; its proof must hold."""
    environment = {
        **os.environ, "TARGET": server.url, "RESULTS": str(folder), "NAME": name, "CACHE_RATE": cache_rate,
        "MODEL": "open", "RATE": str(RATE), "USERS": "200", "RAMP_SECONDS": "0", "HOLD_SECONDS": str(HOLD_SECONDS)}
    for _ in range(TRIES):
        run = subprocess.run(
            [sys.executable, "-B", ROOT / "loadtest/k6_run.py"], env=environment, capture_output=True, text=True,
            stdin=subprocess.DEVNULL, check=False)
        if run.returncode != VOID:
            break
    else:
        raise Skip(f"the machine is too busy: {TRIES} runs in a row were VOID: {run.stdout[-200:]}")
    expect(run.returncode == 0, f"{name}: exit code {run.returncode}: {(run.stdout + run.stderr)[-300:]}")


def pair(settings, folder, cache_rate, rounds, said, **changed):
    """Interleaved runs of two servers (ABBAAB), so that a machine that slows down affects both."""
    sides = {"baseline": folder / "baseline", "results": folder / "results"}
    folder.mkdir(parents=True, exist_ok=True)
    caches = [{"CACHE_URL": f"sqlite:{folder}/{name}.sqlite"} for name in sides]
    with start(settings.binary, **caches[0]) as one, start(settings.binary, **caches[1], **changed) as other:
        for number in range(rounds):
            turns = [("baseline", one), ("results", other)]
            for side, server in turns if number % 2 == 0 else turns[::-1]:
                Progress.show(f"{said}, round {number + 1} of {rounds}, {side}")
                load(server, sides[side], f"round-{number + 1}", cache_rate)
    return sides


def compare(sides, *options):
    """The output and exit code of `bungalow report`."""
    run = subprocess.run(
        [bungalow(), "report", "--against", sides["baseline"], *options, sides["results"]], capture_output=True,
        text=True, stdin=subprocess.DEVNULL, check=False)
    return run.returncode, run.stdout + run.stderr


def check(settings):
    longer = f"{BUSY_MILLISECONDS:g}"
    busy = pair(settings, settings.folder / "busy", "0", BUSY_ROUNDS, "1 ms longer", SYNTHETIC_BUSY_MS=longer)
    code, said = compare(busy, "--fail-if", "p50 > +10%", "--fail-if", "cpu > +10%")
    expect(code == 3, f"exit code {code} for a server that computes 1 ms longer: {said[:2000]}")
    for metric, words in (("p50 ms", "slower"), ("CPU ms a request", "costs more")):
        row = row_of(said, metric)
        expect(row["shown"] == words, f"{metric}: {row}")
        holds = row["from"] <= BUSY_MILLISECONDS + HANDOVER_MILLISECONDS and row["to"] >= BUSY_MILLISECONDS
        expect(holds, f"{metric}: the interval does not contain the true value: {row}")
    alarms, pairs = [], settings.choose(PAIRS, 3)
    for number in range(pairs):
        sides = pair(settings, settings.folder / f"same-{number}", "0.5", SAME_ROUNDS, f"pair {number + 1} of {pairs}")
        code, said = compare(sides, "--fail-if", "p95 > +10%")
        found = [row_of(said, metric) for metric in METRICS]
        alarms += [f"pair {number + 1}: {row}" for row in found if row["shown"] != "no difference shown"][:1]
        expect(code in (0, 65) or alarms, f"exit code {code}: {said[:2000]}")
    expect(len(alarms) <= MOST_FALSE_ALARMS, f"{len(alarms)} false alarms: {'; '.join(alarms)}")
    row = row_of(compare(busy)[1], "p50 ms")
    return (f"{pairs} pairs of one build, {len(alarms)} false alarms; 1 ms longer is +{row['difference']:g} ms "
            f"({row['from']:g} to {row['to']:g}) and slower")


def row_of(text, metric):
    """A row of the comparison's table: the difference, its interval, and the conclusion."""
    number = r"([+−]?[0-9.]+)"
    found = re.search(
        rf"  {metric} +(\w[\w ]*?)  +\d+, \d+ .*  {number} \({number} to {number}\)  ", text, re.MULTILINE)
    expect(found, f"there is no row for {metric}: {text[:2000]}")
    values = [float(found[place].replace("−", "-")) for place in (2, 3, 4)]
    return dict(zip(("difference", "from", "to"), values, strict=True)) | {"shown": found[1]}
