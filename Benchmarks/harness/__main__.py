"""The command line: builds the peers, compares them with the contract, measures them by turns, prints the tables."""
import argparse
import os
import signal
import sys
import time
from contextlib import contextmanager
from pathlib import Path

from testkit.processes import ROOT, StartError

from . import machine, table
from .checks import check_vectors
from .failure import Failure
from .figures import round_order
from .measure import measure
from .peers import PEERS
from .processes import run_aloud
from .redis import Redis
from .report import Report
from .scenarios import SCENARIOS, chosen, combinations
from .server import LOAD_CORE, scratch_folder, serving
from .vectors import differences

# What is published, and what a quick look leaves.
LATEST, FULL = ROOT / "Benchmarks/results/latest.json", ROOT / "Benchmarks/results/full.json"
PUBLISHED_ROUNDS = 3


def parse_arguments():
    parser = argparse.ArgumentParser(prog="script/bench", description="Measures Bungalow beside its peers.")
    parser.add_argument("--full", action="store_true", help="all scenarios; without it, those that take 5 minutes")
    parser.add_argument("--rounds", type=int, metavar="N", help="how often each is measured (3; with --full 5)")
    parser.add_argument("--seconds", type=int, default=3, metavar="S", help="how long each load lasts (3)")
    parser.add_argument(
        "--scenario", action="append", choices=[s.name for s in SCENARIOS], metavar="NAME",
        help="only this one; may be given again: " + ", ".join(s.name for s in SCENARIOS))
    parser.add_argument(
        "--peer", action="append", choices=[p.name for p in PEERS], metavar="NAME",
        help="only this one; may be given again: " + ", ".join(p.name for p in PEERS))
    parser.add_argument(
        "--output", type=Path, metavar="FILE",
        help="where the figures go (Benchmarks/results/latest.json, and full.json beside it with --full; nowhere "
        "with fewer than 3 rounds, or where scenarios or peers are chosen)")
    arguments = parser.parse_args()
    arguments.rounds = arguments.rounds if arguments.rounds is not None else 5 if arguments.full else 3
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
            found[peer.name] = differences(server)
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
    """Measures everything; what was measured before a failure is printed and kept all the same."""
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
    """Where the figures go, and where a copy: only a full run takes the place of those that are published."""
    if arguments.output or arguments.scenario or arguments.peer:
        return arguments.output and arguments.output.absolute(), None
    if arguments.rounds < PUBLISHED_ROUNDS:
        say(f"fewer than {PUBLISHED_ROUNDS} rounds: the figures go to no file")
        return None, None
    return LATEST, FULL if arguments.full else None


@contextmanager
def on_core(core):
    """Keeps the harness off the server's core; its children are pinned one by one."""
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {int(core)})
    try:
        yield
    finally:
        os.sched_setaffinity(0, before)


def main():
    arguments = parse_arguments()
    named = (arguments.scenario or []) + (arguments.peer or [])
    peers = [peer for peer in PEERS if not arguments.peer or peer.name in arguments.peer]
    work = combinations(chosen(arguments.scenario, arguments.full), peers, named)
    if not {0, 1} <= os.sched_getaffinity(0):
        raise Failure("two cores are needed, 0 and 1: one for the server, one for the load")
    run_aloud("script/bootstrap --bench", [ROOT / "script/bootstrap", "--bench"])
    output, copy = output_of(arguments)
    settings = {"rounds": arguments.rounds, "seconds": arguments.seconds}
    report = Report(output, {**machine.facts(), **settings}, copy)
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


# The `with` blocks on the way out end what was started.
signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
try:
    main()
except (Failure, StartError) as failure:
    sys.exit(f"script/bench: {failure}")
except KeyboardInterrupt:
    sys.exit(130)
