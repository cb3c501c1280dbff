"""Tests of the harness's arithmetic and of how it reads what other programs print."""
import json

import pytest

from harness import bodies, table
from harness.failure import Failure
from harness.figures import median, percentile, ratio, round_order, spread
from harness.load import parse_h2load_log, parse_wrk
from harness.peers import PEERS
from harness.processes import cpu_ticks, resident_kib
from harness.redis import parse_look_ups
from harness.scenarios import SCENARIOS, chosen
from harness.server import parse_look_ups as parse_metrics
from harness.vectors import batch_text, same_predictions

WRK_OUTPUT = """Running 3s test @ http://127.0.0.1:8000/predict
  1 threads and 32 connections
{"microseconds":2000000,"requests":90000,"bytes":99,"not_2xx":3,"failures":2,"p50_ms":0.700,"p99_ms":1.500}
"""


def rounds(calls, cpu):
    return {
        "calls_per_second": calls, "cpu_seconds_per_1000": cpu, "p99_ms": 1.0, "resident_mib": 20.0,
        "server_share": 1.0, "generator_share": 0.5, "redis_share": 0.2, "others_share": 0.0, "cache_rate": 0.0}


def test_the_median_is_the_middle_round_and_the_spread_is_relative_to_it():
    assert median([30, 10, 20]) == 20
    assert spread([30, 10, 20]) == 1
    assert spread([0, 0]) == 0


def test_a_percentile_is_the_nearest_rank():
    assert percentile(range(1, 101), 50) == 50
    assert percentile(range(1, 101), 99) == 99
    assert percentile(range(1, 1001), 99.9) == 999
    assert percentile([7], 99.9) == 7


def test_a_ratio_to_nothing_is_infinite():
    assert ratio(3, 2) == 1.5
    assert ratio(3, 0) == float("inf")


def test_rounds_are_interleaved():
    assert round_order("ABC", 2) == [(1, "A"), (1, "B"), (1, "C"), (2, "A"), (2, "B"), (2, "C")]


def test_figures_of_wrk_are_read_from_its_last_line():
    load = parse_wrk(WRK_OUTPUT, 1.25)
    assert (load.requests, load.seconds, load.not_2xx, load.failures) == (90000, 2.0, 3, 2)
    assert (load.p50_ms, load.p99_ms, load.generator_seconds) == (0.7, 1.5, 1.25)


def test_a_wrk_that_says_nothing_is_a_failure():
    with pytest.raises(Failure, match="unable to connect"):
        parse_wrk("unable to connect to 127.0.0.1:8000", 0)


def test_answers_of_h2load_are_counted_from_a_moment_on():
    log = "1000\t200\t500\n2000\t200\t700\n3000\t503\t900\n"
    assert parse_h2load_log(log, 2000) == ([0.7, 0.9], 1)


def test_processor_time_is_found_behind_a_name_with_spaces_and_brackets():
    stat = "42 (a ) b) S 1 42 42 0 -1 4194560 1 2 3 4 250 50 9 9 20 0 1 0 1 1 1"
    assert cpu_ticks(stat) == 300


def test_resident_memory_is_read_in_kib():
    assert resident_kib("Name:\tx\nVmHWM:\t  9 kB\nVmRSS:\t    2048 kB\n") == 2048


def test_look_ups_are_read_from_what_redis_says():
    assert parse_look_ups("# Stats\r\nkeyspace_hits:7\r\nkeyspace_misses:5\r\n") == (7, 5)


def test_look_ups_are_read_from_the_metrics():
    metrics = "".join(
        f'bungalow_cache_lookups_total{{result="{result}"}} {count}\n'
        for result, count in (("hit", 3), ("miss", 2), ("bypass", 1)))
    assert parse_metrics(metrics) == (3, 2)


def test_a_body_keeps_its_length_when_its_counter_changes():
    for records in (1, 10):
        template = bodies.template(records)
        other = template.replace(bodies.COUNTER, "12345678")
        assert len(template) == len(other) == len(bodies.fixed(records))
        assert json.loads(other)[0]["Population"] == 12345678
        assert len(json.loads(other)) == records


def test_vectors_are_sent_as_they_are_spelt():
    assert batch_text(["A", "B"], [["-0", "4.2e1"]]) == '[{"A": -0, "B": 4.2e1}]'


def test_predictions_are_compared_one_by_one():
    assert same_predictions([1.0, 2.0], [1.0, 2.0 + 1e-12])
    assert not same_predictions([1.0], [1.0, 2.0])
    assert not same_predictions([1.0], [1.001])


def test_every_scenario_names_peers_that_exist_and_has_a_name_of_its_own():
    names = {peer.name for peer in PEERS}
    assert all(set(scenario.peers) <= names for scenario in SCENARIOS)
    assert len({scenario.name for scenario in SCENARIOS}) == len(SCENARIOS)


def test_quick_scenarios_are_a_part_of_all():
    assert [scenario.name for scenario in chosen(None, False)] == ["misses", "hits", "start"]
    assert chosen(None, True) == list(SCENARIOS)
    assert [scenario.name for scenario in chosen(["hits"], True)] == ["hits"]


def test_the_summary_compares_calls_and_processor_time():
    results = {
        "misses": {"bungalow": [rounds(40_000, 0.02)], "go": [rounds(20_000, 0.05)]},
        "hits": {"bungalow": [rounds(60_000, 0.01)], "go": [rounds(20_000, 0.04)]},
    }
    text = table.summary(results, {"bungalow": "Bungalow", "go": "Go"})
    assert text.splitlines()[-1] == "| Go | 2.00 × (2.50 ×) | 3.00 × (4.00 ×) |"


def test_a_row_says_what_limited_it():
    scenario = chosen(["misses"], False)[0]
    assert table.notes(scenario, rounds(1, 1)) == []
    assert table.notes(scenario, {**rounds(1, 1), "server_share": 0.7, "generator_share": 0.8}) == [
        "the load's core was full, not the server's: compare CPU"]
    assert table.notes(scenario, {**rounds(1, 1), "server_share": 0.7, "others_share": 0.28}) == [
        "others used 28 % of the server's core"]
    assert table.notes(scenario, {**rounds(1, 1), "cache_rate": 0.4}) == ["the cache rate was 0.40"]
