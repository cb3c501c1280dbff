"""The scenarios that are measured."""
from dataclasses import dataclass

from .failure import Failure

SCORING = ("bungalow", "nginx", "go", "go-fastjson", "fastapi")
EVERYBODY = ("bungalow", "nio", "epoll", *SCORING[1:])


@dataclass(frozen=True)
class Scenario:
    """A load and the peers that get it; `rate` is the share of requests with an entry in the cache."""

    name: str
    title: str
    kind: str = "closed"  # or open, start, memory
    rate: float = 0
    records: int = 1
    connections: int = 32
    cache: str = "redis"
    loops: int = 1
    refused: bool = False
    peers: tuple = EVERYBODY
    quick: bool = False


SCENARIOS = (
    Scenario("misses", "One record per request, cache rate 0", rate=0, quick=True),
    Scenario("hits", "One record per request, cache rate 1", rate=1, quick=True),
    Scenario("mixed", "One record per request, cache rate 0.5 (alternating)", rate=0.5),
    Scenario("start", "From the start of the process to the first 200 on /readyz", kind="start", quick=True),
    Scenario("sqlite-misses", "One record per request, SQLite, cache rate 0", cache="sqlite", peers=("bungalow",)),
    Scenario(
        "sqlite-mixed", "One record per request, SQLite, cache rate 0.5", rate=0.5, cache="sqlite",
        peers=("bungalow",)),
    Scenario(
        "sqlite-hits", "One record per request, SQLite, cache rate 1", rate=1, cache="sqlite", peers=("bungalow",)),
    Scenario("batch-10", "10 records per request, cache rate 0", records=10, connections=8),
    Scenario("batch-100", "100 records per request, cache rate 0", records=100, connections=8),
    Scenario("batch-1000", "1 000 records per request, cache rate 0", records=1000, connections=8),
    Scenario("connections-512", "One record per request, cache rate 1, 512 connections", rate=1, connections=512),
    Scenario(
        "refused", "One record out of bounds per request: 422", rate=1, refused=True,
        peers=tuple(name for name in EVERYBODY if name != "nginx")),
    Scenario("half-load", "Open loop at half of each one's own peak, cache rate 1", kind="open", rate=1),
    Scenario(
        "memory", "Resident memory, idle and after a million requests, half of them misses", kind="memory", rate=0.5,
        peers=("bungalow", "go", "go-fastjson")),
    Scenario("two-loops-misses", "Two event loops, two cores (shared with the load), cache rate 0", loops=2),
    Scenario("two-loops-hits", "Two event loops, two cores (shared with the load), cache rate 1", rate=1, loops=2),
)


def chosen(names, full):
    """The scenarios with these names; without names, all or only the quick ones."""
    if names:
        return [scenario for scenario in SCENARIOS if scenario.name in names]
    return [scenario for scenario in SCENARIOS if full or scenario.quick]


def combinations(scenarios, peers, named):
    """Each scenario with the peers that take part in it; every named scenario and peer must be among them."""
    found = [(scenario, [peer for peer in peers if peer.name in scenario.peers]) for scenario in scenarios]
    found = [(scenario, taking_part) for scenario, taking_part in found if taking_part]
    measured = {scenario.name for scenario, _ in found} | {peer.name for _, some in found for peer in some}
    idle = [name for name in named if name not in measured]
    if idle or not found:
        raise Failure(f"nothing to measure for {', '.join(idle) or 'these peers'}: docs/measuring.md lists which "
                      "peers take part in which scenario")
    return found
