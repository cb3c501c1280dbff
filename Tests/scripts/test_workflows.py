"""GitHub's workflows: each line runs a script that is tested here too, and they have few permissions."""

import pathlib
import re

import pytest
import yaml

ROOT = pathlib.Path(__file__).resolve().parents[2]
WORKFLOWS = {path.name: yaml.safe_load(path.read_text()) for path in sorted((ROOT / ".github/workflows").glob("*.yml"))}
JOBS = [(name, job, WORKFLOWS[name]["jobs"][job]) for name in WORKFLOWS for job in WORKFLOWS[name]["jobs"]]
STEPS = [(f"{name} {job}", step) for name, job, definition in JOBS for step in definition["steps"]]

# A script is tested if script/test or script/trust has a line for it, or a test in these two folders runs it.
LINES = [(ROOT / f"script/{name}").read_text() for name in ("test", "trust")]
TESTS = [path.read_text() for place in ("Tests/scripts", "loadtest/tests") for path in (ROOT / place).glob("test_*.py")]


def runs(step):
    return step["run"].strip() if "run" in step else None


def test_there_is_a_workflow_for_commits_and_one_for_tags():
    # YAML reads the key `on` as true.
    triggers = {name: set(workflow[True]) for name, workflow in WORKFLOWS.items()}
    assert triggers == {"ci.yml": {"push", "pull_request"}, "release.yml": {"push"}}
    commands = [runs(step) for _, step in STEPS if runs(step)]
    assert len(commands) >= 6 and "script/test" in commands


@pytest.mark.parametrize(("where", "step"), STEPS, ids=[f"{where} {index}" for index, (where, _) in enumerate(STEPS)])
def test_a_step_is_a_pinned_action_or_one_of_our_scripts_that_is_tested_here_too(where, step):
    if "uses" in step:
        # A commit, with its release as a comment for people.
        (line,) = {
            line.strip().removeprefix("- ")
            for path in (ROOT / ".github/workflows").glob("*.yml")
            for line in path.read_text().splitlines()
            if step["uses"] in line
        }
        assert re.fullmatch(r"uses: [\w-]+/[\w-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+", line)
        return
    # One command, without shell or workflow syntax.
    found = re.fullmatch(r"script/([a-z]+)((?: [\w-]+)*)", runs(step))
    assert found, runs(step)
    name = found[1]
    assert (ROOT / "script" / name).stat().st_mode & 0o100
    is_run = any(re.search(rf"^ *script/{name}( |$)", text, re.MULTILINE) for text in LINES)
    is_tried = any(f'[ROOT / "script/{name}"]' in text or f'copy.run("{name}"' in text for text in TESTS)
    assert name == "test" or is_run or is_tried


def test_permissions_are_read_only_except_for_publishing_a_release():
    for name, workflow in WORKFLOWS.items():
        assert workflow["permissions"] == {"contents": "read"}, name
        assert workflow["concurrency"]["group"], name
    rights = {(name, job): definition["permissions"] for name, job, definition in JOBS if "permissions" in definition}
    assert list(rights) == [("release.yml", "publish")]
    # Only one step gets the token, and never a checkout, which would leave it in the folder.
    assert [where for where, step in STEPS if "token" in str(step)] == ["release.yml publish"]
    checkouts = [step for _, step in STEPS if step.get("uses", "").startswith("actions/checkout@")]
    assert len(checkouts) == len(JOBS) and all(step["with"]["persist-credentials"] is False for step in checkouts)


@pytest.mark.parametrize(("name", "job", "definition"), JOBS, ids=[f"{name} {job}" for name, job, _ in JOBS])
def test_a_job_has_a_time_limit_and_a_pinned_machine_and_toolchain(name, job, definition):
    assert 0 < definition["timeout-minutes"] <= 180
    runners = definition.get("strategy", {}).get("matrix", {}).get("runner", [definition["runs-on"]])
    assert all(re.fullmatch(r"ubuntu-\d\d\.\d\d(-arm)?", runner) for runner in runners)
    if "container" in definition:
        (swift,) = re.findall(r"^ARG SWIFT_IMAGE=(\S+)$", (ROOT / "Dockerfile").read_text(), re.MULTILINE)
        assert definition["container"] == swift


def test_images_are_built_on_machines_with_both_processors():
    matrix = WORKFLOWS["release.yml"]["jobs"]["image"]["strategy"]["matrix"]
    assert matrix == {"runner": ["ubuntu-24.04", "ubuntu-24.04-arm"]}
