"""The command line: builds the peers, compares them with the contract, measures them by turns, prints the tables."""
import argparse
import json
import os
import signal
import sys
import time
from pathlib import Path

from . import machine, table
from .failure import Failure
from .figures import round_order
from .measure import measure
from .peers import PEERS, ROOT
from .redis import Redis
from .scenarios import SCENARIOS, chosen
from .server import LOAD_CORE, free_port, scratch_folder, serving
from .vectors import differences

LATEST = ROOT / "Benchmarks/results/latest.json"


def parse_arguments():
    parser = argparse.ArgumentParser(prog="script/bench", description="Measures Bungalow beside its peers.")
    parser.add_argument("--full", action="store_true", help="all scenarios; without it, those that take 5 minutes")
    parser.add_argument("--rounds", type=int, default=3, metavar="N", help="how often each is measured (3)")
    parser.add_argument("--seconds", type=int, metavar="S", help="how long each load lasts (3; with --full 5)")
    parser.add_argument(
        "--scenario", action="append", choices=[s.name for s in SCENARIOS], metavar="NAME",
        help="only this one; may be given again: " + ", ".join(s.name for s in SCENARIOS))
    parser.add_argument(
        "--peer", action="append", choices=[p.name for p in PEERS], metavar="NAME",
        help="only this one; may be given again: " + ", ".join(p.name for p in PEERS))
    parser.add_argument(
        "--output", type=Path, metavar="FILE",
        help="where the figures go (Benchmarks/results/latest.json, but nowhere where scenarios or peers are chosen)")
    arguments = parser.parse_args()
    arguments.seconds = arguments.seconds if arguments.seconds is not None else 5 if arguments.full else 3
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
    return found


def run_scenario(scenario, peers, redis, rounds, seconds):
    results = {peer.name: [] for peer in peers}
    for number, peer in round_order(peers, rounds):
        figures = measure(scenario, peer, redis, seconds)
        results[peer.name].append(figures)
        shown = ", ".join(f"{name} {value:.4g}" for name, value in list(figures.items())[:2])
        say(f"{scenario.name} {number}/{rounds} {peer.name}: {shown}")
    return results


def run_all(arguments, scenarios, peers):
    results = {}
    with scratch_folder() as folder, Redis(free_port(), LOAD_CORE, Path(folder)) as redis:
        found = compare(peers, redis)
        for scenario in scenarios:
            taking_part = [peer for peer in peers if peer.name in scenario.peers]
            if taking_part:
                results[scenario.name] = run_scenario(
                    scenario, taking_part, redis, arguments.rounds, arguments.seconds)
    return found, results


def write_figures(path, arguments, scenarios, found, results):
    report = {
        **machine.facts(),
        "rounds": arguments.rounds, "seconds": arguments.seconds, "differences": found,
        "scenarios": [
            {
                "name": scenario.name, "title": scenario.title, "connections": scenario.connections,
                "peers": {
                    peer: {"median": table.medians(rounds), "rounds": rounds}
                    for peer, rounds in results[scenario.name].items()},
            }
            for scenario in scenarios if scenario.name in results],
    }
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(round_figures(report), indent=1) + "\n")
    say(f"figures written to {path}")


def round_figures(value):
    if isinstance(value, float):
        return float(f"{value:.5g}")
    if isinstance(value, dict):
        return {key: round_figures(item) for key, item in value.items()}
    return [round_figures(item) for item in value] if isinstance(value, list) else value


def main():
    arguments = parse_arguments()
    if not {0, 1} <= os.sched_getaffinity(0):
        raise Failure("two cores are needed, 0 and 1: one for the server, one for the load")
    scenarios = chosen(arguments.scenario, arguments.full)
    peers = [peer for peer in PEERS if not arguments.peer or peer.name in arguments.peer]
    build(peers)
    # From here on the harness keeps off the server's core; its children are pinned one by one.
    os.sched_setaffinity(0, {int(LOAD_CORE)})
    found, results = run_all(arguments, scenarios, peers)
    print(table.render(scenarios, results, {peer.name: peer.title for peer in peers}, found))
    is_chosen = arguments.scenario or arguments.peer
    output = arguments.output or (None if is_chosen else LATEST)
    if output:
        write_figures(output, arguments, scenarios, found, results)


# The `with` blocks on the way out end what was started.
signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
try:
    main()
except Failure as failure:
    sys.exit(f"script/bench: {failure}")
except KeyboardInterrupt:
    sys.exit(130)
