"""The lines printed at the end of a run are those that the documents show."""

from run_file import describe

from tests.conftest import LOADTEST

ROOT = LOADTEST.parent


def percentiles(*values):
    return dict(zip(("p50", "p90", "p95", "p99", "p99.9"), values, strict=True))


def entry(calls, hot, rate, seen, **facts):
    outcomes = {"hit": 0, "miss": 0, "bypass": 0, "refused": 0, "errors": 0, "timeouts": 0} | seen
    warm = {"hit": 3, "miss": 1} if hot else {"hit": 0, "miss": 0}
    counted = {"hits": outcomes["hit"] + warm["hit"], "misses": outcomes["miss"] + warm["miss"], "bypasses": 0}
    return {
        "planned": {"calls": calls, "hot": hot}, "cache_rate": rate, "seen": outcomes, "warm_up": warm,
        "counters": [counted], "client_cpu": 0.04, "rate": {"achieved": 163.84},
        "latency_ms": {"peak": None, "sustained": None}, "verdict": "PROVEN", "reasons": [], **facts,
    }  # fmt: skip


def test_the_readme_shows_what_a_run_prints():
    latency = {
        "peak": percentiles(0.45, 0.55, 0.6, 2.41, 2.81), "sustained": percentiles(0.59, 0.94, 1.02, 2.77, 3.31)
    }  # fmt: skip
    run = entry(4916, 3687, 0.75, {"hit": 3687, "miss": 1229}, latency_ms=latency)
    assert f"```\n{describe(run)}\n```" in (ROOT / "README.md").read_text()


def test_the_experiments_show_what_a_search_for_saturation_prints():
    rounds = [{"rate": rate, "users": 8} for rate in (154.8, 156.5, 156.5)]
    found = {
        "rounds": rounds, "rate": 156.5, "spread": 0.01, "p50_ms": 51.2, "p99_ms": 53.1, "working_point": 109.52
    }  # fmt: skip
    printed = describe(entry(13137, 0, 0.0, {"miss": 12366, "refused": 771}, saturation=found)).splitlines()
    # The rate and the latencies of the whole run mean little here, so the document leaves them out.
    shown = "\n".join([*printed[:3], "…", *printed[7:]])
    assert f"\n{shown}\n```" in (ROOT / "docs/experiments.md").read_text()


def test_a_phase_without_a_200_is_not_called_one_without_responses():
    lines = describe(entry(10, 0, 0.0, {"refused": 10})).splitlines()
    assert lines[1].endswith("a hit rate of n/a; rejected 10, errors 0, time-outs 0")
    assert lines[-2] == "sustained no response with status 200"
