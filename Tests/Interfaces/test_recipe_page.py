"""The page of `bungalow recipe` in a real browser: two recipes side by side where there is room, and nothing cut."""

import subprocess

import pytest

from testkit.processes import ROOT
from testkit.server import built_server

LOAD = """
phases:
  - {seconds: 60, clients: 2, pause_s: [0, 4], rounding: whole}
  - {seconds: 120, clients: 12, pause_s: [0, 2], rounding: whole}
"""


@pytest.fixture(scope="module")
def page(tmp_path_factory):
    folder = tmp_path_factory.mktemp("recipe")
    (folder / "load.yaml").write_text(LOAD)
    (folder / "service.yaml").write_text("cpu_per_miss_ms: {mean: 100, cv: 0.1}\n")
    command = [built_server().with_name("bungalow"), "recipe", "--load", folder / "load.yaml"]
    command += ["--service", folder / "service.yaml", "--manifests", ROOT / "Tests/RecipesTests/Vectors/lab.yaml"]
    command += ["--nodes", "3x4", "--request", "500,1000", "--limit", "2000", "--min", "1,2", "--max", "2,4"]
    command += ["--target", "60", "--seeds", "2", "--html", folder / "page.html"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return folder / "page.html"


@pytest.mark.parametrize("width", [390, 800, 1280])
def test_two_recipes_side_by_side_and_nothing_cut(chromium, page, width):
    chromium.open_within(width, page.as_uri())
    wider = "one => one.scrollWidth > one.clientWidth + 1"
    cut = f"[...document.querySelectorAll('figure, pre, .pair')].filter({wider}).length"
    assert chromium.run(cut) == 0
    boxes = chromium.run(
        "[...document.querySelectorAll('.pair')].map(pair => [...pair.children].map(one => one.getBoundingClientRect())"
        ".map(one => [one.left, one.top, one.right]))")
    assert len(boxes) == 6
    for (left, top, right), (other_left, other_top, _) in boxes:
        if width >= 1200:
            assert top == other_top and right <= other_left
        else:
            assert left == other_left and top < other_top
    names = "[...document.querySelectorAll('figure text')].filter(one => one.getBoundingClientRect().width > 0)"
    assert "chosen" in chromium.run(f"{names}.map(one => one.textContent)")
    assert not chromium.complaints
