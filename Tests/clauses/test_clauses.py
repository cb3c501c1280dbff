"""Every clause of the contract and of the threat model is proven by a test that runs. This check can fail, too."""

import dataclasses
import pathlib
import re

import pytest
from documents import contract, threat_model
from proofs import Proof, problems, python, swift

ROOT = pathlib.Path(__file__).resolve().parents[2]
# Everything that script/test runs, and the table of script/trust's checks.
SOURCES = [path for folder in ("Tests", "trainer") for path in sorted((ROOT / folder).rglob("*.*"))
           if path.suffix == ".swift" or (path.name.startswith("test_") and path.suffix == ".py")]
CHECKS = ROOT / "Tests/Trust/run.py"

MARKDOWN = """
# The title

A preface. It promises nothing.

## 1. First things

[C1.1] One sentence.  [C1.2] Another
one (with a stop. In it) and `a. B` and 1.5 and a. small letter: the end:

    code. More code.

| name | meaning |
|---|---|
| [C1.3] A, B | a row. One sentence |

- [C1.4] An item
  of a list. [C1.9] `Second` one.
- `x` one · `y` (a · b) two ·
  three.
## No number
Last, without a stop
"""


def clauses_of(text):
    return [(each.prefix, each.id, each.text) for each in contract(text)]


def test_every_clause_has_a_test_that_runs_and_every_id_in_a_test_is_a_clause():
    clauses = contract((ROOT / "docs/contract.md").read_text())
    attacks = threat_model((ROOT / "docs/threat-model.md").read_text())
    assert len(clauses) > 90 and {each.prefix for each in clauses} >= {f"C{n}." for n in range(1, 7)}
    assert len(attacks) > 25 and all(re.fullmatch(r"[^|]+( \| [^|]+){2}", each.text) for each in attacks)
    found = []
    for path in [*SOURCES, CHECKS]:
        read = swift if path.suffix == ".swift" else python
        found += [dataclasses.replace(each, name=f"{path.relative_to(ROOT)}: {each.name}")
                  for each in read(path.read_text())]
    assert len(found) > 200
    assert problems(clauses + attacks, found) == []


def test_sentences_of_paragraphs_items_and_rows_are_separated():
    assert clauses_of(MARKDOWN) == [
        ("C1.", "C1.1", "One sentence."),
        ("C1.", "C1.2", "Another one (with a stop. In it) and `a. B` and 1.5 and a. small letter: the end:"),
        ("C1.", "C1.3", "A, B | a row. One sentence"), ("C1.", "C1.4", "An item of a list."),
        ("C1.", "C1.9", "`Second` one."), ("C1.", None, "`x` one"), ("C1.", None, "`y` (a · b) two"),
        ("C1.", None, "three."), ("## No number", None, "Last, without a stop")]
    assert [text for *_, text in clauses_of("## 1. A\nText.\n```\ncode. Code\n\n# no heading\n```\nMore.")] == [
        "Text.", "More."]
    assert clauses_of("") == []


def test_rows_of_attacks_are_clauses_of_the_threat_model_and_rows_of_assets_are_not():
    worth = "| asset | its loss |\n|---|---|\n| a | b |\n"
    text = worth + "\n| asset | attack | answer |\n|---|---|---|\n| [T3] a | b | c |\n| d | e | f |\n"
    assert [(each.id, each.text) for each in threat_model(text)] == [("T3", "a | b | c"), (None, "d | e | f")]


CLAUSES = contract("## 1. One\n[C1.1] First sentence. [C1.10] Second sentence.\n## 2. Two\n[C2.1] First sentence.")
GOOD = [Proof("a", ["C1.1", "C1.10"]), Proof("b", ["C2.1"])]


def test_clauses_that_tests_prove_are_no_problem():
    assert problems(CLAUSES, GOOD) == []


@pytest.mark.parametrize("proofs, found", [
    ([GOOD[1], Proof("a", ["C1.10"])], ["C1.1 “First sentence.” has no test that runs"]),  # part of an id
    ([GOOD[1], Proof("a", ["C1.1"])], ["C1.10 “Second sentence.” has no test that runs"]),
    ([GOOD[0], Proof("off", ["C2.1"], runs=False)], ["C2.1 “First sentence.” has no test that runs"]),
    ([*GOOD, Proof("x", ["C1.2"])], ["x names C1.2, which is not a clause"]),
    ([*GOOD, Proof("x", ["T1"], runs=False)], ["x names T1, which is not a clause"]),
    ([*GOOD, Proof("trust x", [])], ["trust x proves nothing"]),
])
def test_a_clause_without_a_test_and_a_test_of_no_clause_are_problems(proofs, found):
    assert [each.partition(": ")[0].startswith(start) for each, start in
            zip(problems(CLAUSES, proofs), found, strict=True)] == [True]


@pytest.mark.parametrize("text, found", [
    ("First.", "“First.” needs an id: begin it with [C1.N]"),
    ("[C2.1] First.", "“First.” needs an id: begin it with [C1.N]"),
    ("[T1] First.", "“First.” needs an id: begin it with [C1.N]"),
    ("[C1.1] First. [C1.1] Second.", "C1.1 is the id of two clauses"),
    ("[C1.1] First. Second.", "“Second.” needs an id"),
])
def test_a_clause_without_an_id_of_its_section_or_with_anothers_is_a_problem(text, found):
    (problem,) = problems(contract(f"## 1. One\n{text}"), [Proof("a", ["C1.1"])])[:1]
    assert problem.startswith(found)


def test_swift_tests_name_clauses_in_a_trait_and_count_only_if_they_run():
    # No backslash that Python would read.
    source = r'''
    @Test("a whole name", .proves("C1.1")) func a() {}
    @Test("an old name", .disabled("later"), .proves("C1.2")) func b() {}
    @Test(.enabled(if: false), .proves("C1.3")) func c() {}
    @Test(
        "a name (with \"quotes\" and .proves(\"C9.1\"), \(f("x"))", .proves("C1.4", "T5"), arguments: [1]
    ) func d(_ number: Int) {}
    @Test(.enabled(if: SmallDisk.canBeMounted, "needs a disk"), .proves("T6")) func `raw name`() {}
    @Test func plain() {}
    // @Test("in a comment", .proves("C1.5")) func e() {}
    /* gone:
    @Test("in a block", .proves("C1.5")) func f() {}
    */
    let text = "@Test(.proves(\"C1.6\")) func inText() {}", raw = #"@Test(.proves("C1.6")) func g() {}"#
    let lines = """
        @Test(.proves("C1.6")) func inLines() {}
        """
    @Suite(.disabled()) struct Off {
        @Test("of a suite that is off", .proves("C1.7")) func h() { if true { print("}") } }
        @Suite struct Within { @Test(.proves("C1.7")) func i() {} }
        @Test(.proves("C1.7")) func j() {}
    }
    @Suite(.serialized) struct On {
        @Test("of a suite that is on", .proves("C1.8")) func k() {}
    }
    let helper = trait.proves("C1.9")
    '''
    assert [(each.name, each.clauses, each.runs) for each in swift(source)] == [
        ("a", ["C1.1"], True), ("b", ["C1.2"], False), ("c", ["C1.3"], False), ("d", ["C1.4", "T5"], True),
        ("raw name", ["T6"], True), ("h", ["C1.7"], False), ("i", ["C1.7"], False), ("j", ["C1.7"], False),
        ("k", ["C1.8"], True)]


def test_python_tests_and_checks_name_clauses_in_a_comment_and_count_only_if_they_run():
    source = "\n".join([
        "# proves: C1.1, T2", "def test_one(): pass", "# proves: C1.2", "def helper(): pass",
        "# proves: C1.3", "@pytest.mark.skip", "def test_off(): pass",
        "# proves: C1.4", "@pytest.mark.xfail(reason='x')", "def test_failing(): pass",
        "# proves: C1.5", "@pytest.mark.skipif(True, reason='x')", "async def test_sometimes(): pass",
        "class TestAll:", "    # proves: C1.6", "    def test_two(self): pass",
        "@pytest.mark.skip", "class TestNone:", "    # proves: C1.7", "    def test_three(self): pass",
        "def test_plain(): pass", "TEXT = '''", "# proves: C1.8", "def test_four(): pass'''",
        "CHECKS = {", "    # proves: T3", "    'slow': (slow, 'x'),", "    'idle': (idle, 'x'),", "}"])
    assert [(each.name, each.clauses, each.runs) for each in python(source)] == [
        ("test_one", ["C1.1", "T2"], True), ("test_off", ["C1.3"], False), ("test_failing", ["C1.4"], False),
        ("test_sometimes", ["C1.5"], True), ("test_two", ["C1.6"], True), ("test_three", ["C1.7"], False),
        ("trust slow", ["T3"], True), ("trust idle", [], True), ("line 3", ["C1.2"], False)]
