"""docs/threat-model.md names only tests and checks that exist, and every check."""

import re

import names_of_tests
from check import ROOT
from run import CHECKS

TEXT = (ROOT / "docs/threat-model.md").read_text()
# What script/test runs, but for what is only measured.
FOLDERS = [ROOT / "Tests", ROOT / "trainer"]


def rows(text):
    """The cells of all rows of the tables of attacks, without their heads."""
    lines = [line for line in text.splitlines() if line.startswith("|") and line.count("|") != 3]
    cells = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]
    return [row for row in cells if row[0] not in ("asset", "---")]


def test_every_test_that_the_threat_model_names_is_the_name_of_one_that_runs():
    named = re.findall(r"“([^”]+)”", TEXT.partition("\n## ")[2])
    assert len(named) > 30
    assert sorted(set(named) - names_of_tests.enabled(FOLDERS)) == []


def test_every_check_of_script_trust_stands_in_the_threat_model_and_no_other():
    assert set(re.findall(r"`trust ([a-z]+)`", TEXT)) == set(CHECKS)


def test_every_row_of_the_threat_model_names_what_proves_it():
    assert len(rows(TEXT)) > 25
    for row in rows(TEXT):
        assert len(row) == 4 and all(row), row
        assert re.search(r"“[^”]+”|`trust [a-z]+`", row[3]), row


def test_a_part_of_a_name_or_a_test_that_never_runs_is_no_proof():
    swift = '''
    @Test("a whole name") func a() {}
    @Test("an old name", .disabled("later")) func b() {}
    @Test(
        "a name with \\\\"quotes\\\\"", arguments: [1]
    ) func c(_ number: Int) {}
    @Test(.enabled(if: SmallDisk.canBeMounted, "needs a disk")) func `raw name`() {}
    @Test func plain() {}
    // @Test("in a comment") func d() {}
    /* gone:
    @Test("in a block") func e() {}
    */
    let text = "said in passing"
    @Suite(.disabled()) struct Off {
        @Test("of a suite that is off") func f() {}
    }
    @Suite struct On {
        @Test("of a suite that is on") func g() {}
    }
    '''.replace("\\\\", "\\")
    assert names_of_tests.swift(swift) == {
        "a whole name", 'a name with \\"quotes\\"', "raw name", "plain", "of a suite that is on"}
    python = "\n".join([
        "def test_one(): pass", "def helper(): pass", "@pytest.mark.skip", "def test_off(): pass",
        "@pytest.mark.xfail(reason='x')", "def test_failing(): pass",
        "@pytest.mark.skipif(True, reason='x')", "def test_sometimes(): pass",
        "class TestAll:", "    def test_two(self): pass", "TEXT = 'test_three'"])
    assert names_of_tests.python(python) == {"test_one", "test_sometimes", "test_two"}
