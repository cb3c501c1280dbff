"""Real Locust against a real server with a real Redis: exact counts with one process and many, and saturation."""

import csv
import os
import re
import signal
import urllib.request

import pytest
from search import Limits, Search, Step

from testkit.processes import free_port, wait_until

HEADLESS = ["--headless", "--users", "8", "--spawn-rate", "100"]


def rows(run, kind):
    with open(run.folder / f"run.{kind}.csv", newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


@pytest.mark.parametrize("rate, hot", [("0", 0), ("0.5", 500), ("0.75", 750), ("0.999", 999), ("1", 1000)])
def test_locust_hits_exactly_as_often_as_planned(locust, server, rate, hot):
    run = locust(server.url, *HEADLESS, CACHE_RATE=rate, CALLS="1000", CLIENT_NAME="anna").finish()
    run.proven(1000, hot)
    timings = rows(run, "timing")
    assert sorted(int(row["Record"]) for row in timings) == list(range(1000))
    assert {(row["Success"], row["Response"], row["Client"]) for row in timings} == {("True", "200", "anna")}
    assert max(int(row["Scale"]) for row in rows(run, "scaling")) == run.entry["users"] == 8


def with_workers(locust, server, *options, settings=({}, {}), **environment):
    """A master and its two workers, whose settings may differ."""
    port = str(free_port())
    environment["CACHE_RATE"] = "0.75"
    workers = [locust(server.url, "--worker", "--master-port", port, **environment | each) for each in settings]
    binding = ["--master-bind-host", "127.0.0.1", "--master-bind-port", port, "--expect-workers", "2"]
    return locust(server.url, "--master", *binding, *HEADLESS, *options, **environment), workers


@pytest.mark.parametrize("calls, hot", [("1000", 750), ("999", 749)])
def test_a_master_with_two_workers_hits_exactly_as_often_as_planned(locust, server, calls, hot):
    master, workers = with_workers(locust, server, CALLS=calls)
    master.finish().proven(int(calls), hot)
    for worker in workers:
        worker.finish()
    assert sorted(int(row["Record"]) for row in rows(master, "timing")) == list(range(int(calls)))


def test_a_run_by_time_ends_without_cutting_off_a_request(locust, server):
    master, workers = with_workers(locust, server, "--run-time", "2s")
    master.finish()
    calls, hot = master.entry["planned"].values()
    assert calls > 100 and abs(hot - 0.75 * calls) < 2
    master.proven(calls, hot)
    assert len(rows(master, "timing")) == calls
    for worker in workers:
        worker.finish()


def test_the_web_page_starts_and_stops_a_run(locust, server):
    port = free_port()
    run = locust(server.url, "--web-host", "127.0.0.1", "--web-port", str(port), CACHE_RATE="0.5")
    page = f"http://127.0.0.1:{port}"

    def answers():
        try:
            return urllib.request.urlopen(page, timeout=5).status == 200
        except OSError:
            return False

    wait_until(answers, "the web page", 60)
    before = server.look_ups()
    urllib.request.urlopen(
        f"{page}/swarm", b"user_count=4&spawn_rate=4&host=" + server.url.encode(), timeout=30
    ).close()
    wait_until(lambda: server.look_ups() > before + 50, "the run", 60)
    urllib.request.urlopen(f"{page}/stop", b"", timeout=60).close()
    wait_until((run.folder / "run.run.json").exists, "the file of the run", 60)
    run.process.send_signal(signal.SIGTERM)
    run.finish()
    calls, hot = run.entry["planned"].values()
    assert calls > 0 and hot == calls // 2
    run.proven(calls, hot)


def test_sigterm_ends_a_run_with_its_proof(locust, server):
    run = locust(server.url, *HEADLESS, CACHE_RATE="0.5")
    before = server.look_ups()
    wait_until(lambda: server.look_ups() > before + 50, "the run", 60)
    run.process.send_signal(signal.SIGTERM)
    run.finish()
    calls, hot = run.entry["planned"].values()
    run.proven(calls, hot)


def saturate(locust, start, rounds):
    """A search on a server that handles 6 requests of 150 ms at once: 40 requests a second."""
    limited = start(SYNTHETIC_SLEEP_MS="150", REPLICA_MAX_CONCURRENT_REQUESTS="6", MAX_QUEUED_REQUESTS="0")
    search = {"START_USERS": "5", "STEP_USERS": "2", "STEP_SECONDS": "1", "HOLD_SECONDS": "3", "ROUNDS": rounds}
    environment = {f"SATURATION_{name}": value for name, value in search.items()}
    run = locust(limited.url, "--headless", CACHE_RATE="0", SHAPE="saturation", THINK_TIME_MS="0", **environment)
    run.finish()
    assert run.code == 0, run.said
    return run


def is_near_the_limit(found):
    """Within 15 % of concurrency / latency: 40 requests a second, or less if a busy machine makes them take longer."""
    return 0.85 * 6 / (found["p50_ms"] / 1000) < found["rate"] < 1.15 * 6 / 0.150


def test_saturation_is_found_at_concurrency_divided_by_latency(locust, start):
    run = saturate(locust, start, "1")
    found = run.entry["saturation"]
    assert found["users"] == 6 and is_near_the_limit(found), run.said
    assert found["working_point"] == pytest.approx(0.7 * found["rate"])
    history = rows(run, "history")
    assert [int(row["ThreadCount"]) for row in history] == [5, 7, 6, 6]
    assert [int(row["Failures"]) > 0 for row in history] == [False, True, False, False]
    assert re.search(r"work at no more than \d", run.said)


@pytest.mark.skipif("TRUST" not in os.environ, reason="takes half a minute: script/trust runs it")
def test_three_rounds_of_the_search_agree(locust, start):
    run = saturate(locust, start, "3")
    found = run.entry["saturation"]
    assert [each["users"] for each in found["rounds"]] == [6, 6, 6] and found["spread"] < 0.15
    assert all(map(is_near_the_limit, found["rounds"])), run.said


def test_the_search_goes_up_in_steps_down_by_one_and_holds():
    limits = Limits(start_users=1, step_users=5, most_users=100, step_seconds=1, hold_seconds=9, rounds=2)
    search = Search(limits)

    def step(limit):
        return Step(max(0, search.users - limit), 0, min(search.users, limit) * 10.0, 1.0, 2.0)

    users, seconds = [1], []
    # The limit falls during the first round's hold, so the hold is not clean, and the search continues downwards.
    for limit in [13] * 7 + [12, 12, 12] + [13] * 8:
        seconds.append(search.seconds)
        users.append(search.decide(step(limit)))
    assert users == [1, 6, 11, 16, 15, 14, 13, 13, 12, 12, 1, 6, 11, 16, 15, 14, 13, 13, None]
    assert [index for index, each in enumerate(seconds) if each == 9] == [7, 9, 17]
    result = search.result()
    assert [each["users"] for each in result["rounds"]] == [12, 13]
    assert (result["rate"], result["working_point"]) == (125, 87.5) and result["spread"] == pytest.approx(10 / 125)


def test_a_search_that_finds_nothing_says_so():
    limits = Limits(start_users=1, step_users=5, most_users=10, step_seconds=1, hold_seconds=1, rounds=1)
    search = Search(limits)
    assert search.decide(Step(0, 0, 1.0, 1.0, 1.0)) == 6 and search.decide(Step(0, 0, 1.0, 1.0, 1.0)) is None
    assert "no request was rejected" in search.fault and search.result() is None
    search = Search(limits)
    assert search.decide(Step(1, 0, 0.0, None, None)) is None and "even one user" in search.fault


@pytest.mark.parametrize("name, value", [("CACHE_RATE", "2e1"), ("SHAPE", "foo"), ("REPLICAS", "foo")])
def test_a_value_that_is_not_allowed_is_reported(locust, server, name, value):
    run = locust(server.url, "--headless", **{name: value}).finish()
    assert run.code == 2 and f"{name}={value} is not allowed" in run.said.replace("'", "")
    assert "Traceback" not in run.said


def test_a_worker_with_another_plan_is_named(locust, server):
    master, _ = with_workers(locust, server, "--run-time", "1s", settings=[{"CACHE_RATE": "0.5"}, {}])
    master.finish()
    assert (master.code, master.codes) == (3, {"tool_failed"}), master.said
    assert re.search(r"VOID: worker \d ran with CACHE_RATE=0.5, the master with CACHE_RATE=0.75", master.said)


def test_a_full_disk_makes_the_run_void(locust, server, tmp_path):
    (tmp_path / "run.timing.csv").symlink_to("/dev/full")
    run = locust(server.url, *HEADLESS, CALLS="50").finish()
    assert (run.code, run.codes) == (3, {"tool_failed"}) and "No space left on device" in run.said, run.said
