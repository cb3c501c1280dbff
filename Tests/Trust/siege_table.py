"""A minute of siege at a server whose model sleeps: as many transactions as the simulator and its table predict."""

import json
import os
import shutil
import statistics
import subprocess

from check import ROOT, Progress, Skip, expect
from servers import start

# siege's longest pause and its clients; transactions a minute by the milliseconds that a response takes.
TABLE = {
    (100, 20): {30: 36, 300: 37, 1000: 36},
    (50, 20): {30: 61, 300: 62, 1000: 59},
    (10, 20): {30: 252, 300: 237, 1000: 212},
    (3, 20): {30: 790, 300: 679, 1000: 488},
    (1, 20): {30: 2276, 300: 1508, 1000: 803},
    (1, 30): {30: 3414, 300: 2264, 1000: 1206},
    (60, 20): {30: 53, 300: 54, 1000: 52},
    (80, 20): {30: 43, 300: 42, 1000: 42},
}
REAL = (1, 20)
SEEDS = 400
POD = "{kind: Deployment, metadata: {name: a}, spec: {template: {spec: {containers: [{name: c}]}}}}"


def simulated(bungalow, folder):
    """The simulator's greatest deviation from the table, as a share."""
    files = {name: folder / f"{name}.yaml" for name in ("pod", "service", "load")}
    files["pod"].write_text(POD)
    worst = 0
    for (pause, clients), row in TABLE.items():
        Progress.show(f"{SEEDS} seeds of siege -d{pause} -c{clients}")
        files["load"].write_text(
            f"phases: [{{seconds: 60, clients: {clients}, pause_s: [0, {pause}], rounding: whole}}]")
        for response, expected in row.items():
            files["service"].write_text(f"cpu_per_miss_ms: 0\nwait_per_miss_ms: {response}\n")
            command = [bungalow, "simulate", "--manifests", files["pod"], "--service", files["service"]]
            command += ["--load", files["load"], "--runs", str(SEEDS), "--json"]
            runs = json.loads(subprocess.run(command, capture_output=True, check=True).stdout)["runs"]
            mean = statistics.mean(run["phases"][0]["served"] for run in runs)
            expect(
                abs(mean / expected - 1) <= 0.04,
                f"-d{pause} -c{clients} at {response} ms: {mean:.1f} transactions simulated, expected {expected}")
            worst = max(worst, abs(mean / expected - 1))
    return worst


def check(settings):
    if shutil.which("siege") is None:
        raise Skip("siege is not installed")
    said = []
    for sleep in (30, 300):
        expected = TABLE[REAL][sleep]
        Progress.show(f"a minute of siege at {sleep} ms")
        with start(settings.binary, SYNTHETIC_SLEEP_MS=str(sleep)) as server:
            environment = dict(
                os.environ, PHASES="1:20", TARGET=server.url, RESULTS=str(settings.folder), NAME=f"sleep-{sleep}")
            siege = subprocess.run(
                [ROOT / "loadtest/siege/phases"], env=environment, capture_output=True, text=True, check=False)
        expect(siege.returncode == 0, f"siege ended with exit code {siege.returncode}: {siege.stderr[-200:]}")
        lines = (settings.folder / f"sleep-{sleep}.siege.log").read_text().splitlines()
        rows = [line.split(",") for line in lines if line.count(",") == 9 and "Trans" not in line]
        transactions = sum(int(row[1]) for row in rows)
        expect(
            abs(transactions / expected - 1) <= 0.04,
            f"{transactions} transactions in a minute at {sleep} ms, not within 4 % of {expected}")
        said.append(f"{transactions} at {sleep} ms")
    bungalow = settings.binary.with_name("bungalow")
    if bungalow.exists():
        said.append(f"{SEEDS} seeds within {simulated(bungalow, settings.folder):.1%} of the table")
    return f"transactions in a minute: {', '.join(said)}"
