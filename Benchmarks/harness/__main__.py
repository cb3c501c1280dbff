"""The command line: builds the peers, compares them with the contract, interleaves their loads, prints the tables."""
import argparse
import os
import signal
import sys
import time
from contextlib import contextmanager
from pathlib import Path

from testkit.processes import ROOT, StartError

from . import machine, published, table
from .checks import check_vectors
from .failure import Failure
from .figures import round_order
from .measure import measure
from .peers import PEERS
from .processes import run_aloud
from .redis import Redis
from .report import Report, round_figures
from .rivals import RIVALS, render_rounds, run_rivals
from .scenarios import SCENARIOS, chosen, combinations
from .server import LOAD_CORE, scratch_folder, serving
from .vectors import differences

# The published rounds, and those of a quick run.
LATEST, FULL = ROOT / "Benchmarks/results/latest.json", ROOT / "Benchmarks/results/full.json"
PUBLISHED_ROUNDS = 3
# Variables that a caller may set for Bungalow; the file of figures records them.
OVERRIDES = ("CACHE_DEADLINE_MS", "SCORING_LOG", "REPLICA_MAX_CONCURRENT_REQUESTS")


def parse_arguments():
    parser = argparse.ArgumentParser(prog="script/bench", description="Measures Bungalow beside its peers.")
    parser.add_argument(
        "--rivals", action="store_true",
        help="Bungalow beside the alternatives to it, 20 minutes; writes Benchmarks/results/rivals.json and "
        "README's table")
    parser.add_argument(
        "--only", action="append", choices=[r.name for r in RIVALS], metavar="NAME",
        help="with --rivals, only this one; may be repeated: " + ", ".join(r.name for r in RIVALS))
    parser.add_argument("--full", action="store_true", help="all scenarios; without it, the quick ones (5 minutes)")
    parser.add_argument(
        "--rounds", type=int, metavar="N", help="rounds, each with every load (3; with --full or --rivals 5)")
    parser.add_argument("--seconds", type=int, metavar="S", help="how long each load lasts (3; with --rivals 2)")
    parser.add_argument(
        "--scenario", action="append", choices=[s.name for s in SCENARIOS], metavar="NAME",
        help="only this one; may be repeated: " + ", ".join(s.name for s in SCENARIOS))
    parser.add_argument(
        "--peer", action="append", choices=[p.name for p in PEERS], metavar="NAME",
        help="only this one; may be repeated: " + ", ".join(p.name for p in PEERS))
    parser.add_argument(
        "--output", type=Path, metavar="FILE",
        help="where the figures go (Benchmarks/results/latest.json, and full.json beside it with --full; nowhere "
        "with fewer than 3 rounds, or with chosen scenarios, peers or rivals)")
    arguments = parser.parse_args()
    if arguments.rivals and (arguments.full or arguments.scenario or arguments.peer):
        parser.error("--rivals goes with --only, --rounds, --seconds and --output")
    if arguments.only and not arguments.rivals:
        parser.error("--only goes with --rivals")
    if arguments.rounds is None:
        arguments.rounds = 5 if arguments.full or arguments.rivals else 3
    if arguments.seconds is None:
        arguments.seconds = 2 if arguments.rivals else 3
    for name in ("rounds", "seconds"):
        if not 1 <= getattr(arguments, name) <= 600:
            parser.error(f"--{name} {getattr(arguments, name)} is not allowed: use a whole number from 1 to 600")
    return arguments


def say(text):
    print(f"{time.strftime('%H:%M:%S')}  {text}", file=sys.stderr, flush=True)


def build(peers):
    for peer in peers:
        begin = time.monotonic()
        peer.build()
        say(f"built {peer.name} ({time.monotonic() - begin:.0f} s)")


def compare(peers, redis):
    found = {}
    for peer in peers:
        redis.flush()
        with serving(peer, redis.port) as server:
            found[peer.name] = differences(server, redis)
        say(f"vectors {peer.name}: {'; '.join(found[peer.name]) or 'every key and prediction as it should be'}")
        check_vectors(peer, found[peer.name])
    return found


def run_scenario(scenario, peers, redis, arguments, results):
    """Adds each round's figures to those of its peer in `results`."""
    for number, peer in round_order(peers, arguments.rounds):
        figures = measure(scenario, peer, redis, arguments.seconds)
        results.setdefault(peer.name, []).append(figures)
        shown = ", ".join(f"{name} {value:.4g}" for name, value in list(figures.items())[:2])
        say(f"{scenario.name} {number}/{arguments.rounds} {peer.name}: {shown}")


def run_all(arguments, work, peers, report):
    """Measures everything; figures measured before a failure are still printed and kept."""
    results, found = {}, {}
    try:
        with scratch_folder() as folder, Redis(LOAD_CORE, folder) as redis:
            found = compare(peers, redis)
            report.note(differences=found)
            for scenario, taking_part in work:
                by_peer = results[scenario.name] = {}
                try:
                    run_scenario(scenario, taking_part, redis, arguments, by_peer)
                finally:
                    report.add(scenario, by_peer)
    finally:
        scenarios = [scenario for scenario, _ in work]
        print(table.render(scenarios, results, {peer.name: peer.title for peer in peers}, found), flush=True)


def output_of(arguments):
    """The paths of the figures and of a copy: only a full run replaces the published figures."""
    if arguments.output or arguments.scenario or arguments.peer or arguments.only:
        return arguments.output and arguments.output.absolute(), None
    if arguments.rounds < PUBLISHED_ROUNDS:
        say(f"fewer than {PUBLISHED_ROUNDS} rounds: no file of figures is written")
        return None, None
    if arguments.rivals:
        return published.RESULTS / "rivals.json", None
    return LATEST, FULL if arguments.full else None


@contextmanager
def on_core(core):
    """Keeps the harness off the server's core; each child process is pinned separately."""
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {int(core)})
    try:
        yield
    finally:
        os.sched_setaffinity(0, before)


def measure_rivals(arguments, report):
    chosen = [rival for rival in RIVALS if not arguments.only or rival.name in arguments.only]
    try:
        with on_core(LOAD_CORE), scratch_folder() as folder, Redis(LOAD_CORE, folder) as redis:
            results = run_rivals(chosen, redis, arguments.rounds, arguments.seconds, say, report)
    except BaseException:
        say(report.left())
        raise
    print(render_rounds(results) + "\n\n" + published.rivals(round_figures(report.content)), flush=True)
    ours = results.failed.get("bungalow")
    if ours:
        raise Failure(f"bungalow: {ours}; {report.left()}")
    say(report.publish())
    if report.path == published.RESULTS / "rivals.json":
        published.put("rivals")


def measure_peers(arguments, report):
    named = (arguments.scenario or []) + (arguments.peer or [])
    peers = [peer for peer in PEERS if not arguments.peer or peer.name in arguments.peer]
    work = combinations(chosen(arguments.scenario, arguments.full), peers, named)
    build(peers)
    try:
        with on_core(LOAD_CORE):
            run_all(arguments, work, peers, report)
    except Failure:
        say(report.left())
        raise
    say(report.publish())
    if any(peer.is_ours for peer in peers):
        run_aloud("the count of allocations", [ROOT / "Benchmarks/allocations/run", "release"])


def main():
    arguments = parse_arguments()
    if not {0, 1} <= os.sched_getaffinity(0):
        raise Failure("two cores are needed, 0 and 1: one for the server, one for the load")
    run_aloud("script/bootstrap --bench", [ROOT / "script/bootstrap", "--bench"])
    output, copy = output_of(arguments)
    overrides = {name: os.environ[name] for name in OVERRIDES if name in os.environ}
    settings = {"rounds": arguments.rounds, "seconds": arguments.seconds, "overrides": overrides}
    report = Report(output, {**machine.facts(), **settings}, copy)
    (measure_rivals if arguments.rivals else measure_peers)(arguments, report)


# On exit, the `with` blocks end all started processes.
signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
try:
    main()
except (Failure, StartError) as failure:
    sys.exit(f"script/bench: {failure}")
except KeyboardInterrupt:
    sys.exit(130)
