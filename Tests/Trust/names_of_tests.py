"""The names of the tests that script/test runs, read from their sources."""

import ast
import re

# What keeps a Swift test, or a suite, from running anywhere. A condition on the machine does not.
DISABLED = re.compile(r"\.disabled\(|\.enabled\(if: false")
ATTRIBUTE = re.compile(r"^[ \t]*@(Test|Suite)\b", re.MULTILINE)
DISPLAY_NAME = re.compile(r'@Test\s*\(\s*"((?:[^"\\\n]|\\.)*)"')
FUNCTION = re.compile(r"\bfunc\s+(?:`([^`\n]+)`|(\w+))")
SUITE = re.compile(r"\b(?:struct|class|actor|enum|extension)\s")


def swift(source):
    """Of each `@Test` that begins a line: its display name as it is written, else its function's."""
    source = re.sub(r"^[ \t]*/\*.*?\*/", "", source, flags=re.MULTILINE | re.DOTALL)
    names, is_suite_disabled = set(), False
    for found in ATTRIBUTE.finditer(source):
        rest = source[found.start():]
        declaration = (FUNCTION if found[1] == "Test" else SUITE).search(rest)
        if declaration is None:
            continue
        is_disabled = bool(DISABLED.search(rest[:declaration.start()]))
        if found[1] == "Suite":
            is_suite_disabled = is_disabled
        elif not is_disabled and not is_suite_disabled:
            display = DISPLAY_NAME.match(rest.lstrip())
            names.add(display[1] if display else declaration[1] or declaration[2])
    return names


def python(source):
    """Of each function that pytest takes for a test, unless it is skipped always or expected to fail."""
    tree = ast.parse(source)
    classes = [node for node in tree.body if isinstance(node, ast.ClassDef) and node.name.startswith("Test")]
    functions = [node for place in (tree, *classes) for node in place.body
                 if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef))]
    marks = re.compile(r"pytest\.mark\.(skip|xfail)\b")
    return {each.name for each in functions if each.name.startswith("test")
            and not any(marks.match(ast.unparse(mark)) for mark in each.decorator_list)}


def enabled(folders):
    """The names of all tests below the folders."""
    names = set()
    for folder in folders:
        for file in folder.rglob("*.swift"):
            names |= swift(file.read_text())
        for file in folder.rglob("test_*.py"):
            names |= python(file.read_text())
    return names
