"""Real k6 against a real server with a real Redis: exact counts, and every kind of failure in its own column."""

import json
import re

import pytest


@pytest.mark.parametrize(
    "rate, hot", [("0", 0), (".43", 430), ("0.5", 500), ("0.75", 750), ("0.999", 999), ("1", 1000), ("10", 1000)]
)
def test_k6_hits_exactly_as_often_as_planned(k6, server, rate, hot):
    run = k6(server.url, CACHE_RATE=rate, CALLS="1000", USERS="8").finish()
    run.proven(1000, hot)
    assert "parts" not in run.entry


def test_the_closed_model_keeps_the_rate_and_splits_latencies_by_phase(k6, server):
    run = k6(
        server.url,
        CACHE_RATE="0.75",
        USERS="4",
        RAMP_SECONDS="1",
        HOLD_SECONDS="1",
        DOWN_SECONDS="1",
        THINK_TIME_MS="5",
        HOT_RECORDS="7",
        HOT_SKEW="1",
    ).finish()
    calls = run.entry["planned"]["calls"]
    run.proven(calls, calls * 3 // 4)
    peak, sustained = (run.entry["latency_ms"][phase] for phase in ("peak", "sustained"))
    assert peak["count"] > 0 and sustained["count"] > 0 and peak["count"] + sustained["count"] < calls
    assert sustained["p50"] <= sustained["p90"] <= sustained["p95"] <= sustained["p99"] <= sustained["p99.9"]
    assert run.entry["version"]["instance"] == run.entry["counters"][0]["instance"]


@pytest.mark.parametrize("ramp", ["0", "1"])
def test_the_open_model_keeps_the_rate(k6, server, ramp):
    run = k6(
        server.url, CACHE_RATE="0.5", MODEL="open", RATE="50", USERS="50", RAMP_SECONDS=ramp, HOLD_SECONDS="1"
    ).finish()
    calls = run.entry["planned"]["calls"]
    run.proven(calls, calls // 2)
    assert run.entry["rate"]["offered"] == 50 and run.entry["dropped_iterations"] == 0


def test_the_hold_is_measured_in_parts_that_add_up_to_it(k6, server):
    run = k6(
        server.url, CACHE_RATE="0.5", USERS="2", RAMP_SECONDS="1", HOLD_SECONDS="3", DOWN_SECONDS="0",
        THINK_TIME_MS="5"
    ).finish()  # fmt: skip
    assert run.code == 0, run.said
    parts, sustained = run.entry["parts"], run.entry["latency_ms"]["sustained"]
    assert parts["seconds"] == 1 and len(parts["latency_ms"]) == 3
    assert sum(part["count"] for part in parts["latency_ms"]) == sustained["count"]
    assert max(part["max"] for part in parts["latency_ms"]) == sustained["max"]
    assert run.entry["settings"]["THINK_TIME_MS"] == "5"


def test_a_run_reports_its_plan_and_the_time_left(k6, server):
    run = k6(server.url, CACHE_RATE="0.5", USERS="2", RAMP_SECONDS="0", HOLD_SECONDS="5", DOWN_SECONDS="0",
             THINK_TIME_MS="5").finish()  # fmt: skip
    assert run.code == 0, run.said
    assert f"run: 2 users for 5 s, 50 % of the requests hot, at {server.url}\n" in run.said
    assert re.search(r"^run: hold, \d s of 5 s; \d s left$", run.said, re.MULTILINE), run.said
    assert "the requests begin" not in run.said


def test_a_fixed_body_is_sent_as_often_as_configured(k6, server, tmp_path):
    house = {
        "MedInc": 1,
        "HouseAge": 1,
        "AveRooms": 3,
        "AveBedrms": 1,
        "Population": 5,
        "AveOccup": 5,
        "Latitude": 1,
        "Longitude": 1,
    }
    (tmp_path / "payload.json").write_text(json.dumps([house, house]))
    run = k6(server.url, PAYLOAD_FILE="payload.json", CALLS="200", USERS="4").finish()
    run.proven(200, 200)


def test_refusals_and_time_outs_are_counted_separately_and_leave_the_run_proven(k6, start):
    crowded = start(SYNTHETIC_SLEEP_MS="30", REPLICA_MAX_CONCURRENT_REQUESTS="1", MAX_QUEUED_REQUESTS="0")
    run = k6(crowded.url, CACHE_RATE="0", CALLS="100", USERS="4").finish()
    seen = run.entry["seen"]
    assert run.code == 0 and seen["refused"] > 0 and seen["refused"] + seen["miss"] == 100, run.said
    assert run.entry["latency_ms"]["sustained"]["count"] == seen["miss"]
    slow = start(SYNTHETIC_SLEEP_MS="2000")
    run = k6(slow.url, CACHE_RATE="0", CALLS="4", USERS="4", TIMEOUT_SECONDS="0.3").finish()
    assert (run.code, run.codes) == (3, {"no_answers"}) and run.entry["seen"]["timeouts"] == 4, run.said


def test_a_file_that_cannot_be_written_is_reported_before_the_run(k6, server, tmp_path):
    (tmp_path / "run.run.json").mkdir()
    run = k6(server.url, CALLS="10").finish_without_file()
    assert run.code == 2 and run.said.startswith("loadtest/cache-rate: RESULTS=") and run.said.count("\n") == 1


def test_a_crossed_threshold_has_its_own_exit_code(k6, server):
    run = k6(server.url, CACHE_RATE="0.5", CALLS="100", USERS="2", P99_MS="0").finish()
    assert (run.code, run.entry["verdict"]) == (99, "PROVEN"), run.said


def test_keys_are_sent(k6, start, tmp_path):
    (tmp_path / "keys").write_text("# for the load test\nsesame\n")
    guarded = start(API_KEYS_FILE=str(tmp_path / "keys"))
    k6(guarded.url, CACHE_RATE="0.5", CALLS="100", USERS="2", API_KEY_FILE="keys").finish().proven(100, 50)
    run = k6(guarded.url, CACHE_RATE="0", CALLS="100", USERS="2").finish()
    assert (run.code, run.codes) == (3, {"tool_failed"}) and "status 401" in run.said and "API_KEY_FILE" in run.said


@pytest.mark.parametrize(
    "name, value",
    [("CACHE_RATE", "half"), ("USERS", "0"), ("MODEL", "ajar"), ("HOLD_SECONDS", "-1"), ("API_KEY_FILE", "nowhere"),
        ("TARGET", "127.0.0.1:8000"), ("REPLICAS", "foo"), ("REPLICAS", "dns:foo"), ("P50_MS", "abc"),
        ("MAX_FAILED", "2"), ("NAME", "a/b"), ("RESULTS", "/dev/null"), ("CACHE_URL", "http://127.0.0.1:6379")],
)  # fmt: skip
def test_a_value_that_is_not_allowed_is_reported_in_one_line(k6, server, name, value):
    run = k6(server.url, **{name: value}).finish()
    assert run.code == 2 and len(run.said.splitlines()) == 1 and f"{name}={value}" in run.said.replace("'", "")
