"""A checkout with core.autocrlf=true, the default of Git for Windows, keeps the repository's line endings."""

import subprocess

import pytest
from test_clauses import ROOT


def test_autocrlf_changes_no_line_endings(tmp_path):
    if not (ROOT / ".git").exists():
        pytest.skip("these sources are not a clone")

    def git(*arguments):
        return subprocess.run(["git", "-c", "core.autocrlf=true", *arguments], check=True, capture_output=True,
                              text=True).stdout

    git("clone", "--quiet", "--depth=1", f"file://{ROOT}", str(tmp_path / "clone"))
    # i/lf w/crlf attr/… path: in the repository, in the checkout.
    lines = [line.split(maxsplit=2) for line in git("-C", str(tmp_path / "clone"), "ls-files", "--eol").splitlines()]
    assert len(lines) > 500
    assert [line for line in lines if line[0].removeprefix("i/") != line[1].removeprefix("w/")] == []
    assert [line for line in lines if "crlf" in line[0] and "/Vectors/" not in line[2]] == []
    assert git("-C", str(tmp_path / "clone"), "status", "--porcelain") == ""
