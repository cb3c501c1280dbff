"""loadtest/calibrate against a real server, and what `bungalow calibrate` makes of its files."""

import json
import os
import re
import subprocess
import sys

import calibrate_run
import jsonschema
import pytest

from loadtest.tests.conftest import LOADTEST, SCHEMA
from testkit.server import built_server

RUNS = ["few", "many", "one-hit", "one-miss", "pausing", "steady-16", "steady-4", "steady-64"]


def test_a_rate_that_the_machine_does_not_keep_up_with_is_halved():
    runs = calibrate_run.steps(4, 32)
    rates, entry = [], None
    while True:
        try:
            name, settings = runs.send(entry)
        except StopIteration:
            break
        if name == "steady-4":
            rates.append(settings["RATE"])
        late = name == "steady-4" and len(rates) < 3
        entry = {"rate": {"achieved": 400}, "dropped_iterations": 7 if late else 0}
    assert rates == ["100", "50", "25"]


@pytest.fixture
def calibrated(tool, start, tmp_path):
    """The figures of the service file, by key, for a server whose model computes for `busy` milliseconds."""

    def calibrate(busy):
        server = start(SYNTHETIC_BUSY_MS=str(busy))
        command = [sys.executable, "-B", LOADTEST / "calibrate_run.py"]
        # Few users, so that no request is rejected and the cost is known.
        environment = {"TARGET": server.url, "STEP_SECONDS": "2", "USERS": "4", "FEW_USERS": "2"}
        run = tool(command, environment).finish_without_file()
        assert run.code in (0, 3), run.said
        entries = [json.loads(path.read_text()) for path in sorted(tmp_path.glob("*.run.json"))]
        for entry in entries:
            jsonschema.validate(entry, SCHEMA)
        assert [entry["name"] for entry in entries] == [f"calibrate-{name}" for name in RUNS]
        found = subprocess.run(
            [built_server().with_name("bungalow"), "calibrate", tmp_path], capture_output=True, text=True, check=True
        )
        server.calibration = found.stdout
        figures = dict(re.findall(r"^(\w+): (?:\{mean: )?([\d.e-]+)", found.stdout, re.MULTILINE))
        errors = dict(re.findall(r"^(\w+): \{mean: \S+ plus_minus: ([\d.e-]+)", found.stdout, re.MULTILINE))
        return server, {key: float(value) for key, value in figures.items()}, {
            key: float(value) for key, value in errors.items()
        }

    return calibrate


def cost_of_another_run(server, k6, base, rate=12):
    """CPU of a miss in ms, by the server's own counter, at a rate that loadtest/calibrate does not use."""

    def counted():
        metrics = server.metrics()
        return metrics.total("process_cpu_seconds_total"), metrics.total("bungalow_cache_lookups_total")

    cpu, look_ups = counted()
    open_model = {"MODEL": "open", "RATE": str(rate), "USERS": "10"}
    k6(server.url, CACHE_RATE="0", **open_model, RAMP_SECONDS="0", HOLD_SECONDS="4", DOWN_SECONDS="0").finish()
    after, done = counted()
    return (after - cpu - base * 4) / (done - look_ups) * 1000


def test_the_cpu_of_a_request_matches_a_run_at_another_rate(calibrated, k6):
    server, figures, errors = calibrated(20)
    cost = cost_of_another_run(server, k6, figures["base_cpu_cores"])
    assert abs(figures["cpu_per_miss_ms"] - cost) <= max(0.05 * cost, errors["cpu_per_miss_ms"])
    assert figures["cpu_per_hit_ms"] < 0.2 * figures["cpu_per_miss_ms"]
    assert {"memory_idle_mib", "memory_loaded_mib"} <= figures.keys()
    # If other tests took the CPU meanwhile, the wait cannot be measured, and the output says so.
    assert "wait_per_miss_ms" in figures or "something else kept the machine" in server.calibration


@pytest.mark.skipif("TRUST" not in os.environ, reason="measures twice: script/trust runs it")
def test_a_light_request_costs_what_its_rate_predicts(calibrated, k6):
    server, figures, errors = calibrated(0)
    rate = 40
    cost = cost_of_another_run(server, k6, figures["base_cpu_cores"], rate)
    share = 1 / (1 + rate * figures.get("wake_up_shared_ms", 0) / 1000)
    predicted = figures["cpu_per_miss_ms"] + share * figures.get("cpu_per_wake_up_ms", 0)
    error = errors["cpu_per_miss_ms"] + share * errors.get("cpu_per_wake_up_ms", 0)
    assert abs(predicted - cost) <= max(0.25 * cost, error), (predicted, cost, error)
