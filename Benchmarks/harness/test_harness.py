"""Tests of the harness's arithmetic and of how it reads what other programs print."""
import json
import sys

import pytest

from harness import bodies, processes, published, rivals, table
from harness.checks import check_answers, check_bypasses, check_log, check_vectors
from harness.failure import Failure
from harness.figures import median, percentile, ratio, round_order, spread
from harness.load import Load, open_loop_connections, parse_h2load_log, parse_h2load_totals, parse_wrk
from harness.measure import Usage, look_up_figures
from harness.peers import PEERS
from harness.processes import Child, cpu_ticks, is_alive, resident_kib
from harness.redis import parse_look_ups
from harness.report import Report
from harness.rivals import RIVALS, Results, floor_texts, installed_mib, libraries
from harness.scenarios import SCENARIOS, chosen, combinations
from harness.server import count_calls, looked_up
from harness.server import parse_look_ups as parse_metrics
from harness.vectors import batch_text, differences, same_predictions
from testkit.processes import wait_until

WRK_OUTPUT = """Running 3s test @ http://127.0.0.1:8000/predict
  1 threads and 32 connections
{"microseconds":2000000,"requests":90000,"not_2xx":3,"status_422":1,"failures":2,"p50_ms":0.700,"p99_ms":1.500}
"""
H2LOAD_TOTALS = """
requests: 90 total, 90 started, 90 done, 90 succeeded, 0 failed, 0 errored, 0 timeout
status codes: 90 2xx, 0 3xx, 0 4xx, 0 5xx
"""
linux = pytest.mark.skipif(sys.platform != "linux", reason="the measured servers run on Linux only")
BY_NAME = {item.name: item for item in (*PEERS, *SCENARIOS)}


def rounds(calls, cpu):
    return {
        "calls_per_second": calls, "cpu_seconds_per_1000": cpu, "p99_ms": 1.0, "resident_mib": 20.0,
        "server_share": 1.0, "generator_share": 0.5, "redis_share": 0.2, "others_share": 0.0, "cache_rate": 0.0,
        "look_ups_per_call": 1.0}


def load_of(**figures):
    return Load(**{
        "seconds": 1.0, "requests": 100, "not_2xx": 0, "failures": 0, "p50_ms": 1.0, "p99_ms": 1.0,
        "generator_seconds": 0.5, **figures})


def used(**figures):
    usage = Usage.__new__(Usage)
    vars(usage).update({"hits": 0, "misses": 0, "bypasses": 0, **figures})
    return usage


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
    assert (load.requests, load.seconds, load.not_2xx, load.status_422, load.failures) == (90000, 2.0, 3, 1, 2)
    assert (load.p50_ms, load.p99_ms, load.generator_seconds) == (0.7, 1.5, 1.25)


def test_a_wrk_that_prints_nothing_is_a_failure():
    with pytest.raises(Failure, match="unable to connect"):
        parse_wrk("unable to connect to 127.0.0.1:8000", 0)


def test_responses_of_h2load_are_counted_from_a_given_time_on():
    log = "1000\t200\t500\n2000\t200\t700\n3000\t503\t900\n"
    assert parse_h2load_log(log, 2000) == ([0.7, 0.9], 1)


def test_the_totals_of_h2load_count_and_each_call_that_failed_is_a_failure():
    assert parse_h2load_totals(H2LOAD_TOTALS) == 90
    for spoilt in ("0 failed", "0 errored", "0 timeout"):
        with pytest.raises(Failure, match="open loop"):
            parse_h2load_totals(H2LOAD_TOTALS.replace(spoilt, "1" + spoilt[1:]))
    with pytest.raises(Failure, match="no figures"):
        parse_h2load_totals("unable to connect")


def test_an_open_loop_has_fewer_connections_where_each_would_send_less_than_four_calls_a_second():
    assert [open_loop_connections(rate) for rate in (100_000, 256, 40, 3)] == [64, 64, 10, 1]


def test_an_invalid_request_must_get_a_422_and_nothing_else():
    refused = BY_NAME["refused"]
    check_answers(refused, BY_NAME["go"], load_of(not_2xx=100, status_422=100))
    check_answers(refused, BY_NAME["go"], load_of(not_2xx=100))
    check_answers(refused, BY_NAME["nio"], load_of(status_422=0))
    for spoilt in ({"not_2xx": 100, "status_422": 99}, {"not_2xx": 99}, {"not_2xx": 100, "failures": 1}):
        with pytest.raises(Failure, match="go, refused: 100 responses"):
            check_answers(refused, BY_NAME["go"], load_of(**spoilt))


def test_lines_are_counted_by_their_status(tmp_path):
    log = tmp_path / "log"
    lines = ['1.2.3.4 - - [x] "POST /predict HTTP/1.1" 422 9 "-" "-"', 'x - "POST /predict HTTP/1.1" 422 Content',
             '1.2.3.4 - - [x] "POST /predict HTTP/1.1" 503 422 "-" "-"', '{"prediction": [1.0]}']
    log.write_text("".join(line + "\n" for line in lines))
    assert count_calls(log, 422) == 2
    assert count_calls(log, 200) == 0


def test_a_peer_that_scores_has_logged_its_warm_up_and_its_load():
    check_log(BY_NAME["hits"], BY_NAME["go"], 1000, 1003)
    check_log(BY_NAME["hits"], BY_NAME["nio"], 1000, 0)
    with pytest.raises(Failure, match="go, hits: only 999 of 1000 requests logged with status 200"):
        check_log(BY_NAME["hits"], BY_NAME["go"], 1000, 999)


def test_a_peer_that_never_uses_the_cache_is_reported():
    figures = look_up_figures(BY_NAME["misses"], BY_NAME["go"], used(), 100)
    assert figures == {"cache_rate": 0.0, "look_ups_per_call": 0.0}
    assert table.notes(BY_NAME["misses"], [rounds(1, 1) | figures]) == ["requests that asked the cache: 0 %"]
    assert look_up_figures(BY_NAME["misses"], BY_NAME["nio"], used(), 100) == {}


def test_a_bungalow_that_bypasses_its_cache_is_a_failure():
    figures = look_up_figures(BY_NAME["hits"], BY_NAME["bungalow"], used(hits=100, bypasses=1), 100)
    assert figures == {"cache_rate": 1.0, "look_ups_per_call": 1.0}
    with pytest.raises(Failure, match="100 of 100 requests bypassed the cache"):
        check_bypasses(BY_NAME["hits"], BY_NAME["bungalow"], 100, 100)


def test_only_bungalow_must_not_differ_from_the_vectors():
    check_vectors(BY_NAME["bungalow"], [])
    check_vectors(BY_NAME["nginx"], ["no validation"])
    with pytest.raises(Failure, match="bungalow fails its own vectors: query_key differs in 1 of 20 responses"):
        check_vectors(BY_NAME["bungalow"], ["query_key differs in 1 of 20 responses"])


def test_processor_time_is_found_after_a_name_with_spaces_and_brackets():
    stat = "42 (a ) b) S 1 42 42 0 -1 4194560 1 2 3 4 250 50 9 9 20 0 1 0 1 1 1"
    assert cpu_ticks(stat) == 300


def test_resident_memory_is_read_in_kib():
    assert resident_kib("Name:\tx\nVmHWM:\t  9 kB\nVmRSS:\t    2048 kB\n") == 2048


def test_look_ups_are_read_from_redis_info():
    assert parse_look_ups("# Stats\r\nkeyspace_hits:7\r\nkeyspace_misses:5\r\n") == (7, 5)


def test_look_ups_are_read_from_the_metrics():
    metrics = "".join(
        f'bungalow_cache_lookups_total{{result="{result}"}} {count}\n'
        for result, count in (("hit", 3), ("miss", 2), ("bypass", 1)))
    assert parse_metrics(metrics) == (3, 2, 1)


def test_a_body_keeps_its_length_when_its_counter_changes():
    for records in (1, 10):
        template = bodies.template(records)
        other = template.replace(bodies.COUNTER, "12345678")
        assert len(template) == len(other) == len(bodies.fixed(records))
        assert json.loads(other)[0]["Population"] == 12345678
        assert len(json.loads(other)) == records


def test_vectors_are_sent_byte_for_byte():
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


def test_a_named_peer_takes_part_or_is_a_failure():
    sqlite, hits = BY_NAME["sqlite-hits"], BY_NAME["hits"]
    ours, go = BY_NAME["bungalow"], BY_NAME["go"]
    assert combinations([sqlite, hits], [ours, go], []) == [(sqlite, [ours]), (hits, [ours, go])]
    assert combinations([sqlite, hits], [go], ["go"]) == [(hits, [go])]
    for scenarios, peers, named, missing in (
            ([sqlite], [go], ["go"], "go"), ([sqlite, hits], [go], ["sqlite-hits", "go"], "sqlite-hits"),
            ([sqlite], [ours, go], ["sqlite-hits", "bungalow", "go"], "go"), ([sqlite], [], [], "these peers")):
        with pytest.raises(Failure, match=f"nothing to measure for {missing}"):
            combinations(scenarios, peers, named)


def test_ratios_are_those_of_the_rounds_and_not_of_the_medians():
    ours, theirs = [rounds(40, 2), rounds(90, 1), rounds(60, 4)], [rounds(20, 4), rounds(30, 4), rounds(10, 4)]
    found = table.ratios(ours, theirs)
    assert found == {"calls_per_second": [2, 3, 6], "cpu_seconds_per_1000": [2, 4, 1]}
    assert table.summarised(found["calls_per_second"]) == {"median": 3, "min": 2, "max": 6}
    assert table.against(ours, theirs) == ["3.00 × (2.00–6.00)", "2.00 × (1.00–4.00)"]
    assert table.against(ours, ours) == table.against(None, theirs) == ["–", "–"]


def test_the_summary_compares_calls_and_processor_time():
    results = {
        "misses": {"bungalow": [rounds(40_000, 0.02)], "go": [rounds(20_000, 0.05)]},
        "hits": {"bungalow": [rounds(60_000, 0.01)], "go": [rounds(20_000, 0.04)]},
    }
    text = table.summary(results, {"bungalow": "Bungalow", "go": "Go"})
    assert text.splitlines()[-1] == "| Go | 2.00 × | 2.50 × | 3.00 × | 4.00 × |"


def test_a_row_shows_what_limited_it():
    scenario = BY_NAME["misses"]
    assert table.notes(scenario, [rounds(1, 1)]) == []
    assert table.notes(scenario, [{**rounds(1, 1), "server_share": 0.7, "generator_share": 0.8}]) == [
        "the load's core was full, not the server's: compare CPU"]
    assert table.notes(scenario, [{**rounds(1, 1), "server_share": 0.7, "others_share": 0.28}]) == [
        "others on the server's core: 28 %"]


def test_each_round_is_judged_on_its_own():
    good, bad = rounds(1, 1), {**rounds(1, 1), "cache_rate": 0.4}
    assert table.notes(BY_NAME["misses"], [good, bad, good]) == ["cache rate: 0.40 (round 2)"]
    assert table.notes(BY_NAME["misses"], [bad, good, bad]) == ["cache rate: 0.40, 0.40 (rounds 1, 3)"]


def test_an_open_loop_that_is_too_slow_is_reported():
    assert table.notes(BY_NAME["half-load"], [{"rate": 99.5, "asked_per_second": 100}]) == []
    assert table.notes(BY_NAME["half-load"], [{"rate": 90, "asked_per_second": 100}]) == [
        "reached of the asked rate: 90 %"]


def test_figures_are_kept_in_a_file_beside_until_they_are_complete(tmp_path):
    report = Report(tmp_path / "new" / "figures.json", {"commit": None})
    by_peer = {"bungalow": [rounds(40, 2)], "go": [rounds(20, 4)]}
    report.add(BY_NAME["misses"], by_peer)
    assert not report.path.exists()
    content = json.loads(report.partial.read_text())
    ratio_of_calls = content["scenarios"][0]["peers"]["go"]["bungalow_ratio"]["calls_per_second"]
    assert ratio_of_calls == {"median": 2, "min": 2, "max": 2}
    report.publish()
    assert json.loads(report.path.read_text()) == content and not report.partial.exists()


def test_without_a_place_nothing_is_written():
    report = Report(None, {})
    report.add(BY_NAME["misses"], {"go": [rounds(20, 4)]})
    assert report.publish() == "no file of figures was written: --output FILE writes one"


def test_a_place_that_cannot_be_written_is_a_failure_at_once(tmp_path):
    with pytest.raises(Failure, match="is not a file"):
        Report(tmp_path, {})
    (tmp_path / "file").touch()
    with pytest.raises(Failure, match="cannot be written"):
        Report(tmp_path / "file" / "figures.json", {})


class FakeServer:
    """Responds to the vectors by a script: a function of the batch and of how often it was sent."""

    def __init__(self, peer, respond):
        self.peer, self.respond, self.asked = peer, respond, 0

    def ask(self, body, redis):
        self.asked += 1
        return self.respond(body, self.asked)


class FakeRedis:
    def flush(self):
        pass


def right_answers(caches=("MISS", "HIT")):
    """The responses of a server that keeps the contract to the vectors, each sent twice."""
    from harness.peers import MODEL
    from harness.vectors import VECTORS, score

    vectors, model = json.loads(VECTORS.read_text()), json.loads(MODEL.read_text())
    cases = {batch_text(vectors["fields"], case["records"]): case for case in vectors["cases"]}

    def respond(body, asked):
        case = cases[body]
        predictions = [score(model, [float(number) for number in record]) for record in case["records"]]
        answer = json.dumps({"query_key": case["query_key"], "prediction": predictions})
        return 200, caches[(asked - 1) % 2], answer

    return respond, len(vectors["cases"])


def test_a_rival_must_match_key_prediction_and_cache_of_each_vector():
    respond, cases = right_answers()
    assert differences(FakeServer(BY_NAME["go"], respond), FakeRedis()) == []
    hit_at_once, _ = right_answers(("HIT", "HIT"))
    assert differences(FakeServer(BY_NAME["go"], hit_at_once), FakeRedis()) == [
        f"X-Cache differs in {cases} of {2 * cases} responses"]
    spoilt = {
        "query_key": lambda answer: {**answer, "query_key": "0" * 32},
        "prediction": lambda answer: {**answer, "prediction": [*answer["prediction"], 0.0]}}
    for what, spoil in spoilt.items():
        def other(body, asked, spoil=spoil):
            status, cache, text = respond(body, asked)
            return status, cache, json.dumps(spoil(json.loads(text)))

        assert differences(FakeServer(BY_NAME["go"], other), FakeRedis()) == [
            f"{what} differs in {2 * cases} of {2 * cases} responses"]


def test_the_result_of_a_look_up_is_read_from_the_counters_of_redis():
    assert [looked_up((5, 5), after) for after in ((6, 5), (5, 6), (5, 5), (6, 6))] == [
        "HIT", "MISS", "BYPASS", "BYPASS"]


def test_every_rival_has_a_name_and_loads_that_exist():
    assert len({rival.name for rival in RIVALS}) == len(RIVALS)
    assert all(set(rival.loads) <= set(BY_NAME) for rival in RIVALS)
    assert {rival.name for rival in RIVALS if rival.two_loops} == {
        "bungalow", "rust", "rust-httparse", "go-fastjson", "nginx"}


def test_a_rival_that_fails_loses_only_its_own_row():
    go, mosec = (next(rival for rival in RIVALS if rival.name == name) for name in ("go-fastjson", "mosec"))
    results = Results([go, mosec])

    def action(rival):
        if rival is mosec:
            raise Failure("mosec ended with exit code 1:\n  no such module")
        results.rounds[rival.name].append({"misses": rounds(20, 4)})

    for rival in (go, mosec, go, mosec):
        results.guard(rival, action, rival)
    assert results.failed == {"mosec": "mosec ended with exit code 1: no such module"}
    assert results.by_scenario() == {"misses": {"go-fastjson": [rounds(20, 4)] * 2}}
    assert results.facts()["mosec"]["failed"] == results.failed["mosec"]


def test_a_round_that_failed_is_measured_once_more_and_the_table_notes_it(monkeypatch):
    rust = next(rival for rival in RIVALS if rival.name == "rust")
    outcomes = [Failure("h2load stood still"), {"misses": rounds(20, 4)}, Failure("gone"), Failure("gone for good")]

    def next_outcome(*_):
        if isinstance(outcome := outcomes.pop(0), Failure):
            raise outcome
        return outcome

    monkeypatch.setattr(rivals, "measure_round", next_outcome)
    results = Results([rust])
    for _ in range(2):
        results.guard(rust, rivals.measure, rust, None, 1, results)
    assert results.rounds["rust"] == [{"misses": rounds(20, 4)}]
    assert results.repeated == {"rust": ["h2load stood still", "gone"]} and results.failed == {"rust": "gone for good"}


@linux
def test_what_a_server_has_started_ends_with_it(tmp_path, monkeypatch):
    monkeypatch.setattr(processes, "ORPHAN_SECONDS", 0.2)
    # The grandchild is in a session of its own and ignores SIGTERM.
    script = "setsid sh -c 'trap : TERM; echo $$; while :; do sleep 0.1; done' & wait"
    with Child("parent", ["sh", "-c", script], "0", {}, tmp_path) as child:
        wait_until(lambda: child.stdout.read_text().strip(), "the grandchild's pid")
        grandchild = int(child.stdout.read_text())
        assert grandchild in child.pids() and is_alive(grandchild)
    assert not is_alive(child.process.pid) and not is_alive(grandchild)


def test_a_block_is_put_where_the_document_has_it(tmp_path, monkeypatch):
    begin, end = "<!-- rivals: made from Benchmarks/results -->\n", "<!-- end of rivals -->\n"
    (tmp_path / "README.md").write_text(f"before\n{begin}{end}after\n")
    monkeypatch.setattr(published, "ROOT", tmp_path)
    for text in ("first", "second\n\nwith \\1 in it"):
        monkeypatch.setitem(published.BLOCKS, "rivals", ("README.md", lambda text=text: text))
        published.put("rivals")
        assert published.in_file("rivals") == text
        assert (tmp_path / "README.md").read_text() == f"before\n{begin}{text}\n{end}after\n"


def test_the_floor_answers_and_digests_what_a_large_batch_does():
    answer, printed = floor_texts({"coefficients": [0.0] * 8, "intercept": 1.5})
    records = json.loads(bodies.fixed(1000))
    content = json.loads(answer)
    assert content["inputs"] == records and content["prediction"] == [1.5] * 1000
    assert printed.startswith(
        "[UserIn(MedInc=8.3252, HouseAge=1.0, AveRooms=6.98, AveBedrms=1.02, Population=99999999.0, AveOccup=2.55, "
        "Latitude=37.88, Longitude=-122.23), UserIn(")
    assert printed.endswith(")]") and printed.count("UserIn(") == 1000


def test_an_installation_is_all_its_files(tmp_path):
    for name in ("a", "b"):
        (tmp_path / name).write_bytes(bytes(1 << 20))
    assert installed_mib([tmp_path / "a", tmp_path / "b"]) == 2


@linux
def test_the_libraries_of_a_program_are_part_of_its_installation():
    assert any("libc.so" in path.name for path in libraries("/bin/sh"))


def test_figures_of_other_programs_are_shown_with_their_machine():
    content = {
        "command": "Benchmarks/x/run", "date": "2026-11-27T18:00:00Z", "machine": {"cores": 2, "cpu": "a processor"},
        "columns": ["seconds", "held"], "rows": {"search": [1.5, "yes"]}}
    assert published.others([content]) == (
        "`Benchmarks/x/run` on 2 cores of a processor, 2026-11-27:\n\n|  | seconds | held |\n|---|--:|--:|\n"
        "| search | 1.5 | yes |")
    assert published.others([]) == published.NOT_MEASURED


def rival_results(failed=None, only=("bungalow", "rust", "mosec", "floor")):
    ours, theirs = rounds(40_000, 0.02), rounds(50_000, 0.01)
    results = Results([rival for rival in RIVALS if rival.name in only])
    for name, figures in (("bungalow", ours), ("rust", theirs), ("mosec", rounds(400, 2.0))):
        if name not in only:
            continue
        start = {"ready_ms": 40.0 if name == "bungalow" else 50.0, "idle_mib": 20.0}
        results.rounds[name] = [{"misses": figures, "batch-1000": figures, "start": start}]
        results.installed[name] = 30.0
    if "floor" in only:
        results.rounds["floor"] = [{"batch-1000": rounds(90_000, 0.005)}]
    if failed:
        results.failed["mosec"] = failed
        results.rounds["mosec"] = []
    report = Report(None, {
        "date": "2026-11-27T18:00:00Z", "machine": {"cores": 2, "cpu": "a processor"}, "rounds": 1, "seconds": 2,
        "overrides": {}})
    rivals.note(report, results)
    return report.content


def test_the_table_of_rivals_shows_where_one_is_ahead():
    text = published.rivals(rival_results())
    assert "the medians of 1 rounds on 2 cores of a processor, 2026-11-27." in text and "each load for 2 s." in text
    rust = next(line for line in text.splitlines() if line.startswith("| Rust"))
    assert "50 000 (0.80 ×)" in rust and "10.0 (0.50 ×)" in rust
    contested = text[text.index("In the following figures, Bungalow"):]
    assert "|  | Rust: hyper + tokio |" in contested
    assert "| requests/s, cache rate 0 | 0.800 |" in contested and "| CPU, cache rate 0 | 0.500 |" in contested
    assert "mosec" not in contested
    assert text.endswith("takes 0.005 ms. Bungalow takes 4.00 times as long.")


def test_a_row_with_a_contested_ratio_shows_the_other_ratios_too():
    content = rival_results()
    peers = {scenario["name"]: scenario["peers"] for scenario in content["scenarios"]}
    peers["misses"]["rust"]["bungalow_ratio"]["calls_per_second"]["median"] = 1.066
    peers["misses"]["mosec"]["bungalow_ratio"]["calls_per_second"]["median"] = 1.049
    del peers["batch-1000"]["mosec"]
    contested = published.rivals(content).partition("In the following figures")[2]
    assert "| requests/s, cache rate 0 | 1.066 | 1.049 |" in contested
    assert "| requests/s, batches of 1 000 | 0.800 | not measured |" in contested


def test_rivals_without_bungalow_have_a_table_too():
    text = published.rivals(rival_results(only=("mosec",)))
    assert "| mosec | 400 | – | 400 | 2000.0 |" in text and "In the following" not in text


def test_the_table_of_rivals_names_the_unmeasured_and_why():
    lines = published.rivals(rival_results("mosec: exit code 1 | no pip")).splitlines()
    row = next(line for line in lines if line.startswith("| mosec"))
    assert row.startswith("| mosec | not measured: mosec: exit code 1 / no pip |")
    assert row.count("|") == next(line for line in lines if line.startswith("| Bungalow")).count("|")


@pytest.mark.parametrize("name", published.BLOCKS)
def test_what_a_document_shows_is_made_from_the_file_of_figures(name):
    assert published.in_file(name) == published.BLOCKS[name][1]()
