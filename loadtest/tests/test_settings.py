"""The defaults, which stand in a JavaScript and in a Python file, since k6 also runs by itself."""

import re

from conftest import LOADTEST


def test_k6_by_itself_has_the_defaults_that_the_driver_has_and_the_documentation_gives():
    javascript = dict(re.findall(r"number\('([A-Z_]+)', ([\d.]+)", (LOADTEST / "k6/settings.js").read_text()))
    python = dict(re.findall(r'amount\("([A-Z_]+)", ([\d.]+)', (LOADTEST / "scenario/settings.py").read_text()))
    # The driver leaves thresholds to k6.
    assert {name: value for name, value in javascript.items() if name != "MAX_FAILED"}.items() <= python.items()
    assert len(javascript) > 10
    text = (LOADTEST / "README.md").read_text()
    assert all(name in text for name in python)
