"""script/smoke with the built server: the same server twice, then a slower one."""

import os
import subprocess

import pytest

from testkit.processes import ROOT


@pytest.fixture
def smoke(binary, tmp_path):
    def run(head, **environment):
        done = subprocess.run(
            [ROOT / "script/smoke"],
            env={
                **os.environ, "BASE_SERVER": str(binary), "HEAD_SERVER": str(head),
                "BUNGALOW": str(binary.with_name("bungalow")), "RESULTS": str(tmp_path / "smoke"),
                # This test ignores how busy the machine is.
                "CPU_LIMIT": "1000", "ROUNDS": "2", "RAMP_SECONDS": "1", "HOLD_SECONDS": "2", **environment},
            capture_output=True, text=True, timeout=300)  # fmt: skip
        return done.returncode, done.stdout, done.stderr

    yield run
    # No server is left running.
    assert subprocess.run(["pgrep", "-f", f"{tmp_path}/"], capture_output=True).stdout == b""


def test_the_same_server_twice_passes_and_its_runs_are_proven_and_in_turn(smoke, binary, tmp_path):
    code, output, messages = smoke(binary, SMOKE_FAIL_IF="p95 > +100000%")
    assert code == 0, output + messages
    rounds = [line.rpartition(" ")[2] for line in messages.splitlines() if line.startswith("script/smoke: round")]
    assert rounds == ["base", "head", "head", "base"]
    for name in ("base", "head"):
        assert len(list((tmp_path / "smoke" / name).glob("smoke-*.run.json"))) == 2


@pytest.mark.skipif("TRUST" not in os.environ, reason="takes a minute: script/trust runs it")
def test_a_server_that_has_become_slower_fails(smoke, binary, tmp_path):
    slower = tmp_path / "slower"
    slower.write_text(f'#!/bin/bash\nSYNTHETIC_SLEEP_MS=300 exec {binary} "$@"\n')
    slower.chmod(0o755)
    code, output, messages = smoke(slower, ROUNDS="3")
    assert code == 3, output + messages


def test_a_server_that_does_not_start_and_a_run_without_proof_fail(smoke, binary, tmp_path):
    code, _, messages = smoke("/bin/false")
    assert code == 1 and "/bin/false does not start" in messages
    # A k6 threshold that no server can meet.
    code, _, messages = smoke(binary, P95_MS="0.0001")
    assert code == 1 and "not proven (exit code 99" in messages
