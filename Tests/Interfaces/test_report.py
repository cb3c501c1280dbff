"""The page of `bungalow report` in a real browser: on a phone and on a desktop, with its runs named."""

import itertools
import shutil
import subprocess

import pytest

from testkit.processes import ROOT
from testkit.server import built_server

VECTORS = ROOT / "Tests/LoadReportTests/Vectors"


@pytest.fixture
def page(tmp_path):
    folder = tmp_path / "results with a rather long name that is written on one line"
    folder.mkdir()
    for path in sorted((VECTORS / "measured").iterdir()) + sorted((VECTORS / "tools").glob("mixed_*")):
        shutil.copy(path, folder)
    command = [built_server().with_name("bungalow"), "report", folder]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return folder / "report.html"


@pytest.fixture
def comparison(tmp_path):
    for side in ("baseline", "results"):
        shutil.copytree(VECTORS / "comparison/busy" / side, tmp_path / side)
    command = [built_server().with_name("bungalow"), "report", "--against", tmp_path / "baseline"]
    command += ["--fail-if", "cpu > +10%", "--fail-if", "p95 > 250ms", tmp_path / "results"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 3, done.stderr
    return tmp_path / "results/report.html"


@pytest.mark.parametrize("width", [390, 1200])
def test_a_comparison_shows_each_interval_and_what_must_not_happen(chromium, comparison, width):
    chromium.open_within(width, comparison.as_uri())
    figure = "[...document.querySelectorAll('figure')].find(one => one.textContent.includes('each with its interval'))"
    shown = f"[...({figure}).querySelectorAll('svg')].find(one => one.getBoundingClientRect().width > 0)"
    tips = chromium.run(f"[...({shown}).querySelectorAll('.point')].map(one => one.dataset.tip)")
    assert len(tips) == 5 and tips[0].endswith("slower") and tips[-1].endswith("costs more")
    # No label of the axis lies on the next one.
    boxes = chromium.run(
        f"[...({shown}).querySelectorAll('text')].filter(one => one.textContent.startsWith('×'))"
        ".map(one => one.getBoundingClientRect()).map(one => [one.left, one.right])")
    assert len(boxes) >= 3 and all(right <= left for (_, right), (left, _) in itertools.pairwise(boxes))
    verdicts = chromium.run("[...document.querySelectorAll('.claims')][0].innerText")
    assert "cpu > +10% is met" in verdicts and "p95 > 250ms is not met" in verdicts
    assert not chromium.complaints


@pytest.mark.parametrize("dark", [False, True])
@pytest.mark.parametrize("width", [390, 1200])
def test_report_fits_the_window_and_names_its_runs(chromium, page, width, dark):
    chromium.open_within(width, page.as_uri(), dark)
    shown = "[...document.querySelectorAll('svg')].filter(one => one.getBoundingClientRect().width > 0)"
    boxes = chromium.run(f"{shown}.map(one => [one.getBoundingClientRect().left, one.getBoundingClientRect().right])")
    assert len(boxes) >= 6 and all(0 <= left < right <= width for left, right in boxes)
    names = chromium.run(f"{shown}.flatMap(one => [...one.querySelectorAll('.named')].map(name => name.textContent))")
    assert {"cache-0.75-1", "saturation"} <= set(names)
    # Letters that a person can read.
    heights = chromium.run(f"{shown}.map(one => one.querySelector('text').getBoundingClientRect().height)")
    assert min(heights) >= 9
    assert not chromium.complaints
