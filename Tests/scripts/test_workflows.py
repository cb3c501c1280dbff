"""The workflows of GitHub: each of their lines is a script that is tried here too, and they may do little."""

import pathlib
import re

import pytest
import yaml

ROOT = pathlib.Path(__file__).resolve().parents[2]
WORKFLOWS = {path.name: yaml.safe_load(path.read_text()) for path in sorted((ROOT / ".github/workflows").glob("*.yml"))}
JOBS = [(name, job, WORKFLOWS[name]["jobs"][job]) for name in WORKFLOWS for job in WORKFLOWS[name]["jobs"]]
STEPS = [(f"{name} {job}", step) for name, job, definition in JOBS for step in definition["steps"]]

# script/test and script/trust run a script by a line of their own, or in a test of these two folders.
LINES = [(ROOT / f"script/{name}").read_text() for name in ("test", "trust")]
TESTS = [path.read_text() for place in ("Tests/scripts", "loadtest/tests") for path in (ROOT / place).glob("test_*.py")]


def runs(step):
    return step["run"].strip() if "run" in step else None


def test_there_is_a_workflow_for_commits_and_one_for_tags():
    # YAML's own reading of the key `on`.
    triggers = {name: set(workflow[True]) for name, workflow in WORKFLOWS.items()}
    assert triggers == {"ci.yml": {"push", "pull_request"}, "release.yml": {"push"}}
    commands = [runs(step) for _, step in STEPS if runs(step)]
    assert len(commands) >= 6 and "script/test" in commands


@pytest.mark.parametrize(("where", "step"), STEPS, ids=[f"{where} {index}" for index, (where, _) in enumerate(STEPS)])
def test_a_step_is_a_pinned_action_or_one_script_of_ours_that_is_tried_here_too(where, step):
    if "uses" in step:
        # A commit, and the release that it is, for people.
        (line,) = {
            line.strip().removeprefix("- ")
            for path in (ROOT / ".github/workflows").glob("*.yml")
            for line in path.read_text().splitlines()
            if step["uses"] in line
        }
        assert re.fullmatch(r"uses: [\w-]+/[\w-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+", line)
        return
    # One command without the shell's or the workflow's own language in it.
    found = re.fullmatch(r"script/([a-z]+)((?: [\w-]+)*)", runs(step))
    assert found, runs(step)
    name = found[1]
    assert (ROOT / "script" / name).stat().st_mode & 0o100
    is_run = any(re.search(rf"^ *script/{name}( |$)", text, re.MULTILINE) for text in LINES)
    is_tried = any(f'[ROOT / "script/{name}"]' in text or f'copy.run("{name}"' in text for text in TESTS)
    assert name == "test" or is_run or is_tried


def test_rights_are_read_only_but_where_a_release_is_published():
    for name, workflow in WORKFLOWS.items():
        assert workflow["permissions"] == {"contents": "read"}, name
        assert workflow["concurrency"]["group"], name
    rights = {(name, job): definition["permissions"] for name, job, definition in JOBS if "permissions" in definition}
    assert list(rights) == [("release.yml", "publish")]
    # The token is given to one step, and never to a checkout that leaves it in the folder.
    assert [where for where, step in STEPS if "token" in str(step)] == ["release.yml publish"]
    checkouts = [step for _, step in STEPS if step.get("uses", "").startswith("actions/checkout@")]
    assert len(checkouts) == len(JOBS) and all(step["with"]["persist-credentials"] is False for step in checkouts)


@pytest.mark.parametrize(("name", "job", "definition"), JOBS, ids=[f"{name} {job}" for name, job, _ in JOBS])
def test_a_job_ends_and_has_a_machine_and_a_toolchain_of_a_known_version(name, job, definition):
    assert 0 < definition["timeout-minutes"] <= 180
    runners = definition.get("strategy", {}).get("matrix", {}).get("runner", [definition["runs-on"]])
    assert all(re.fullmatch(r"ubuntu-\d\d\.\d\d(-arm)?", runner) for runner in runners)
    if "container" in definition:
        (swift,) = re.findall(r"^ARG SWIFT_IMAGE=(\S+)$", (ROOT / "Dockerfile").read_text(), re.MULTILINE)
        assert definition["container"] == swift


def test_images_are_made_on_machines_of_both_processors():
    matrix = WORKFLOWS["release.yml"]["jobs"]["image"]["strategy"]["matrix"]
    assert matrix == {"runner": ["ubuntu-24.04", "ubuntu-24.04-arm"]}
