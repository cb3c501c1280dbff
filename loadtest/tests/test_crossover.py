"""The measurement of when Redis pays: its arithmetic, and a short real one."""

import os
import subprocess

import pytest
from crossover import break_even

from tests.conftest import LOADTEST


@pytest.mark.parametrize(
    "without, hit, miss, words",
    [(2.0, 1.0, 3.0, "50.0%"), (2.0, 1.0, 2.0, "0.0%"), (1.0, 1.0, 2.0, "never"), (0.5, 1.0, 2.0, "never"),
        (2.0, 1.0, 1.9, "0.0%")],
)  # fmt: skip
def test_redis_pays_where_hits_save_more_than_misses_cost(without, hit, miss, words):
    assert break_even({"without": without, "hit": hit, "miss": miss}) == words


def test_the_crossover_is_measured_on_servers_of_its_own(binary, tmp_path):
    environment = {"PATH": os.environ["PATH"], "SERVER": str(binary), "RESULTS": str(tmp_path), "CALLS": "2"}
    environment |= {"BUSY": "0 3", "BATCHES": "1 100"}
    done = subprocess.run([LOADTEST / "crossover"], env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "crossover.md").read_text() == done.stdout and done.stdout.count("\n") == 2 + 4
    assert (tmp_path / "crossover.svg").read_text().count("<polyline") == 4
