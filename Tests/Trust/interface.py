"""schemathesis against the built server, by its OpenAPI description: thousands of requests, and all of its checks."""

import json
import os
import pathlib
import re
import subprocess
import sys

from check import Progress, Skip, expect
from servers import start


def check(settings):
    program = pathlib.Path(sys.executable).with_name("schemathesis")
    if not program.exists():
        raise Skip("schemathesis is not installed for this Python; script/trust makes an environment that has it")
    with start(settings.binary) as server:
        command = [
            program, "--config-file", pathlib.Path(__file__).with_name("schemathesis.toml"),
            "run", f"{server.url}/openapi.json", "--max-examples", str(settings.choose(300, 30)),
            "--seed", str(settings.seed), "--checks", "all", "--continue-on-failure", "--no-color",
            "--generation-database", "none", "--warnings", "off",
        ]
        hooks = pathlib.Path(__file__).with_name("schemathesis_hooks.py")
        environment, lines = {**os.environ, "SCHEMATHESIS_HOOKS": str(hooks)}, []
        with subprocess.Popen(
            command, cwd=settings.folder, env=environment, stdout=subprocess.PIPE, text=True
        ) as run:
            for line in run.stdout:
                lines.append(line.rstrip())
                Progress.show(line.strip()[:100])
        metrics = server.metrics()
        described = sum(map(len, json.loads(server.call("/openapi.json")[1])["paths"].values()))
    text = "\n".join(lines)
    cases = re.search(r"Test cases:\n\s+(.*)", text)
    operations = re.search(r"Tested: (\d+)", text)
    failures = re.findall(r"^\s+[❌🚫]\s+(\S.*: \d+)$", text, re.MULTILINE)
    example = re.search(r"^ +curl .*$", text, re.MULTILINE)
    expect(
        run.returncode == 0, f"seed {settings.seed}: {'; '.join(failures) or text[-500:]}; "
        f"for example: {example[0].strip()[:500] if example else 'none'}")
    # schemathesis leaves out the operation that serves the description.
    expect(int(operations[1]) == described - 1, f"{operations[1]} of {described} operations were tried")
    refused = [each.labels for each in metrics.select("bungalow_requests_total") if each.labels["status"][0] == "5"]
    expect(not refused, f"responses with 5xx: {refused}")
    return f"{operations[1]} operations, {cases[1]} (seed {settings.seed})"
