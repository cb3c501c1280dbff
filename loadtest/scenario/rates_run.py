"""Runs k6 at several cache rates in interleaved rounds, and writes tables.md and chart.svg beside the runs' files."""

import json
import os
import subprocess
import sys
import time
from pathlib import Path

from counters import CountersError, Pods
from schedule import CacheRate
from settings import SettingsError, number, read
from tables import chart, markdown
from verdict import EXIT_CODES

ROUNDS, RATES = 1, "0 0.5 0.75 0.999 1"
SETTLE_SECONDS, SETTLE_POLL_SECONDS, SETTLE_POLLS = 1200, 5, 3
RUN = Path(__file__).resolve().parent / "k6_run.py"


def replicas_of(pods):
    """(wanted, ready) of the Deployment."""
    deployment = json.loads(pods.kubectl("get", "deployment", "bungalow", "--output", "json"))
    return deployment["spec"].get("replicas", 1), deployment["status"].get("readyReplicas", 0)


def settle(pods, baseline, pause=SETTLE_POLL_SECONDS, seconds=SETTLE_SECONDS):
    """Waits until there are as many replicas as at the start, all ready, several times in a row."""
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


def one_run(rate, name):
    """The run's file, or an end of everything when the run could not be made."""
    settings_folder = read().folder
    path = settings_folder / f"{name}.run.json"
    path.unlink(missing_ok=True)
    print(f"--- {name}", flush=True)
    done = subprocess.run(
        [sys.executable, "-B", RUN], env={**os.environ, "CACHE_RATE": rate, "NAME": name}, check=False
    )
    if not path.exists():
        sys.exit(done.returncode or 1)
    return json.loads(path.read_text(encoding="utf-8"))


def main():
    settings = read()
    rates = os.environ.get("RATES", RATES).split()
    for rate in rates:
        CacheRate.parse(rate)
    rounds = number(os.environ, "ROUNDS", ROUNDS, 1, whole=True)
    pods = Pods(settings.replicas.partition(":")[2]) if settings.replicas.startswith("kubectl:") else None
    baseline = replicas_of(pods)[0] if pods else 0
    entries = []
    for turn in range(1, rounds + 1):
        # Every round has all rates, so that a machine that grows slower does so for all of them.
        for rate in rates:
            if pods:
                settle(pods, baseline)
            entries.append(one_run(rate, f"rate-{rate}-round-{turn}"))
    (settings.folder / "tables.md").write_text(markdown(entries), encoding="utf-8")
    print(f"\n{markdown(entries)}")
    if any(entry["verdict"] == "PROVEN" for entry in entries):
        (settings.folder / "chart.svg").write_text(chart(entries), encoding="utf-8")
    return max(EXIT_CODES[entry["verdict"]] for entry in entries)


if __name__ == "__main__":
    try:
        sys.exit(main())
    except (SettingsError, CountersError, OSError) as error:
        sys.exit(f"loadtest/cache-rates: {error}")
    except ValueError as error:
        sys.exit(f"loadtest/cache-rates: RATES: {error}")
    except KeyboardInterrupt:
        sys.exit(130)
