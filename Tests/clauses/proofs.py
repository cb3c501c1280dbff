"""Finds which tests and checks name which clauses.

In Swift a test has the trait `.proves("C1.4", "T12")`. In Python the comment `# proves: C1.4, T12` precedes a test's
function, or a check's entry in script/trust's table CHECKS.
"""

import ast
import dataclasses
import io
import re
import tokenize


@dataclasses.dataclass
class Proof:
    """A test or a check that names clauses. It counts only if it runs."""

    name: str
    clauses: list[str]
    runs: bool = True


# Text that is not code: comments and string literals, including raw and multi-line ones.
NO_CODE = re.compile(
    r'//[^\n]*|/\*.*?\*/|(?P<raw>#+)"""(?:.*?)"""(?P=raw)|"""(?:\\.|.)*?"""|(?P<hash>#+)"(?:[^\n]*?)"(?P=hash)'
    r'|"(?:\\\((?:[^()"\n]|"[^"\n]*"|\([^()\n]*\))*\)|\\.|[^"\\\n])*"', re.DOTALL)
ATTRIBUTE = re.compile(r"@(Test|Suite)\b[ \t]*")
# With a condition on the machine a test still runs on some; with these it never runs.
DISABLED = re.compile(r"\.disabled\(|\.enabled\(\s*if:\s*false\b")
PROVES = re.compile(r"\.proves\(")
FUNCTION = re.compile(r"\bfunc\s+(`[^`\n]+`|\w+)")
SUITE = re.compile(r"\b(?:struct|class|actor|enum|extension)\s[^{]*")


def closing(code, opening):
    """The index after the bracket that closes the one at `opening`."""
    depth = 0
    for index in range(opening, len(code)):
        depth += {"(": 1, "{": 1, ")": -1, "}": -1}.get(code[index], 0)
        if depth == 0:
            return index + 1
    return len(code)


def swift(source):
    """The tests of a Swift file that name clauses; a test that is disabled, or in a disabled suite, does not run."""
    code = NO_CODE.sub(lambda found: re.sub(r"[^\n]", " ", found[0]), source)
    proofs, disabled_until = [], 0
    for attribute in ATTRIBUTE.finditer(code):
        begin = end = attribute.end()
        if code[begin:begin + 1] == "(":
            end = closing(code, begin)
        is_disabled = bool(DISABLED.search(code, begin, end))
        if attribute[1] == "Suite":
            declaration = SUITE.search(code, end)
            if is_disabled and declaration:
                disabled_until = max(disabled_until, closing(code, declaration.end()))
            continue
        clauses = [clause for each in PROVES.finditer(code, begin, end)
                   for clause in re.findall(r'"([^"]*)"', source[each.end():closing(code, each.end() - 1)])]
        function = FUNCTION.search(code, end)
        if clauses and function:
            proofs.append(Proof(function[1].strip("`"), clauses, not is_disabled and begin >= disabled_until))
    return proofs


def python(source):
    """The tests of a Python file that name clauses, and the checks of script/trust in it.

    A test that is always skipped or expected to fail does not run; nor does a function that is not a test.
    """
    comments = {}
    for token in tokenize.generate_tokens(io.StringIO(source).readline):
        found = re.fullmatch(r"# proves: (.+)", token.string) if token.type == tokenize.COMMENT else None
        if found:
            comments[token.start[0]] = re.split(r",\s*", found[1])
    never = re.compile(r"pytest\.mark\.(skip|xfail)\b")
    proofs = []

    def read(name, node, runs):
        first = min([node.lineno, *(each.lineno for each in getattr(node, "decorator_list", []))])
        clauses = comments.pop(first - 1, [])
        if clauses or isinstance(node, ast.Constant):  # every check of script/trust must prove something
            proofs.append(Proof(name, clauses, runs))

    def visit(body, runs):
        for node in body:
            runs_here = runs and not any(
                never.match(ast.unparse(each)) for each in getattr(node, "decorator_list", []))
            if isinstance(node, ast.ClassDef) and node.name.startswith("Test"):
                visit(node.body, runs_here)
            elif isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)) and node.name.startswith("test"):
                read(node.name, node, runs_here)
            elif (isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "CHECKS"
                  and isinstance(node.value, ast.Dict)):
                for key in node.value.keys:
                    read(f"trust {key.value}", key, runs)

    visit(ast.parse(source).body, True)
    return proofs + [Proof(f"line {line}", clauses, runs=False) for line, clauses in comments.items()]


def problems(clauses, proofs):
    """All mistakes, each with the fix: sentences without ids, clauses without a proof, names of unknown clauses."""
    found, known = [], set()
    for clause in clauses:
        if clause.id is None or not re.fullmatch(re.escape(clause.prefix) + r"\d+", clause.id):
            found.append(
                f"“{clause.text}” needs an id: begin it with [{clause.prefix}N], N a number that is not used yet.")
        elif clause.id in known:
            found.append(f"{clause.id} is the id of two clauses: give “{clause.text}” another number.")
        known.add(clause.id)
    proven = {clause for proof in proofs if proof.runs for clause in proof.clauses}
    for clause in clauses:
        if clause.id and clause.id not in proven:
            found.append(f"{clause.id} “{clause.text}” has no test that runs: name it in one that proves it.")
    for proof in proofs:
        if not proof.clauses:
            found.append(f"{proof.name} proves nothing: name the clauses that it proves.")
        for clause in proof.clauses:
            if clause not in known:
                found.append(f"{proof.name} names {clause}, which is not a clause of the contract or the threat model.")
    return found
