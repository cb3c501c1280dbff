"""Real siege for two short phases, and the arithmetic of its summary."""

import json
import subprocess

import pytest
from conftest import LOADTEST
from summary import parse, sum_up


def test_siege_runs_its_phases_and_every_call_is_in_the_summary(server, tmp_path):
    def counted():
        text = server.metrics()
        return sum(int(line.split()[1]) for line in text.splitlines() if 'requests_total{route="/test"' in line)

    before = counted()
    environment = {"TARGET": server.url, "RESULTS": str(tmp_path), "FACTOR": "0.02", "PHASES": "1:3 0.1:5"}
    with_path = {"PATH": "/usr/bin:/bin:/usr/local/bin", **environment}
    done = subprocess.run([LOADTEST / "siege/phases"], env=with_path, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    entry = json.loads((tmp_path / "siege.siege.json").read_text())
    assert [(each["phase"], each["clients"], each["delay_seconds"]) for each in entry["phases"]] == [
        (1, 3, 1),
        (2, 5, 0.1),
    ]
    assert entry["okay"] == sum(each["okay"] for each in entry["phases"]) > 0 and entry["failed"] == 0
    # siege ends in the middle of calls, so the server may have answered one more for each client.
    assert entry["okay"] <= counted() - before <= entry["okay"] + 8
    assert "phase 2 delay 0.1 clients 5" in (tmp_path / "siege.siege.log").read_text()
    assert "weighted by answers" in done.stdout


LOG = """      Date & Time,  Trans,  Elap Time,  Data Trans,  Resp Time,  …
**** phase 1 delay 100 clients 20 ****
2026-11-21 12:00:59,   10,    59.00,         0,     2.00,      0.17,      0.00,      0.02,    10,     0
**** phase 2 delay 1 clients 20 ****
2026-11-21 12:01:59, 1990,    60.00,         1,     0.10,     33.17,      0.00,      0.02,   990,     4
"""


def test_response_times_are_weighted_by_answers_and_marks_are_read():
    phases = parse(LOG)
    assert [(each["phase"], each["okay"], each["ended"]) for each in phases] == [
        (1, 10, "2026-11-21T12:00:59.000Z"),
        (2, 990, "2026-11-21T12:01:59.000Z"),
    ]
    totals = sum_up(phases)
    assert totals == {
        "okay": 1000,
        "failed": 4,
        "seconds": 119.0,
        "rate": 8.403,
        "response_seconds": pytest.approx(0.119),
    }
