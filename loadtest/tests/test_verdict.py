"""Each reason of a verdict, triggered by changing one thing in a proven run."""

from pathlib import Path

import pytest
from census import Census, Replica
from counters import RedisInformation, parse_metrics, parse_redis_information
from verdict import EXIT_CODES, Tally, judge, none_yet

from tests.conftest import SCHEMA


class Source:
    name = "metrics"


def sample(hit=0, miss=0, bypass=0, refused=0):
    return {"time": "2026-11-21T12:00:00.000Z", "hit": hit, "miss": miss, "bypass": bypass, "refused": refused}


@pytest.fixture
def tally():
    """100 requests, 75 of them hot; 3 were rejected, and the warm-up had a miss and three hits."""
    tally = Tally(issued=100, planned_hot=75)
    tally.hot |= {"hit": 73, "refused": 2}
    tally.cold |= {"miss": 24, "refused": 1}
    tally.warm |= {"hit": 3, "miss": 1}
    return tally


@pytest.fixture
def census():
    """Two replicas that counted the requests; one of them joined during the run."""
    census = Census(Source())
    census.replicas["a"] = Replica("a", "http://a", sample(10, 20, 0, 5), sample(10 + 50, 20 + 15, 0, 5 + 3))
    census.replicas["b"] = Replica("b", "http://b", None, sample(26, 10))
    return census


def codes(tally, census):
    verdict, reasons = judge(tally, census)
    assert all(reason["text"] for reason in reasons)
    return verdict, [reason["code"] for reason in reasons]


def test_a_run_is_proven_when_plan_responses_and_counters_agree(tally, census):
    assert codes(tally, census) == ("PROVEN", [])


def lose_a_call(tally, census):
    tally.hot["hit"] -= 1
    census.replicas["b"].last["hit"] -= 1


def swap_plans(tally, census):
    tally.hot["hit"] -= 1
    tally.cold["miss"] += 1
    census.replicas["b"].last["hit"] -= 1
    census.replicas["b"].last["miss"] += 1


def evict(tally, census):
    tally.hot["hit"] -= 1
    tally.hot["miss"] += 1
    census.replicas["b"].last["hit"] -= 1
    census.replicas["b"].last["miss"] += 1


def repeat_cold(tally, census):
    tally.cold["hit"] += 1
    tally.cold["miss"] -= 1
    census.replicas["b"].last["hit"] += 1
    census.replicas["b"].last["miss"] -= 1


def bypass(tally, census):
    tally.hot["hit"] -= 1
    tally.hot["bypass"] += 1
    census.replicas["b"].last["hit"] -= 1
    census.replicas["b"].last["bypass"] += 1


def count_more_hits_than_hot_calls(tally, census):
    census.replicas["a"].last["hit"] += 3


def count_a_miss_less(tally, census):
    census.replicas["a"].last["miss"] -= 1


def refuse_on_the_way(tally, census):
    census.replicas["a"].last["refused"] -= 1


def forget_the_warm_up(tally, census):
    tally.warm["hit"] = 0


def drop(tally, census):
    tally.dropped_iterations = 1


def be_busy(tally, census):
    tally.client_cpu = 0.91


def fail(tally, census):
    tally.faults.append("k6 ended with exit code 107")


def leave_all_unanswered(tally, census):
    for calls in (tally.hot, tally.cold):
        calls.update(dict.fromkeys(calls, 0) | {"errors": sum(calls.values())})
    tally.warm = none_yet()
    for replica in census.replicas.values():
        replica.last = dict(replica.first or sample())


def refuse_all(tally, census):
    for calls in (tally.hot, tally.cold):
        calls.update(dict.fromkeys(calls, 0) | {"refused": sum(calls.values())})
    census.replicas["a"].last["refused"] += 97


def do_nothing(tally, census):
    for calls in (tally.hot, tally.cold, tally.warm):
        calls.update(dict.fromkeys(calls, 0))
    tally.issued = tally.planned_hot = 0
    for replica in census.replicas.values():
        replica.last = dict(replica.first or sample())


def make_room_in_redis(tally, census):
    tally.evicted = 1


def interrupt(tally, census):
    tally.incomparable.append(("interrupted", "the run was interrupted by SIGINT before its end"))


def lose_a_worker(tally, census):
    lose_a_call(tally, census)
    census.replicas["b"].last["hit"] += 5
    tally.incomparable.append(("tool_failed", "1 of 2 workers sent no results"))


VOID = {
    "plan_broken": [lose_a_call, swap_plans],
    "hot_missed": [evict],
    "cold_hit": [repeat_cold],
    "bypassed": [bypass],
    "counters_differ": [count_more_hits_than_hot_calls, count_a_miss_less, refuse_on_the_way, forget_the_warm_up],
    "dropped_iterations": [drop],
    "client_cpu": [be_busy],
    "tool_failed": [fail, lose_a_worker],
    "interrupted": [interrupt],
    "evicted": [make_room_in_redis],
    "no_calls": [do_nothing],
    "no_answers": [leave_all_unanswered, refuse_all],
}


UNPROVEN = ["replica_vanished", "several_instances", "counters_missing"]


@pytest.mark.parametrize(
    "code, mutate", [(code, each) for code, mutations in VOID.items() for each in mutations], ids=str
)
def test_a_run_is_void_for_one_reason_when_one_thing_is_changed(tally, census, code, mutate):
    mutate(tally, census)
    assert codes(tally, census) == ("VOID", [code])


def test_a_run_is_unproven_when_a_replica_is_gone_at_the_end(tally, census):
    census.replicas["a"].last = None
    assert codes(tally, census) == ("UNPROVEN", ["replica_vanished"])


def test_servers_that_share_an_address_are_distinguished_from_one_that_restarted(tally, census):
    census.replicas["c"] = Replica("c", "http://a", sample())
    census.answered = {"http://a": ["a", "c"], "http://b": ["b"]}
    assert codes(tally, census) == ("UNPROVEN", ["replica_vanished"])
    census.answered["http://a"].append("a")
    assert codes(tally, census) == ("UNPROVEN", ["several_instances"])


def test_one_rejected_request_does_not_make_a_run_void(tally, census):
    tally.hot["hit"] -= 1
    tally.hot["errors"] += 1
    assert codes(tally, census) == ("PROVEN", [])


def test_a_run_is_unproven_without_counters(tally, census):
    census.replicas.clear()
    assert codes(tally, census) == ("UNPROVEN", ["counters_missing"])


def test_a_configured_redis_has_to_report_its_evictions(tally, census):
    census.redis = RedisInformation("CACHE_URL", "redis://:secret@a")
    assert codes(tally, census) == ("UNPROVEN", ["counters_missing"])
    assert "redis://a:6379 " in judge(tally, census)[1][0]["text"]
    tally.evicted = 0
    assert codes(tally, census) == ("PROVEN", [])


def test_a_vanished_replica_does_not_excuse_what_the_responses_show(tally, census):
    census.replicas["a"].last = None
    evict(tally, census)
    assert codes(tally, census) == ("VOID", ["hot_missed", "replica_vanished"])


def test_every_reason_is_tried_and_void_exits_with_3_and_unproven_with_4():
    known = SCHEMA["properties"]["reasons"]["items"]["properties"]["code"]["enum"]
    assert set(VOID) | set(UNPROVEN) == set(known)
    assert EXIT_CODES == {"PROVEN": 0, "VOID": 3, "UNPROVEN": 4}


def test_requests_without_a_response_may_or_may_not_have_been_counted(tally, census):
    tally.hot["hit"] -= 2
    tally.hot["timeouts"] = 2
    for counted in (0, 1, 2):
        census.replicas["a"].last["hit"] = 60 - counted
        assert codes(tally, census) == ("PROVEN", [])
    census.replicas["a"].last["hit"] = 57
    assert codes(tally, census) == ("VOID", ["counters_differ"])
    # A hot request that timed out does not explain a missed look-up.
    census.replicas["a"].last["hit"] = 58
    census.replicas["a"].last["miss"] += 2
    assert codes(tally, census) == ("VOID", ["counters_differ"])


def test_a_rejected_request_may_or_may_not_have_been_looked_up(tally, census):
    for hits, misses in ((0, 0), (1, 1), (2, 1)):
        census.replicas["a"].last |= {"hit": 60 + hits, "miss": 35 + misses}
        assert codes(tally, census) == ("PROVEN", [])
    census.replicas["a"].last["miss"] += 1
    assert codes(tally, census) == ("VOID", ["counters_differ"])


def test_redis_counters_serve_for_servers_without_counters(tally):
    before = "run_id:abc\nkeyspace_hits:5\nkeyspace_misses:6\n"
    after = f"run_id:abc\nkeyspace_hits:{5 + 76}\nkeyspace_misses:{6 + 25}\n"
    census = Census(Source())
    instance, first = parse_redis_information(before)
    census.replicas[instance] = Replica(instance, "redis://a", first, parse_redis_information(after)[1])
    assert codes(tally, census) == ("PROVEN", [])


def test_the_documented_limit_is_right():
    text = (Path(__file__).resolve().parent.parent / "README.md").read_text()
    assert all(f"`{code}`" in text for code in [*VOID, *UNPROVEN])


def test_metrics_of_another_program_are_rejected():
    with pytest.raises(ValueError):
        parse_metrics("process_start_time_seconds 1\n")
