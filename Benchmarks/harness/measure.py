"""One measurement: a server started, loaded and ended; returns the figures of that round."""
import time

from . import bodies
from .failure import Failure
from .load import run_h2load, run_wrk
from .processes import core_seconds
from .server import BOTH_CORES, LOAD_CORE, SERVER_CORE, serving

WARM_UP_SECONDS = 1
WARM_UP_FIRST = 10_000_000
IDLE_SECONDS = 1
MILLION = 1_000_000


def measure(scenario, peer, redis, seconds):
    redis.flush()
    with serving(peer, redis.port, scenario.loops, scenario.cache) as server:
        return KINDS[scenario.kind](scenario, server, redis, seconds)


def write_template(scenario, server):
    """The load generators' body, in the server's own folder."""
    template = server.child.stdout.with_name("body.json")
    template.write_text(bodies.refused() if scenario.refused else bodies.template(scenario.records))
    return template


def closed(scenario, server, redis, seconds):
    template = write_template(scenario, server)
    if scenario.rate and not scenario.refused:
        server.warm(bodies.fixed(scenario.records))
    cores = LOAD_CORE if scenario.loops == 1 else BOTH_CORES

    def load(seconds, first):
        return run_wrk(server.port, cores, template, scenario.rate, scenario.connections, seconds, first)

    load(WARM_UP_SECONDS, WARM_UP_FIRST)
    server.settle()
    before = Usage(scenario, server, redis)
    result = load(seconds, 5 * WARM_UP_FIRST)
    used = Usage(scenario, server, redis).since(before)
    check(scenario, server, result)
    figures = {
        "calls_per_second": result.requests / result.seconds,
        "cpu_seconds_per_1000": used.server / result.requests * 1000,
        "server_share": used.server / result.seconds,
        "generator_share": result.generator_seconds / result.seconds,
        "redis_share": used.redis / result.seconds,
        "p50_ms": result.p50_ms, "p99_ms": result.p99_ms,
        "resident_mib": server.child.resident_mib(),
    }
    if scenario.loops == 1:
        figures["others_share"] = max(0.0, used.core - used.server) / result.seconds
    if used.look_ups:
        figures["cache_rate"] = used.hits / used.look_ups
        figures["look_ups_per_call"] = used.look_ups / result.requests
    check_log(scenario, server, result)
    return figures


class Usage:
    """CPU seconds and look-ups so far."""

    def __init__(self, scenario, server, redis):
        self.server = server.child.cpu_seconds()
        self.redis = redis.child.cpu_seconds()
        self.core = core_seconds(SERVER_CORE)
        self.hits, misses = redis.look_ups() if scenario.cache == "redis" else server.look_ups()
        self.look_ups = self.hits + misses

    def since(self, before):
        for name, value in vars(before).items():
            setattr(self, name, getattr(self, name) - value)
        return self


def check(scenario, server, result):
    """A figure counts only if every call was answered as it should be."""
    server.child.require_running()
    expected = result.requests if scenario.refused and server.peer.validates else 0
    if result.requests == 0 or result.failures or result.not_2xx != expected:
        raise Failure(
            f"{server.peer.name}, {scenario.name}: {result.requests} answers, {result.failures} lost, "
            f"{result.not_2xx} not 2xx where {expected} were expected")


def check_log(scenario, server, result):
    """A peer that scores has logged each call, once it has ended."""
    server.child.stop()
    if server.peer.scores and server.logged_calls() < result.requests:
        raise Failure(f"{server.peer.name}, {scenario.name}: only {server.logged_calls()} of {result.requests} logged")


def open_loop(scenario, server, redis, seconds):
    template = write_template(scenario, server)
    body = template.with_name("fixed.json")
    body.write_text(bodies.fixed(scenario.records))
    server.warm(body.read_text())
    peak = run_wrk(server.port, LOAD_CORE, template, scenario.rate, scenario.connections, max(1, seconds // 2))
    check(scenario, server, peak)
    server.settle()
    asked = peak.requests / peak.seconds / 2
    before = server.child.cpu_seconds()
    figures = run_h2load(server.port, LOAD_CORE, body, asked, seconds, template.with_name("h2load.log"))
    used = server.child.cpu_seconds() - before
    return {"asked_per_second": asked, **figures, "cpu_seconds_per_1000": used / (asked * (seconds + 1)) * 1000}


def start(scenario, server, redis, seconds):
    time.sleep(IDLE_SECONDS)
    return {"ready_ms": server.started * 1000, "idle_mib": server.child.resident_mib()}


def memory(scenario, server, redis, seconds):
    """A million calls, a look at the resident memory after each quarter of them."""
    time.sleep(IDLE_SECONDS)
    figures, calls, quarter = {"idle_mib": server.child.resident_mib()}, 0, 1
    template = write_template(scenario, server)
    server.warm(bodies.fixed(scenario.records))
    while quarter <= 4:
        result = run_wrk(
            server.port, LOAD_CORE, template, scenario.rate, scenario.connections, seconds, WARM_UP_FIRST + calls)
        check(scenario, server, result)
        calls += result.requests
        while quarter <= 4 and calls >= quarter * MILLION / 4:
            figures[f"after_{quarter * 250}_thousand_mib"] = server.child.resident_mib()
            quarter += 1
    return figures


KINDS = {"closed": closed, "open": open_loop, "start": start, "memory": memory}
