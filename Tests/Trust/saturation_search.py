"""Locust looks for saturation with loadtest/'s scenario, three times: it must find about the same rate each time."""

import os
import subprocess
import sys

from check import expect

from testkit.processes import ROOT


def check(settings):
    run = subprocess.run(
        [sys.executable, "-B", "-m", "pytest", "--quiet", "-p", "no:cacheprovider", "loadtest/tests", "-k",
         "three_rounds"],
        cwd=ROOT, env={**os.environ, "TRUST": "1", "BUNGALOW_SERVER": str(settings.binary)}, capture_output=True,
        text=True)
    last = (run.stdout.strip() or run.stderr.strip()).splitlines()[-1:]
    expect(run.returncode == 0, f"exit code {run.returncode}: {run.stdout[-800:]}")
    expect("1 passed" in "".join(last), f"the test did not run: {''.join(last)}")
    return f"three rounds of Locust: {''.join(last)}"
