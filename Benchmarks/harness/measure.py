"""One measurement: a server started, loaded and ended; returns the figures of that round."""
import time

from . import bodies
from .checks import check_answers, check_bypasses, check_log, expected_status
from .load import run_h2load, run_wrk
from .processes import core_seconds
from .server import BOTH_CORES, LOAD_CORE, SERVER_CORE, serving

WARM_UP_SECONDS = 1
WARM_UP_FIRST = 10_000_000
PEAK_SECONDS = 3
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
    figures, answered = load_closed(scenario, server, redis, seconds)
    end(scenario, server, answered)
    return figures


def load_closed(scenario, server, redis, seconds, warm_up_seconds=WARM_UP_SECONDS):
    """The figures of one load, and how many responses there were during it and before it."""
    template = write_template(scenario, server)
    answered = server.warm(bodies.fixed(scenario.records), redis) if scenario.rate and not scenario.refused else 0
    cores = LOAD_CORE if scenario.loops == 1 else BOTH_CORES

    def load(seconds, first):
        # Checking each response's status costs the generator 0.5 µs, so only the scenario of invalid requests does it:
        # wrk itself counts responses that are not 2xx.
        result = run_wrk(
            server.port, cores, template, scenario.rate, scenario.connections, seconds, first, scenario.refused)
        server.child.require_running()
        check_answers(scenario, server.peer, result)
        return result

    if warm_up_seconds:
        answered += load(warm_up_seconds, WARM_UP_FIRST).requests
    server.settle()
    before = Usage(scenario, server, redis)
    result = load(seconds, 5 * WARM_UP_FIRST)
    used = Usage(scenario, server, redis).since(before)
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
    figures |= look_up_figures(scenario, server.peer, used, result.requests)
    return figures, answered + result.requests


class Usage:
    """CPU seconds and look-ups so far."""

    def __init__(self, scenario, server, redis):
        self.server = server.child.cpu_seconds()
        self.redis = redis.cpu_seconds()
        self.core = core_seconds(SERVER_CORE)
        self.hits, self.misses, self.bypasses = server.look_ups() if server.peer.is_ours else (0, 0, 0)
        if scenario.cache == "redis":
            self.hits, self.misses = redis.look_ups()

    def since(self, before):
        for name, value in vars(before).items():
            setattr(self, name, getattr(self, name) - value)
        return self


def look_up_figures(scenario, peer, used, calls):
    """How often the cache was asked and had the entry; a peer that never asks has a rate of 0, not None."""
    check_bypasses(scenario, peer, calls, used.bypasses)
    if not peer.scores or scenario.refused:
        return {}
    look_ups = used.hits + used.misses
    return {"cache_rate": used.hits / look_ups if look_ups else 0.0, "look_ups_per_call": look_ups / calls}


def end(scenario, server, answered):
    """Ends the server and its log, which must have all requests that got a response."""
    server.child.stop()
    check_log(scenario, server.peer, answered, server.logged_calls(expected_status(scenario, server.peer)))


def open_loop(scenario, server, redis, seconds):
    template = write_template(scenario, server)
    answered = server.warm(bodies.fixed(scenario.records), redis)
    for load_seconds in (WARM_UP_SECONDS, PEAK_SECONDS):
        peak = run_wrk(server.port, LOAD_CORE, template, scenario.rate, scenario.connections, load_seconds)
        check_answers(scenario, server.peer, peak)
        answered += peak.requests
    figures, more = load_open(scenario, server, redis, seconds, peak.requests / peak.seconds / 2)
    end(scenario, server, answered + more)
    return figures


def load_open(scenario, server, redis, seconds, asked):
    """The figures of an open loop at `asked` requests a second, and how many responses there were."""
    body = server.child.stdout.with_name("fixed.json")
    body.write_text(bodies.fixed(scenario.records))
    server.settle()
    before = Usage(scenario, server, redis)
    figures = run_h2load(server.port, LOAD_CORE, body, asked, seconds, body.with_name("h2load.log"))
    used = Usage(scenario, server, redis).since(before)
    calls = figures["answered"]
    figures |= look_up_figures(scenario, server.peer, used, calls)
    return {"asked_per_second": asked, **figures, "cpu_seconds_per_1000": used.server / calls * 1000}, calls


def start(scenario, server, redis, seconds):
    time.sleep(IDLE_SECONDS)
    return {"ready_ms": server.started * 1000, "idle_mib": server.child.resident_mib()}


def memory(scenario, server, redis, seconds):
    """Sends a million requests, and reads the resident memory after each quarter of them."""
    time.sleep(IDLE_SECONDS)
    figures, calls, quarter = {"idle_mib": server.child.resident_mib()}, 0, 1
    template = write_template(scenario, server)
    warm = server.warm(bodies.fixed(scenario.records), redis)
    before = Usage(scenario, server, redis)
    while quarter <= 4:
        result = run_wrk(
            server.port, LOAD_CORE, template, scenario.rate, scenario.connections, seconds, WARM_UP_FIRST + calls)
        server.child.require_running()
        check_answers(scenario, server.peer, result)
        calls += result.requests
        while quarter <= 4 and calls >= quarter * MILLION / 4:
            figures[f"after_{quarter * 250}_thousand_mib"] = server.child.resident_mib()
            quarter += 1
    check_bypasses(scenario, server.peer, calls, Usage(scenario, server, redis).since(before).bypasses)
    end(scenario, server, warm + calls)
    return figures


KINDS = {"closed": closed, "open": open_loop, "start": start, "memory": memory}
