"""Runs k6 at several cache rates in interleaved rounds, and writes tables.md and chart.svg beside the runs' files."""

import json
import os
import sys
import time

import k6_run
import program
from counters import CountersError, Pods
from schedule import CacheRate
from settings import SettingsError, make_room, read, whole_number
from tables import chart, markdown
from verdict import EXIT_CODES

ROUNDS, RATES = 1, "0 0.5 0.75 0.999 1"
SETTLE_SECONDS, SETTLE_POLL_SECONDS, SETTLE_POLLS = 1200, 4, 3


def replicas_of(pods):
    """(wanted, ready) replicas of the Deployment."""
    deployment = json.loads(pods.kubectl("get", "deployment", "bungalow", "--output", "json"))
    return deployment["spec"].get("replicas", 1), deployment["status"].get("readyReplicas", 0)


def settle(pods, baseline, pause=SETTLE_POLL_SECONDS, seconds=SETTLE_SECONDS):
    """Waits until, several times in a row, there are as many replicas as at the start and all are ready."""
    deadline, steady = time.monotonic() + seconds, 0
    while steady < SETTLE_POLLS:
        found = replicas_of(pods)
        steady = steady + 1 if found == (baseline, baseline) else 0
        if time.monotonic() > deadline:
            raise CountersError(
                f"after {seconds:g} s there are {found[1]} of {found[0]} replicas ready, not {baseline}"
            )
        if steady < SETTLE_POLLS:
            print(f"{found[1]} of {found[0]} replicas are ready, waiting for {baseline}", file=sys.stderr)
            time.sleep(pause)


def rates_of(text):
    try:
        for rate in text.split():
            CacheRate.parse(rate)
    except ValueError as error:
        raise SettingsError(f"RATES: {error}") from None
    return text.split()


def main():
    settings = read()
    rates = rates_of(os.environ.get("RATES") or RATES)
    rounds = whole_number(os.environ, "ROUNDS", ROUNDS, 1)
    pods = Pods(settings.replicas.partition(":")[2]) if settings.replicas.startswith("kubectl:") else None
    baseline = replicas_of(pods)[0] if pods else 0
    tables, picture = settings.folder / "tables.md", settings.folder / "chart.svg"
    make_room(settings.folder, tables.name, picture.name)
    entries = []
    for turn in range(1, rounds + 1):
        # Every round has all rates, so that a machine that slows down affects all of them.
        for rate in rates:
            if pods:
                settle(pods, baseline)
            name = f"rate-{rate}-round-{turn}"
            print(f"--- {name}, run {len(entries) + 1} of {rounds * len(rates)}", flush=True)
            entry, code = k6_run.run({**os.environ, "CACHE_RATE": rate, "NAME": name})
            entries.append(entry)
            # An interruption ends the set: tables of only some of its runs would mislead.
            if code > 128:
                return code
    tables.write_text(markdown(entries), encoding="utf-8")
    print(f"\n{markdown(entries)}")
    if any(entry["verdict"] == "PROVEN" for entry in entries):
        picture.write_text(chart(entries), encoding="utf-8")
    return max(EXIT_CODES[entry["verdict"]] for entry in entries)


if __name__ == "__main__":
    program.exit_with("loadtest/cache-rates", main)
