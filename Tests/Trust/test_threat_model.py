"""docs/threat-model.md names only tests and checks that exist, and every check."""

import re

from check import ROOT
from run import CHECKS

TEXT = (ROOT / "docs/threat-model.md").read_text()


def test_every_test_that_the_threat_model_names_exists():
    folders = [ROOT / "Tests", ROOT / "trainer"]
    files = [file for folder in folders for kind in ("*.swift", "test_*.py") for file in folder.rglob(kind)]
    sources = [file.read_text() for file in files]
    named = re.findall(r"“([^”]+)”", TEXT.partition("\n## ")[2])
    assert len(named) > 30
    assert [name for name in named if not any(name in source for source in sources)] == []


def test_every_check_of_script_trust_stands_in_the_threat_model_and_no_other():
    assert set(re.findall(r"`trust ([a-z]+)`", TEXT)) == set(CHECKS)


def test_every_row_of_the_threat_model_names_what_proves_it():
    rows = [line for line in TEXT.splitlines() if line.startswith("|") and line.count("|") == 5]
    assert len(rows) > 25
    for row in rows:
        last = row.split("|")[4]
        assert "“" in last or "`trust " in last or last.strip() in ("test", "---"), row
