"""The CPU that a client wants, for a real process that wants a whole core."""

import subprocess
import sys

import processor
from processor import Demand, cores, quota_of

from testkit.processes import wait_until


def test_a_process_that_never_waits_wants_a_whole_core_even_after_it_has_ended():
    with subprocess.Popen([sys.executable, "-c", "while True: pass"]) as process:
        demand = Demand(process.pid, 1)
        wait_until(lambda: demand.read() > 0.8, "the demand", 60)
        process.kill()
    assert demand.read() > 0.8


def test_the_cpu_of_threads_that_have_ended_is_not_forgotten(monkeypatch):
    wanted = iter([1.0, 6.0, 0.5])
    monkeypatch.setattr(processor, "wanted_seconds", lambda _: next(wanted))
    demand = Demand(1, 1)
    assert demand.read() == demand.read() > 0


def test_a_containers_quota_is_in_cores():
    assert (quota_of("150000 100000\n"), quota_of("max 100000\n")) == (1.5, float("inf"))
    assert cores() > 0
