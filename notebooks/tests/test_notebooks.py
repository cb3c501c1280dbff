"""Executes each notebook in its own kernel, shortened, with the built programs; and checks the committed ones."""

import base64
import csv
import io
import json
import re
import subprocess
from concurrent.futures import ThreadPoolExecutor
from html.parser import HTMLParser

import matplotlib.image
import nbformat
import pytest

from notebooks.execute import HERE, execute, load, names, page
from testkit.processes import ROOT

NAMES = names()
CELL_SECONDS = 60
RECORDED = ROOT / "Tests/RecipesTests/Vectors/recorded"

SHORT = {
    # These tests ignore how busy the machine is.
    "CPU_LIMIT": "1000",
    "USERS": "4",
    "RUN_SECONDS": "3",
    "THINK_TIME_MS": "20",
    "RATES": "0.5 1",
    "RAMP_SECONDS": "1",
    "HOLD_SECONDS": "1",
    "BUNGALOW": str(ROOT / ".build/debug/bungalow"),
    "BUNGALOW_SERVER": str(ROOT / ".build/debug/bungalow-server"),
}

# A cell that is added after the last one: it prints the others' results as JSON.
PROBES = {
    "load-test": "{'requests': table['count'].to_dict(), 'p99': table['99%'].to_dict(), 'verdict': run['verdict']}",
    "deployment-recipe": "{'summary': summary, 'recipes': recipes.reset_index().to_dict('list')}",
    "cache-rates": "{'peak': peak.to_dict('index'), 'sustained': sustained.to_dict('index')}",
}


class Executed:
    def __init__(self, name, folder):
        self.folder, self.notebook = folder, load(name)
        copy = nbformat.from_dict({**self.notebook, "cells": [*self.notebook.cells]})
        copy.cells.append(nbformat.v4.new_code_cell(f"print(json.dumps({PROBES[name]}, default=float))"))
        environment = {**SHORT, "RESULTS": str(folder)}
        execute(copy, seconds=CELL_SECONDS, environment=environment)
        self.probe = json.loads(copy.cells.pop().outputs[0].text)
        self.notebook = copy

    @property
    def text(self):
        """Everything that was printed."""
        return "".join(output.text for cell in code_cells(self.notebook) for output in cell.outputs if "text" in output)


def code_cells(notebook):
    return [cell for cell in notebook.cells if cell.cell_type == "code"]


def kinds(cell):
    """A cell's outputs, in order; consecutive prints are joined."""
    found = []
    for output in cell.outputs:
        kind = sorted(output.data) if "data" in output else output.output_type
        if not found or found[-1] != kind:
            found.append(kind)
    return found


@pytest.fixture(scope="module")
def executed(tmp_path_factory):
    """All notebooks at the same time: they mostly wait."""
    # The environment of k6 and Locust: otherwise two notebooks might both make it.
    subprocess.run([ROOT / "script/environment"], check=True)
    folders = [tmp_path_factory.mktemp(name) for name in NAMES]
    with ThreadPoolExecutor(len(NAMES)) as threads:
        return dict(zip(NAMES, threads.map(Executed, NAMES, folders), strict=True))


def test_each_notebook_has_something_to_check():
    assert sorted(PROBES) == NAMES


def test_the_load_test_is_proven_and_its_table_has_every_request(executed):
    done = executed["load-test"]
    run = json.loads((done.folder / "load-test.run.json").read_text())
    rows = list(csv.DictReader((done.folder / "load-test.timing.csv").open()))
    assert done.probe["verdict"] == run["verdict"] == "PROVEN" and len(rows) == run["planned"]["calls"] > 0
    hot = run["planned"]["hot"]
    assert done.probe["requests"] == {"hot": hot, "cold": len(rows) - hot} and hot == run["seen"]["hit"]
    times = [float(row["TotalTime"]) * 1000 for row in rows]
    assert all(0 < value <= max(times) for value in done.probe["p99"].values())
    for words in ("4.139092164701125", "X-Cache: MISS", "X-Cache: HIT", "it was encoded twice", "a key is sent",
                  "PROVEN    load-test: cache rate 0.75 achieved", "PROVEN    Every request succeeded"):
        assert words in done.text + str(code_cells(done.notebook)[1].outputs), words
    assert (done.folder / "report.html").exists()
    assert not re.search(r"\b[0-9a-f]{64}\b", json.dumps(done.notebook)), "the key is in the notebook"


def test_the_recipe_shows_the_recorded_run_beside_a_prediction_that_is_proven(executed):
    done = executed["deployment-recipe"]
    (monitor,) = RECORDED.glob("use-*.csv")
    rows = list(csv.DictReader(monitor.open()))
    recorded, predicted = (done.probe["summary"][name] for name in ("recorded", "predicted"))
    hours = sum(float(row["cpu_req_core"]) for row in rows) * 5 / 3600
    assert recorded["reserved core-hours"] == pytest.approx(hours)
    assert recorded["most replicas"] == max(int(row["n_replica"]) for row in rows) == predicted["most replicas"]
    assert (recorded["requests served"], recorded["requests failed"]) == (2929 + 14082, 0)
    assert predicted["reserved core-hours"] == pytest.approx(hours, rel=0.1)
    assert predicted["requests served"] == pytest.approx(17011, rel=0.1)
    assert "PROVEN: bungalow as predicted" in done.text
    assert not (RECORDED / "prediction.json").exists()


def test_other_recipes_cost_what_their_text_states(executed):
    found = executed["deployment-recipe"].probe["recipes"]
    keys = zip(found["least replicas"], found["target, %"], strict=True)
    cost = dict(zip(keys, found["reserved core-hours"], strict=True))
    assert cost[1, 20] > cost[1, 40] > cost[1, 60] and cost[5, 40] > cost[2, 40] > cost[1, 40]
    slowest = found["mean ms, slowest minute"]
    assert slowest[0] == slowest[1] == slowest[2] > slowest[3] == slowest[4]


def test_the_tables_of_cache_rates_are_those_of_the_tool(executed):
    done = executed["cache-rates"]
    tables = (done.folder / "tables.md").read_text().split("**Sustained")
    for text, table in zip(tables, (done.probe["peak"], done.probe["sustained"]), strict=True):
        rows = [line.strip("| ").split(" | ") for line in text.splitlines() if re.match(r"\| [0-9]", line)]
        assert [float(row[0]) for row in rows] == [0.5, 1] == [float(rate) for rate in table]
        for row, cells in zip(rows, table.values(), strict=True):
            assert row[1] == f"{cells['hit rate seen']:.6f}" and row[3] == f"{cells['requests']:.0f}"
            shown = [f"{cells[name]:.2f}" for name in ("p50 ms", "p90 ms", "p95 ms", "p99 ms", "p99.9 ms")]
            assert row[4:9] == shown
    assert done.text.count("PROVEN") == 2 and "VOID" not in done.text


@pytest.mark.parametrize("name", NAMES)
def test_a_picture_shows_something(executed, name):
    outputs = [output for cell in code_cells(executed[name].notebook) for output in cell.outputs if "data" in output]
    (picture,) = [output.data["image/png"] for output in outputs if "image/png" in output.data]
    pixels = matplotlib.image.imread(io.BytesIO(base64.b64decode(picture)), format="png")
    assert pixels.shape[0] > 250 and pixels.shape[1] > 800
    assert len({tuple(pixel) for pixel in pixels[::3, ::3].reshape(-1, pixels.shape[2])}) > 20


@pytest.mark.parametrize("name", NAMES)
def test_committed_notebooks_were_executed_in_order_without_an_error_and_contain_no_local_path(executed, name):
    committed = load(name)
    cells = code_cells(committed)
    assert [cell.execution_count for cell in cells] == list(range(1, len(cells) + 1))
    assert [cell.source for cell in committed.cells] == [cell.source for cell in executed[name].notebook.cells]
    for cell, now in zip(cells, code_cells(executed[name].notebook), strict=True):
        assert all(output.output_type != "error" for output in cell.outputs)
        assert kinds(cell) == kinds(now), cell.source
        text = json.dumps(cell.outputs)
        for place in ("/root/", "/home/", "/tmp/", "/Users/", str(ROOT)):
            assert place not in text, place
        assert not re.search(r"""(?:src|href)=.{0,2}https?:|@import|url\(""", text)
    assert committed.metadata == executed[name].notebook.metadata
    assert (HERE / f"{name}.ipynb").stat().st_size < 300_000


class Links(HTMLParser):
    """What a page would fetch or run."""

    def __init__(self, text):
        super().__init__()
        self.found = []
        self.feed(text)

    def handle_starttag(self, tag, attributes):
        for name, value in attributes:
            is_fetched = name in ("src", "srcset", "data") or (tag, name) == ("link", "href")
            if is_fetched and not value.startswith("data:"):
                self.found.append(value)
        if tag == "script":
            self.found.append(tag)


@pytest.mark.parametrize("name", NAMES)
def test_the_page_runs_no_script_and_contacts_no_other_host(executed, name):
    text = page(executed[name].notebook)
    assert Links(text).found == [] and "default-src 'none'" in text and "data:image/png;base64," in text
    assert Links("<script>1</script><img src='http://a/b.png'>").found == ["script", "http://a/b.png"]


def test_jupyterlab_has_the_packages_that_the_notebooks_are_tested_with():
    pins = [
        set(re.findall(r"^\S+==\S+", (ROOT / f"requirements-{name}.txt").read_text(), re.MULTILINE))
        for name in ("notebooks", "jupyterlab")
    ]
    assert pins[0] < pins[1]
