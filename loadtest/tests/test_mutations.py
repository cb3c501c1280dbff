"""Runs that are disturbed while they last: each must be void or unproven, for the right reason."""

import itertools
import os
import signal
import socket
import threading
import urllib.request

import pytest
from records import cold_body

from testkit.processes import free_port, wait_until

RUNNING = {
    "CACHE_RATE": "0.75",
    "USERS": "4",
    "RAMP_SECONDS": "0",
    "HOLD_SECONDS": "2",
    "DOWN_SECONDS": "0",
    "THINK_TIME_MS": "5",
}


def well_under_way(server):
    """Waits until a run has sent some requests."""
    before = server.look_ups()
    wait_until(lambda: server.look_ups() > before + 50, "the run", 60)


def test_entries_that_are_deleted_within_the_run_make_it_void(k6, start, redis):
    server = start()
    run = k6(server.url, **RUNNING)
    well_under_way(server)
    redis.ask("FLUSHALL")
    run.finish()
    assert (run.code, run.codes) == (3, {"hot_missed"}), run.said


def test_a_redis_that_evicts_makes_the_run_void(k6, start, redis):
    server = start()
    run = k6(server.url, **RUNNING)
    well_under_way(server)
    # Less than an empty Redis uses: it evicts whatever is written.
    redis.ask("CONFIG", "SET", "maxmemory-policy", "allkeys-random")
    redis.ask("CONFIG", "SET", "maxmemory", "100kb")
    run.finish()
    redis.ask("CONFIG", "SET", "maxmemory", "0")
    assert run.code == 3 and "hot_missed" in run.codes, run.said


def test_a_redis_that_evicts_makes_the_run_void_also_where_no_hot_record_was_hit(k6, start, redis):
    server = start()
    run = k6(server.url, **RUNNING | {"CACHE_RATE": "0", "HOLD_SECONDS": "1", "CACHE_URL": redis.url})
    well_under_way(server)
    redis.ask("CONFIG", "SET", "maxmemory-policy", "allkeys-random")
    redis.ask("CONFIG", "SET", "maxmemory", "100kb")
    run.finish()
    redis.ask("CONFIG", "SET", "maxmemory", "0")
    assert (run.code, run.codes) == (3, {"evicted"}) and run.entry["evicted"] > 0, run.said


def test_another_client_of_the_same_server_makes_the_run_void(k6, start):
    server = start()
    run = k6(server.url, **RUNNING)
    well_under_way(server)
    urllib.request.urlopen(f"{server.url}/predict", cold_body(1, "123").encode(), timeout=10).close()
    run.finish()
    assert (run.code, run.codes) == (3, {"counters_differ"}), run.said


def test_a_cache_that_is_off_makes_the_run_void(k6, start):
    run = k6(start(CACHE_URL="off").url, CACHE_RATE="0", CALLS="50").finish()
    assert (run.code, run.codes) == (3, {"bypassed"}), run.said


def test_iterations_that_are_dropped_make_the_run_void(k6, start):
    slow = start(SYNTHETIC_SLEEP_MS="200")
    run = k6(slow.url, CACHE_RATE="0", MODEL="open", RATE="50", USERS="1", RAMP_SECONDS="0", HOLD_SECONDS="1").finish()
    assert (run.code, run.codes) == (3, {"dropped_iterations"}), run.said
    assert run.entry["dropped_iterations"] > 0


def test_a_client_that_is_short_of_cpu_makes_the_run_void(k6, server):
    cores = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {min(cores)})
    try:
        run = k6(server.url, **RUNNING | {"USERS": "40", "THINK_TIME_MS": "0", "HOLD_SECONDS": "2", "CPU_LIMIT": "0.9"})
    finally:
        os.sched_setaffinity(0, cores)
    run.finish()
    assert (run.code, run.codes) == (3, {"client_cpu"}), run.said


def test_a_replica_that_restarts_makes_the_run_unproven(k6, start):
    port = free_port()
    server = start(port)
    run = k6(server.url, **RUNNING)
    well_under_way(server)
    server.stop()
    start(port)
    run.finish()
    assert (run.code, run.codes) == (4, {"replica_vanished"}), run.said


class Balancer:
    """One address for several servers: connections go to them in turn."""

    def __init__(self, servers):
        self.ports = itertools.cycle(int(server.url.rpartition(":")[2]) for server in servers)
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self.listener.getsockname()[1]}"
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self):
        while True:
            try:
                client, _ = self.listener.accept()
            except OSError:
                return
            server = socket.create_connection(("127.0.0.1", next(self.ports)))
            for pair in ((client, server), (server, client)):
                threading.Thread(target=self.copy, args=pair, daemon=True).start()

    @staticmethod
    def copy(source, sink):
        try:
            while some := source.recv(1 << 16):
                sink.sendall(some)
            sink.shutdown(socket.SHUT_WR)
        except OSError:
            return


def test_several_servers_at_one_address_are_reported_and_not_taken_for_a_restart(k6, start):
    balancer = Balancer([start(), start()])
    run = k6(balancer.url, CACHE_RATE="0.5", CALLS="100", USERS="4").finish()
    balancer.listener.close()
    assert (run.code, run.codes) == (4, {"several_instances"}) and "set REPLICAS" in run.said, run.said


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_run_that_is_interrupted_is_void_and_has_an_exit_code_of_its_own(k6, start, number):
    server = start()
    run = k6(server.url, **RUNNING | {"HOLD_SECONDS": "60"})
    well_under_way(server)
    run.process.send_signal(number)
    run.finish()
    assert (run.code, run.codes) == (128 + number, {"interrupted"}), run.said
    calls = sum(run.entry["seen"][name] for name in ("hit", "miss"))
    wait_until(lambda: server.look_ups() >= calls, "the end of k6", 60)


def test_the_file_of_an_earlier_run_does_not_outlive_the_beginning_of_the_next(k6, tmp_path):
    earlier = tmp_path / "run.run.json"
    earlier.write_text("{}")
    run = k6(f"http://127.0.0.1:{free_port()}", **RUNNING)
    wait_until(lambda: not earlier.exists(), "the next run", 60)
    run.process.send_signal(signal.SIGINT)
    run.finish()
    assert (run.code, run.entry) == (130, None) and run.said.endswith("there is no verdict\n"), run.said


def test_a_server_that_is_not_there_ends_the_run_before_a_request(k6):
    target = f"http://127.0.0.1:{free_port()}"
    run = k6(target, CACHE_RATE="1", CALLS="10", WAIT_SECONDS="0.2").finish()
    assert (run.code, run.codes) == (3, {"tool_failed"}), run.said
    assert f"VOID: POST {target}/predict: Connection refused" in run.said and "no request was sent" not in run.said


def test_a_replica_that_vanishes_makes_the_run_unproven_and_one_that_comes_does_not(k6, start):
    port = free_port()
    server, leaving = start(), start()
    replicas = f"{server.url},{leaving.url},http://127.0.0.1:{port}"
    run = k6(server.url, REPLICAS=replicas, **RUNNING)
    well_under_way(server)
    coming = start(port)
    run.finish()
    calls = run.entry["planned"]["calls"]
    run.proven(calls, calls * 3 // 4)
    assert {row["url"] for row in run.entry["counters"] if row["first"] is None} == {coming.url}
    run = k6(server.url, REPLICAS=replicas, **RUNNING)
    well_under_way(server)
    leaving.stop()
    run.finish()
    assert (run.code, run.codes) == (4, {"replica_vanished"}), run.said


def test_a_hot_record_that_never_hits_ends_the_run_before_it_begins(locust, start):
    run = locust(start(CACHE_URL="off").url, "--headless", CACHE_RATE="1", CALLS="10", WAIT_SECONDS="0.2").finish()
    assert run.code == 3 and "tool_failed" in run.codes and "X-Cache: BYPASS" in run.said, run.said


def test_servers_whose_counters_cannot_be_read_leave_the_run_unproven(k6, server):
    run = k6(server.url, CACHE_RATE="0.5", CALLS="50", REPLICAS="none").finish()
    assert (run.code, run.codes) == (4, {"counters_missing"}), run.said


def test_a_redis_counts_for_a_server_that_does_not(k6, server, redis):
    run = k6(server.url, CACHE_RATE="0.5", CALLS="50", REPLICAS=redis.url).finish()
    run.proven(50, 25)
    assert run.entry["counter_source"] == "redis"
