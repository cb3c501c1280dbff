"""The tests of loadtest/ that script/test skips: they take long, or compare two measurements of this machine."""

import os
import subprocess
import sys

from check import expect

from testkit.processes import ROOT


def run_test(settings, name):
    """Runs the one test with this part in its name; returns pytest's last line."""
    run = subprocess.run(
        [sys.executable, "-B", "-m", "pytest", "--quiet", "-p", "no:cacheprovider", "loadtest/tests", "-k", name],
        cwd=ROOT, env={**os.environ, "TRUST": "1", "BUNGALOW_SERVER": str(settings.binary)}, capture_output=True,
        text=True)
    last = "".join((run.stdout.strip() or run.stderr.strip()).splitlines()[-1:])
    expect(run.returncode == 0, f"exit code {run.returncode}: {run.stdout[-800:]}")
    expect("1 passed" in last, f"the test did not run: {last}")
    return last


def saturation(settings):
    return f"three rounds of Locust: {run_test(settings, 'three_rounds')}"


def light_request(settings):
    return f"calibrate and another rate agree: {run_test(settings, 'light_request')}"


def smoke(settings):
    return f"script/smoke fails a slower server: {run_test(settings, 'become_slower')}"
