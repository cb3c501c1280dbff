"""Mutated tables of failed load tests, made by the Swift tests: `bungalow report` reports none as PROVEN."""

import os
import shutil
import subprocess

from check import Progress, Skip, expect

from testkit.processes import ROOT


def check(settings):
    if not shutil.which("swift"):
        raise Skip("no swift")
    count = settings.choose(200_000, 5_000)
    # Optimized, in a build folder of its own: the tests need testable internals.
    command = [
        "swift", "test", "-c", "release", "-Xswiftc", "-enable-testing", "--scratch-path", ".build-tables",
        "--disable-xctest", "--filter", "TableMutationTests"]
    environment = dict(os.environ, BUNGALOW_TABLE_MUTATIONS=str(count), BUNGALOW_TABLE_SEED=str(settings.seed))
    Progress.show(f"{count} mutations of tables")
    tests = subprocess.run(
        command, cwd=ROOT, env=environment, stdin=subprocess.DEVNULL, capture_output=True, text=True,
        errors="replace", check=False)
    lines = (tests.stdout + tests.stderr).splitlines()
    found = [line for line in lines if "recorded an issue" in line or "error:" in line]
    expect(tests.returncode == 0, f"seed {settings.seed}: {'; '.join(found[:2]) or ' | '.join(lines[-3:])}")
    expect(any("1 test in 1 suite passed" in line for line in lines), f"no test ran: {' | '.join(lines[-3:])}")
    return f"{count} mutations of the tables of failed runs, none of them PROVEN (seed {settings.seed})"
