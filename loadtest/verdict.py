"""Was the cache rate of a run as planned? Compares the plan, the responses and the servers' counters.

VOID: something differs, or the client could not keep up, so the figures mean nothing. UNPROVEN: some counters are
missing, for example those of a replica that vanished. PROVEN: all three agree.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, TypeAlias

if TYPE_CHECKING:
    from census import Census

OUTCOMES = ("hit", "miss", "bypass", "refused", "errors", "timeouts")
LOOK_UPS = ("hit", "miss", "bypass")
UNANSWERED = ("errors", "timeouts")
# A request may be rejected before its look-up (too many in flight) or after it (all of the model's threads are busy).
UNKNOWN = (*UNANSWERED, "refused")
EXIT_CODES = {"PROVEN": 0, "VOID": 3, "UNPROVEN": 4}
CPU_LIMIT = 0.9
# Code and text.
Reason: TypeAlias = tuple[str, str]


def none_yet() -> dict[str, int]:
    return dict.fromkeys(OUTCOMES, 0)


@dataclass
class Tally:
    """The requests' outcomes as the client saw them, for hot and cold requests."""

    issued: int = 0
    planned_hot: int = 0
    hot: dict[str, int] = field(default_factory=none_yet)
    cold: dict[str, int] = field(default_factory=none_yet)
    warm: dict[str, int] = field(default_factory=none_yet)
    dropped_iterations: int = 0
    client_cpu: float | None = None
    cpu_limit: float = CPU_LIMIT
    # What else went wrong with the tool itself: lines for people.
    faults: list[str] = field(default_factory=list)
    # Codes and texts of the reasons why plan, responses and counters do not belong to one whole run.
    incomparable: list[Reason] = field(default_factory=list)
    # Entries that Redis evicted; None if they were not read.
    evicted: int | None = None

    def both(self, outcome: str) -> int:
        return self.hot[outcome] + self.cold[outcome]

    def seen(self) -> dict[str, int]:
        """In the format of run.schema.json."""
        return {outcome: self.both(outcome) for outcome in OUTCOMES} | {
            "hot_missed": self.hot["miss"],
            "cold_hit": self.cold["hit"],
        }


def plan_reasons(tally: Tally) -> Iterator[Reason]:
    """Where the responses differ from the plan."""
    hot, cold = sum(tally.hot.values()), sum(tally.cold.values())
    answered = sum(tally.both(outcome) for outcome in LOOK_UPS)
    if hot + cold == 0:
        yield "no_calls", "no request was sent"
    elif answered == 0:
        yield (
            "no_answers",
            (
                f"no response had status 200: of {hot + cold} requests, {tally.both('errors')} were errors, "
                f"{tally.both('refused')} rejected (503), {tally.both('timeouts')} timed out"
            ),
        )
    if hot + cold > 0 and (hot + cold, hot) != (tally.issued, tally.planned_hot):
        yield (
            "plan_broken",
            (
                f"{tally.issued} requests were issued, {tally.planned_hot} hot, but {hot + cold} ended, {hot} of them "
                "hot: requests were cut off, or their numbers have gaps"
            ),
        )


def cache_reasons(tally: Tally) -> Iterator[Reason]:
    """Where the cache did not do what the plan relies on."""
    if tally.hot["miss"]:
        yield (
            "hot_missed",
            (
                f"{tally.hot['miss']} hot requests were misses: their entries were evicted, deleted or expired "
                "(maxmemory, FLUSHALL, CACHE_TTL_SECONDS), or a new replica has a cache of its own"
            ),
        )
    if tally.cold["hit"]:
        yield "cold_hit", f"{tally.cold['hit']} cold requests were hits: another client had sent the same records"
    if tally.evicted:
        yield (
            "evicted",
            (
                f"Redis evicted {tally.evicted} entries: it is too small for what the run writes (maxmemory), and what "
                "it will evict next is chance"
            ),
        )
    if tally.both("bypass"):
        yield "bypassed", (
            f"{tally.both('bypass')} requests got no response from the cache: it is off, down or too slow "
            "(on a busy machine raise the server's CACHE_DEADLINE_MS)"
        )


def client_reasons(tally: Tally) -> Iterator[Reason]:
    """Where the client did not do what it should have."""
    if tally.dropped_iterations:
        yield (
            "dropped_iterations",
            (f"{tally.dropped_iterations} requests were due while no user was free: raise USERS or lower RATE"),
        )
    if tally.client_cpu is not None and tally.client_cpu > tally.cpu_limit:
        yield (
            "client_cpu",
            (
                f"the client wanted {tally.client_cpu:.0%} of its cores, more than {tally.cpu_limit:.0%}, and so "
                "measured itself: give it more cores, more workers, or less to do (THINK_TIME_MS, USERS, RATE)"
            ),
        )
    for fault in tally.faults:
        yield "tool_failed", fault


def counter_reasons(tally: Tally, census: Census) -> Iterator[Reason]:
    """Where the servers' look-ups differ from those that the client saw, as far as each request's outcome is known."""
    for name in LOOK_UPS:
        counted = census.total(name)
        if counted is None:
            continue
        least = tally.both(name) + tally.warm[name]
        unknown = {"hit": [tally.hot], "miss": [tally.cold], "bypass": [tally.hot, tally.cold]}[name]
        most = least + sum(calls[outcome] for calls in [*unknown, tally.warm] for outcome in UNKNOWN)
        if not least <= counted <= most:
            expected = f"{least}" if least == most else f"{least} to {most}"
            yield (
                "counters_differ",
                (
                    f"the servers counted {counted} look-ups of the kind {name}, the client saw {expected}: "
                    + (
                        "another client sent requests to the same servers"
                        if counted > most
                        else "not all replicas were counted (REPLICAS)"
                    )
                ),
            )
    refused = census.total("refused")
    if refused is not None and refused < tally.both("refused"):
        yield (
            "counters_differ",
            (
                f"the client saw {tally.both('refused')} rejections (503), but the servers counted {refused}: "
                "a proxy or gateway in between rejected the others"
            ),
        )


def census_reasons(tally: Tally, census: Census) -> Iterator[Reason]:
    """Why the counters are not those of all replicas."""
    for url, instances in census.shared().items():
        yield (
            "several_instances",
            (
                f"{len(instances)} servers share the address {url} ({', '.join(sorted(instances))}): set REPLICAS to "
                "the addresses of all of them, so that each is counted"
            ),
        )
    for replica in census.vanished():
        yield "replica_vanished", f"the replica {replica.instance} at {replica.url} was gone, or restarted, at the end"
    if not census.replicas:
        yield "counters_missing", f"no counters could be read ({census.source.name}): see REPLICAS"
    elif census.redis and tally.evicted is None:
        yield "counters_missing", f"Redis at {census.redis.url} did not report its evictions: see CACHE_URL"


def judge(tally: Tally, census: Census) -> tuple[str, list[dict[str, str]]]:
    """The verdict and its reasons. A replica that vanished makes a run unproven, not void."""
    if tally.incomparable:
        return "VOID", [{"code": code, "text": text} for code, text in tally.incomparable]
    void = [*plan_reasons(tally), *cache_reasons(tally), *client_reasons(tally)]
    unproven = [*census_reasons(tally, census)]
    if not unproven:
        void += counter_reasons(tally, census)
    verdict = "VOID" if void else "UNPROVEN" if unproven else "PROVEN"
    return verdict, [{"code": code, "text": text} for code, text in void + unproven]
