"""Real siege for two short phases, and the arithmetic of its summary."""

import json
import subprocess

import pytest
from siege_summary import parse, sum_up, write

from tests.conftest import LOADTEST


def test_siege_runs_its_phases_and_every_request_is_in_the_summary(server, tmp_path):
    def counted():
        return server.metrics().total("bungalow_requests_total", route="/test")

    before = counted()
    environment = {"TARGET": server.url, "RESULTS": str(tmp_path), "FACTOR": ".02", "PHASES": "1.:3 .1:5"}
    with_path = {"PATH": "/usr/bin:/bin:/usr/local/bin", **environment}
    done = subprocess.run([LOADTEST / "siege/phases"], env=with_path, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    entry = json.loads((tmp_path / "siege.siege.json").read_text())
    assert [(each["phase"], each["clients"], each["delay_seconds"]) for each in entry["phases"]] == [
        (1, 3, 1),
        (2, 5, 0.1),
    ]
    assert entry["okay"] == sum(each["okay"] for each in entry["phases"]) > 0 and entry["failed"] == 0
    # siege stops in the middle of requests, so the server may have responded to one more per client.
    assert entry["okay"] <= counted() - before <= entry["okay"] + 8
    assert "phase 2 delay 0.1 clients 5" in (tmp_path / "siege.siege.log").read_text()
    assert "weighted by responses" in done.stdout


@pytest.mark.parametrize(
    "name, value",
    [("PHASES", "abc"), ("PHASES", "1:20 2"), ("FACTOR", "abc"), ("FACTOR", "0"), ("TARGET", "127.0.0.1:8000"),
        ("NAME", "a/b"), ("API_KEY_FILE", "nowhere"), ("RESULTS", "/dev/null")],
)  # fmt: skip
def test_a_value_that_is_not_allowed_is_reported_in_one_line(tmp_path, name, value):
    environment = {"PATH": "/usr/bin:/bin:/usr/local/bin", "RESULTS": str(tmp_path), name: value}
    done = subprocess.run([LOADTEST / "siege/phases"], env=environment, capture_output=True, text=True)
    assert done.returncode == 2 and done.stderr.startswith(f"loadtest/siege/phases: {name}={value} is not allowed")
    assert done.stdout == "" and done.stderr.count("\n") == 1


def test_phases_without_responses_are_reported_and_a_log_of_only_those_is_void(tmp_path, capsys):
    log = tmp_path / "siege.siege.log"
    log.write_text(LOG + UNANSWERED)
    assert write(log, "http://a", "anna", None) == 0
    assert "phase 3: no request succeeded, 25 failed" in capsys.readouterr().out
    entry = json.loads((tmp_path / "siege.siege.json").read_text())
    assert entry["phases"][2]["response_seconds"] is None and entry["failed"] == 29
    log.write_text(UNANSWERED)
    assert write(log, "http://a", "anna", None) == 3
    assert capsys.readouterr().out.endswith("VOID: no request succeeded, 25 failed\n")
    log.unlink()
    assert write(log, "http://a", "anna", None) == 3


UNANSWERED = """**** phase 3 delay 0 clients 2 ****
2026-11-21 12:02:59,    0,     0.85,         0,     -nan,      0.00,      0.00,      0.00,     0,    25
"""

LOG = """      Date & Time,  Trans,  Elap Time,  Data Trans,  Resp Time,  …
**** phase 1 delay 100 clients 20 ****
2026-11-21 12:00:59,   10,    59.00,         0,     2.00,      0.17,      0.00,      0.02,    10,     0
**** phase 2 delay 1 clients 20 ****
2026-11-21 12:01:59, 1990,    60.00,         1,     0.10,     33.17,      0.00,      0.02,   990,     4
"""


def test_response_times_are_weighted_by_responses_and_marks_are_read():
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
