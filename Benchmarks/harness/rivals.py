"""Bungalow and the alternatives that users might pick, on the same work: script/bench --rivals.

A rival that cannot be built, started or measured, or that deviates from the contract, loses only its own row.
"""
import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from testkit.processes import StartError

from . import bodies, table
from .failure import Failure
from .figures import round_order
from .frameworks import FRAMEWORK_PEERS, FRAMEWORKS
from .measure import WARM_UP_SECONDS, end, load_closed, load_open
from .peers import (
    BUILT,
    MODEL,
    PEERS,
    SOURCES,
    Peer,
    build_epoll,
    build_rust,
    nginx,
    peer_environment,
    rust_environment,
)
from .processes import run
from .scenarios import SCENARIOS
from .server import serving
from .vectors import differences, score

BY_NAME = {scenario.name: scenario for scenario in SCENARIOS}
ALL_LOADS = ("misses", "mixed", "hits", "batch-100", "batch-1000")
# A framework is tens of times slower than the rest, and nginx validates nothing: two more loads would show no more, and
# take two minutes.
FEW_LOADS = ("misses", "hits", "batch-1000")
TWO_LOOPS = ("two-loops-misses", "two-loops-hits")
FLOOR_LOAD = "batch-1000"
# With eleven services and five rounds, a whole second would add up to a minute.
IDLE_SECONDS = 0.5


@dataclass(frozen=True)
class Rival:
    """A peer, its loads, and the files that an installation of it needs beside the operating system's."""

    peer: Peer
    installed: Callable[[], list]
    loads: tuple = ALL_LOADS
    two_loops: bool = True
    # Whether it also gets the half load, and has its start measured.
    is_service: bool = True

    @property
    def name(self):
        return self.peer.name


def in_environment(folder):
    return lambda: [
        path for path in (folder / ".venv").resolve().rglob("*") if path.is_file() and not path.is_symlink()]


def executable(path):
    return lambda: [Path(path), *libraries(path)]


def libraries(path):
    """The shared libraries that the loader adds."""
    words = subprocess.run(["ldd", path], stdout=subprocess.PIPE, text=True, check=False).stdout.split()
    return [Path(word).resolve() for word in words if word.startswith("/")]


def nginx_files():
    modules = [Path("/usr/lib/nginx/modules") / f"ngx_http_{name}_module.so" for name in ("lua", "ndk")]
    modules = [path for path in modules if path.exists()]
    scripts = Path("/usr/share/lua/5.1").rglob("*.lua")
    return {
        Path(nginx()), *libraries(nginx()), *modules, *scripts, *(file for path in modules for file in libraries(path))}


def floor_command(setting):
    answer, printed = floor_texts(json.loads(MODEL.read_text()))
    (setting.folder / "answer").write_text(answer)
    (setting.folder / "printed").write_text(printed)
    return [BUILT / "epoll"]


def floor_environment(setting):
    files = {"ANSWER_FILE": str(setting.folder / "answer"), "DIGEST_FILE": str(setting.folder / "printed")}
    return {**peer_environment(setting), **files}


def floor_texts(model):
    """The response to a batch of the floor's load, and the text that is digested for its key."""
    records = [
        {name: float(value) for name, value in record.items()}
        for record in json.loads(bodies.fixed(BY_NAME[FLOOR_LOAD].records))]
    answer = {
        "query_key": "0" * 32, "inputs": records,
        "prediction": [score(model, list(record.values())) for record in records]}
    printed = ("UserIn(" + ", ".join(f"{name}={value!r}" for name, value in record.items()) + ")" for record in records)
    return json.dumps(answer, separators=(",", ":")), "[" + ", ".join(printed) + "]"


FLOOR = Rival(
    Peer("floor", "md5 of the printed records and the kernel's copies alone, in C", build_epoll, floor_command,
         floor_environment, scores=False, validates=False),
    executable(BUILT / "epoll"), loads=(FLOOR_LOAD,), two_loops=False, is_service=False)


def rivals():
    known = {peer.name: peer for peer in PEERS}
    rust = [
        Peer(name, title, build_rust, lambda _: [BUILT / "rust/release/rust-peer"], rust_environment(http))
        for name, title, http in (
            ("rust", "Rust: hyper + tokio", "hyper"), ("rust-httparse", "Rust: httparse + tokio", "httparse"))]
    bungalow = known["bungalow"]
    return (
        Rival(bungalow, executable(bungalow.command(None)[0])),
        *(Rival(peer, executable(BUILT / "rust/release/rust-peer")) for peer in rust),
        Rival(known["go-fastjson"], executable(BUILT / "go-fastjson")),
        Rival(known["nginx"], nginx_files, FEW_LOADS),
        Rival(known["fastapi"], in_environment(SOURCES / "fastapi"), FEW_LOADS, False),
        *(Rival(peer, in_environment(FRAMEWORKS / peer.name), FEW_LOADS, False) for peer in FRAMEWORK_PEERS),
        FLOOR,
    )


RIVALS = rivals()


def installed_mib(paths):
    """The size of these files as in an image: executables without symbols."""
    return sum(stripped_bytes(path) for path in paths) / (1 << 20)


def stripped_bytes(path):
    with open(path, "rb") as file:
        is_program = file.read(4) == b"\x7fELF"
    if not is_program or ".venv" in path.parts:
        return path.stat().st_size
    with tempfile.TemporaryDirectory() as folder:
        stripped = Path(folder) / "stripped"
        run("strip", ["strip", "-o", stripped, path], 60)
        return stripped.stat().st_size


def measure_round(rival, redis, seconds):
    """The figures of one round, by scenario."""
    figures = {}
    if rival.is_service:
        redis.flush()
        with serving(rival.peer, redis.port) as server:
            time.sleep(IDLE_SECONDS)
            figures["start"] = {"ready_ms": server.started * 1000, "idle_mib": server.child.resident_mib()}
            run_loads(rival.loads, server, redis, seconds, figures)
    else:
        with serving(rival.peer, redis.port) as server:
            run_loads(rival.loads, server, redis, seconds, figures)
    if rival.two_loops:
        redis.flush()
        with serving(rival.peer, redis.port, loops=2) as server:
            run_loads(TWO_LOOPS, server, redis, seconds, figures)
    return figures


def run_loads(names, server, redis, seconds, figures):
    """Runs the loads in sequence on a server that was warmed up once, each with an empty Redis; ends the server."""
    answered = 0
    for number, name in enumerate(names):
        server.settle()
        redis.flush()
        warm_up = WARM_UP_SECONDS if number == 0 else 0
        figures[name], calls = load_closed(BY_NAME[name], server, redis, seconds, warm_up)
        answered += calls
        if name == "hits":
            half = BY_NAME["half-load"]
            asked = figures[name]["calls_per_second"] / 2
            figures[half.name], calls = load_open(half, server, redis, seconds, asked)
            answered += calls
    end(BY_NAME[names[-1]], server, answered)


class Results:
    """The results of each rival."""

    def __init__(self, chosen):
        self.rounds = {rival.name: [] for rival in chosen}
        self.failed = {}
        self.repeated = {}
        self.differences = {}
        self.installed = {}

    def guard(self, rival, action, *arguments):
        """Does something for a rival that has not failed yet; records why if it fails."""
        if rival.name in self.failed:
            return
        try:
            action(*arguments)
        except (Failure, StartError) as failure:
            self.note_failure(rival, str(failure))
        except Exception as failure:  # whatever it is, the other rivals' figures must not be lost
            self.note_failure(rival, f"{type(failure).__name__}: {failure}")

    def note_failure(self, rival, reason):
        self.failed[rival.name] = one_line(reason)
        print(f"{rival.name}: {self.failed[rival.name]}", file=sys.stderr, flush=True)

    def by_scenario(self):
        """The rounds' figures by scenario and rival, in the scenarios' order."""
        found = {}
        for scenario in SCENARIOS:
            for name, rounds in self.rounds.items():
                figures = [each[scenario.name] for each in rounds if scenario.name in each]
                if figures:
                    found.setdefault(scenario.name, {})[name] = figures
        return found

    def facts(self):
        return {
            name: {
                "title": RIVALS_BY_NAME[name].peer.title, "installed_mib": self.installed.get(name),
                "failed": self.failed.get(name), "repeated": self.repeated.get(name, []),
                "differences": self.differences.get(name, [])}
            for name in self.rounds}


def one_line(reason):
    return " ".join(str(reason).split())[:300]


RIVALS_BY_NAME = {rival.name: rival for rival in RIVALS}


def prepare(rival, redis, results):
    rival.peer.build()
    results.installed[rival.name] = installed_mib(rival.installed())
    redis.flush()
    with serving(rival.peer, redis.port) as server:
        found = results.differences[rival.name] = differences(server, redis)
    if found and rival.peer.validates:
        raise Failure("; ".join(found))


def measure(rival, redis, seconds, results):
    """One round; a load that fails is measured once more, and the table notes it."""
    try:
        figures = measure_round(rival, redis, seconds)
    except Failure as failure:
        results.repeated.setdefault(rival.name, []).append(one_line(failure))
        print(f"{rival.name}, once more: {one_line(failure)}", file=sys.stderr, flush=True)
        figures = measure_round(rival, redis, seconds)
    results.rounds[rival.name].append(figures)


def run_rivals(chosen, redis, rounds, seconds, say, report):
    """Measures everything; after each round the report has the figures so far."""
    results = Results(chosen)
    for rival in chosen:
        begin = time.monotonic()
        results.guard(rival, prepare, rival, redis, results)
        say(f"{rival.name}: built, and its responses compared ({time.monotonic() - begin:.0f} s)")

    for number, rival in round_order(chosen, rounds):
        begin = time.monotonic()
        results.guard(rival, measure, rival, redis, seconds, results)
        say(f"round {number}/{rounds} {rival.name}: {time.monotonic() - begin:.0f} s")
        if rival is chosen[-1]:
            note(report, results)
    return results


def note(report, results):
    report.note(rivals=results.facts(), scenarios=[])
    for name, by_peer in results.by_scenario().items():
        report.add(BY_NAME[name], by_peer)
    report.write()


def render_rounds(results):
    """Every table of the run, for the terminal."""
    by_scenario = results.by_scenario()
    titles = {name: RIVALS_BY_NAME[name].peer.title for name in results.rounds}
    scenarios = [scenario for scenario in SCENARIOS if scenario.name in by_scenario]
    return table.render(scenarios, by_scenario, titles, results.differences)
