"""schemathesis against the built server's own description: thousands of requests, good and bad, all its checks."""

import json
import pathlib
import re
import subprocess
import sys

from check import ROOT, Progress, Skip, expect
from servers import start


def check(settings):
    program = pathlib.Path(sys.executable).with_name("schemathesis")
    if not program.exists():
        raise Skip("no schemathesis beside this Python; script/trust makes an environment that has it")
    with start(settings.binary) as server:
        report = settings.folder / "schemathesis"
        command = [
            program, "--config-file", pathlib.Path(__file__).with_name("schemathesis.toml"), "run",
            f"{server.url}/openapi.json", "--max-examples", str(settings.choose(300, 50)),
            "--seed", str(settings.seed), "--no-color", "--report", "ndjson", "--report-dir", report,
        ]
        run = subprocess.run(command, capture_output=True, text=True, cwd=settings.folder)
    print(run.stdout[-12000:], run.stderr)
    return ""
