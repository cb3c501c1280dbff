"""Reads the clauses of docs/contract.md and docs/threat-model.md: statements that one test, or a few, can prove.

A clause begins with its id in brackets: [C1.4] belongs to section 1 of the contract, [T12] to the threat model.
"""

import dataclasses
import re

ID = re.compile(r"\[((?:C\d+\.|T)\d+)\] (?=\S)")


@dataclasses.dataclass
class Clause:
    """A clause, and the required prefix of its id; the id is None if the document has none."""

    prefix: str
    id: str | None
    text: str

    @classmethod
    def read(cls, prefix, text):
        found = ID.match(text)
        return cls(prefix, found and found[1], text[found.end():] if found else text)


def sentences(paragraph):
    """Splits after a full stop followed by a blank and no small letter, and at `·`; not in code or in parentheses."""
    begin, depth, is_in_code = 0, 0, False
    for index, character in enumerate(paragraph):
        following = paragraph[index + 1:index + 3]
        if character == "`":
            is_in_code = not is_in_code
        elif is_in_code:
            continue
        elif character in "()":
            depth = max(0, depth + (1 if character == "(" else -1))
        elif depth == 0 and (character == "·" or (character == "." and re.match(" [^a-z]", following))):
            yield paragraph[begin:index + 1].strip(" ·")
            begin = index + 1
    yield paragraph[begin:].strip(" ·")


def contract(markdown):
    """Every sentence of a section, and every row of a table; code belongs to the sentence before it."""
    clauses, prefix, paragraph, is_in_fence = [], None, "", False

    def end_paragraph():
        nonlocal paragraph
        clauses.extend(Clause.read(prefix, each) for each in sentences(paragraph) if each and prefix)
        paragraph = ""

    for line in [*markdown.splitlines(), ""]:
        words = " ".join(line.split())
        if line.startswith("```"):
            end_paragraph()
            is_in_fence = not is_in_fence
        elif is_in_fence or (line.startswith("    ") and not paragraph):
            continue
        elif line.startswith("#"):
            end_paragraph()
            number = re.match(r"##+ (\d+)\.", words)
            prefix = f"C{number[1]}." if number else None if line.startswith("# ") else words
        elif line.startswith("|"):
            end_paragraph()
            if not set(words) <= set("|-: "):
                clauses.append(Clause.read(prefix, words.strip("| ")))
            elif clauses:
                clauses.pop()  # the row above the dashes is the table's header
        elif not words or line.startswith("- "):
            end_paragraph()
            paragraph = words.removeprefix("-").strip()
        else:
            paragraph += f" {words}"
    return clauses


def threat_model(markdown):
    """Every row of a table of attacks or faults: a table of three columns or more."""
    rows = [line.strip("| ") for line in markdown.splitlines() if line.startswith("|") and line.count("|") > 3]
    return [Clause.read("T", row) for row in rows if not row.startswith(("asset ", "---"))]
