"""The page of `bungalow report` in a real browser: on a phone and on a desk, with its runs named."""

import shutil
import subprocess

import pytest

from testkit.processes import ROOT
from testkit.server import executable

VECTORS = ROOT / "Tests/LoadReportTests/Vectors"


@pytest.fixture
def page(tmp_path):
    folder = tmp_path / "results with a rather long name that nobody would break"
    folder.mkdir()
    for path in sorted((VECTORS / "measured").iterdir()) + sorted((VECTORS / "tools").glob("mixed_*")):
        shutil.copy(path, folder)
    command = [executable().with_name("bungalow"), "report", folder]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return folder / "report.html"


@pytest.mark.parametrize("dark", [False, True])
@pytest.mark.parametrize("width", [390, 1200])
def test_report_fits_the_window_and_names_its_runs(chromium, page, width, dark):
    chromium.window(width, 844, dark)
    chromium.open(page.as_uri())
    assert chromium.run("document.documentElement.scrollWidth") <= width
    shown = "[...document.querySelectorAll('svg')].filter(one => one.getBoundingClientRect().width > 0)"
    boxes = chromium.run(f"{shown}.map(one => [one.getBoundingClientRect().left, one.getBoundingClientRect().right])")
    assert len(boxes) >= 6 and all(0 <= left < right <= width for left, right in boxes)
    names = chromium.run(f"{shown}.flatMap(one => [...one.querySelectorAll('.named')].map(name => name.textContent))")
    assert {"cache-0.75-1", "saturation"} <= set(names)
    # Letters that a person can read.
    heights = chromium.run(f"{shown}.map(one => one.querySelector('text').getBoundingClientRect().height)")
    assert min(heights) >= 9
    assert not chromium.complaints
