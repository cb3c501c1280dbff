"""A minute of siege at a server whose model sleeps: as many transactions as the simulator and its table say."""

import os
import shutil
import subprocess

from check import ROOT, Progress, Skip, expect
from servers import start

# Twenty clients, none or one second of pause: SYNTHETIC_SLEEP_MS, and the table's transactions a minute.
TABLE = ((30, 2276), (300, 1508))


def check(settings):
    if shutil.which("siege") is None:
        raise Skip("siege is not installed")
    said = []
    for sleep, expected in TABLE:
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
    return f"transactions in a minute: {', '.join(said)}"
