"""script/smoke builds this tree and another commit, and cleans up its worktree and servers.

Builds and loads are fakes here; loadtest/tests/test_smoke.py uses the real server and k6.
"""

import os
import pathlib
import shutil
import subprocess

import pytest

SCRIPTS = pathlib.Path(__file__).resolve().parents[2] / "script"

# A build copies the tree's own server.
BUILD = """
mkdir -p "$(dirname "$0")/../.build/release"
cd "$(dirname "$0")/.."
cp "$2" .build/release/"""
# A server prints its commit, and runs until it is stopped.
SERVER = """
trap 'echo "ended {name}" >>"$CALLS"; exit 0' TERM
echo "info: listens on http://{name}" >&2
while :; do sleep 0.05; done"""
LOAD = 'echo "$TARGET ${RESULTS##*/} $NAME" >>"$CALLS"; exit "${CODE:-0}"'
BUNGALOW = """
case "$*" in
*--help) echo --against ;;
*) printf '%s\\n' "$@" >>"$CALLS"; exit "${VERDICT:-0}" ;;
esac"""


@pytest.fixture
def smoke(tmp_path):
    tree = tmp_path / "tree"

    def write(path, text):
        (tree / path).parent.mkdir(parents=True, exist_ok=True)
        (tree / path).write_text(f"#!/bin/bash\n{text}\n")
        (tree / path).chmod(0o755)

    def git(*arguments):
        identity = ["-c", "user.name=a", "-c", "user.email=a@example.com"]
        subprocess.run(["git", *identity, *arguments], cwd=tree, check=True, capture_output=True)

    files = {"script/bootstrap": "", "script/build": BUILD, "loadtest/cache-rate": LOAD, "bungalow": BUNGALOW}
    for path, text in files.items():
        write(path, text)
    shutil.copy(SCRIPTS / "smoke", tree / "script")
    git("init", "--quiet")
    for name in ("before", "now"):
        write("bungalow-server", SERVER.format(name=name))
        git("add", ".")
        git("commit", "--quiet", "--message", name)

    def run(*arguments, **environment):
        calls = tmp_path / "calls"
        calls.write_text("")
        variables = {"PATH": os.environ["PATH"], "HOME": str(tmp_path), "CALLS": str(calls), "ROUNDS": "2"}
        done = subprocess.run(
            ["script/smoke", *arguments], cwd=tree, capture_output=True, text=True, timeout=30,
            env=variables | environment)  # fmt: skip
        worktrees = subprocess.run(["git", "worktree", "list"], cwd=tree, capture_output=True, text=True).stdout
        assert len(worktrees.splitlines()) == 1
        return done.returncode, calls.read_text().splitlines(), done.stderr

    return run


def test_both_commits_are_built_and_loaded_in_turn_and_the_report_decides(smoke):
    code, calls, messages = smoke()
    assert code == 0, messages
    assert calls == [
        "http://before base smoke-1", "ended before", "http://now head smoke-1", "ended now",
        "http://now head smoke-2", "ended now", "http://before base smoke-2", "ended before",
        "report", "results/smoke/head", "--against", "results/smoke/base",
        "--fail-if", "p50 > +20%", "--fail-if", "p95 > +100%", "--fail-if", "cpu > +10%",
    ]  # fmt: skip
    code, again, _ = smoke(VERDICT="3")
    assert (code, again) == (3, calls)


def test_an_inconclusive_comparison_gets_more_rounds_but_not_for_ever(smoke):
    code, calls, _ = smoke(VERDICT="65")
    assert code == 65 and calls.count("report") == 3
    assert [call.rpartition("-")[2] for call in calls if call.startswith("http://now")] == list("123456")


def test_an_unproven_run_ends_the_script_without_a_verdict(smoke):
    code, calls, messages = smoke(CODE="3")
    assert code == 1 and calls == ["http://before base smoke-1", "ended before"]
    assert "the run base 1 is not proven (exit code 3" in messages


def test_a_missing_commit_or_an_option_builds_nothing(smoke):
    code, calls, messages = smoke("no-such")
    assert (code, calls) == (64, []) and "no commit no-such" in messages
    code, calls, messages = smoke("--help")
    assert (code, calls) == (64, [])
