"""script/notebook: what it prepares, in which order, and what it then starts."""

import os
import shutil
import subprocess

import pytest

from testkit.processes import ROOT


@pytest.fixture
def script(tmp_path):
    """Runs a copy of the script with helpers that only print their calls; returns their lines."""
    (tmp_path / "script").mkdir()
    shutil.copy(ROOT / "script/notebook", tmp_path / "script/notebook")
    helpers = ["script/bootstrap", "script/build", "script/environment"]
    for path in [*helpers, ".venv-notebooks/bin/python", ".venv-jupyterlab/bin/jupyter"]:
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_text(f'#!/bin/sh\necho "{path} $* $TARGET"\n')
        (tmp_path / path).chmod(0o755)

    def run(*arguments, **environment):
        known = {"PATH": os.environ["PATH"], **environment}
        done = subprocess.run(
            [tmp_path / "script/notebook", *arguments], env=known, cwd="/", capture_output=True, text=True)
        assert done.returncode == 0, done.stderr
        built = [line for line in done.stderr.splitlines() if line.startswith("script/build")]
        lines = [line.replace(f"{tmp_path}/", "").strip() for line in done.stdout.splitlines()]
        return [line.strip() for line in built], lines

    return run


def test_programs_and_environments_are_made_before_a_notebook_is_executed(script):
    built, lines = script("load-test", TARGET="http://a")
    assert built == [f"script/build --product {name} http://a" for name in ("bungalow", "bungalow-server")]
    assert lines == [
        "script/bootstrap  http://a", "script/environment  http://a", "script/environment notebooks http://a",
        ".venv-notebooks/bin/python -B notebooks/execute.py load-test http://a"]


def test_without_a_name_jupyterlab_is_opened_and_an_existing_build_is_updated_silently(script, tmp_path):
    for name in ("bungalow", "bungalow-server"):
        (tmp_path / ".build/release").mkdir(parents=True, exist_ok=True)
        (tmp_path / ".build/release" / name).touch(mode=0o755)
    built, lines = script()
    assert [line.split()[1] for line in built] == ["--quiet", "--quiet"]
    assert lines[-2] == "script/environment jupyterlab"
    assert lines[-1].startswith(".venv-jupyterlab/bin/jupyter lab --notebook-dir notebooks")


def test_programs_that_are_named_are_not_built(script):
    built, lines = script("--save", "cache-rates", BUNGALOW="/a/bungalow", BUNGALOW_SERVER="/a/bungalow-server")
    assert built == [] and lines[-1].endswith("notebooks/execute.py --save cache-rates")
