"""Scripts that take long show progress: the commands they run here wait until that output has been read."""

import os
import pathlib
import shutil
import subprocess

import pytest

SCRIPTS = pathlib.Path(__file__).resolve().parents[2] / "script"


class Paused:
    """A command that runs until `finish` is called: the shell line `WAIT` in it waits for that."""

    def __init__(self, folder, command, **environment):
        self.gate = folder / "gate"
        os.mkfifo(self.gate)
        path = f"{folder}/bin:/usr/bin:/bin"
        self.process = subprocess.Popen(
            command, env={"PATH": path, "WAIT": f"cat {self.gate}", "PROGRESS_SECONDS": "1", **environment},
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)

    def message(self, part):
        """The next line on stderr that contains this text."""
        for line in self.process.stderr:
            if part in line:
                return line
        raise AssertionError(f"it ended without {part!r}")

    def finish(self):
        """Lets the command run to its end; returns its exit code and its stdout."""
        self.gate.write_text("")
        output, _ = self.process.communicate(timeout=30)
        return self.process.returncode, output


@pytest.fixture
def paused(tmp_path):
    started = []

    def start(command, **environment):
        started.append(Paused(tmp_path, command, **environment))
        return started[-1]

    yield start
    for each in started:
        if each.process.poll() is None:
            each.finish()


def executable(path, text):
    path.parent.mkdir(exist_ok=True)
    path.write_text(f"#!/bin/bash\n{text}\n")
    path.chmod(0o755)


def test_progress_of_a_silent_command_is_reported_with_its_current_step(paused):
    shell = "echo '[3/40] Compiling A'; $WAIT; echo done; exit 7"
    run = paused([SCRIPTS / "progress", "a build", "bash", "-c", shell])
    assert run.message("so far").startswith("a build: [3/40] Compiling A, ")
    assert run.message("so far")
    assert run.finish() == (7, "[3/40] Compiling A\ndone\n")


def test_a_line_written_in_two_parts_stays_one_line(paused):
    run = paused([SCRIPTS / "progress", "x", "bash", "-c", "printf par; $WAIT; echo tial; printf end"])
    run.message("x: ")
    assert run.finish() == (0, "partial\nend\n")


def test_nothing_is_added_to_the_output_of_a_quick_command():
    done = subprocess.run([SCRIPTS / "progress", "x", "bash", "-c", "echo a; echo b >&2"],
                          capture_output=True, text=True)
    assert (done.returncode, done.stdout, done.stderr) == (0, "a\n", "b\n")


def test_a_build_is_never_silent(paused, tmp_path):
    executable(tmp_path / "bin/swift", "echo \"$1\"; $WAIT")
    run = paused([SCRIPTS / "build"])
    assert run.message("so far").startswith("script/build: ")
    assert run.finish() == (0, "build\n")


def test_an_installation_of_libraries_is_never_silent(paused, tmp_path):
    fakes = tmp_path / "bin"
    executable(fakes / "swift", "echo 'Swift version 6.2'")
    executable(fakes / "clang", f"if [[ $1 == -x && ! -e {tmp_path}/installed ]]; then echo libfake-dev; fi")
    executable(fakes / "uname", "echo Linux")
    executable(fakes / "apt-get", "exit 1")
    executable(fakes / "id", "echo 1000")
    executable(fakes / "sudo", f"if [[ $2 == bash ]]; then $WAIT; touch {tmp_path}/installed; fi")
    run = paused([SCRIPTS / "bootstrap"])
    assert run.message("installing") == "script/bootstrap: installing libfake-dev\n"
    assert run.message("so far").startswith("script/bootstrap: ")
    assert run.finish() == (0, "")


def test_an_installation_of_python_packages_is_never_silent(paused, tmp_path):
    (tmp_path / "script").mkdir()
    for name in ("environment", "progress"):
        shutil.copy(SCRIPTS / name, tmp_path / "script" / name)
    (tmp_path / "requirements.txt").write_text("\n")
    executable(tmp_path / "pip", "$WAIT")
    make = f"if [[ $2 == venv ]]; then mkdir -p \"$4/bin\"; cp {tmp_path}/pip \"$4/bin/pip\"; fi"
    executable(tmp_path / "bin/python3", make)
    run = paused([tmp_path / "script/environment"])
    assert run.message("installing") == "script/environment: installing requirements.txt into .venv\n"
    assert run.message("so far").startswith("script/environment: ")
    assert run.finish() == (0, "")
    assert (tmp_path / ".venv/requirements.txt").exists()
