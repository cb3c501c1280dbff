"""Two hundred thousand damaged logs, and the analyzer's results for them."""

import os
import re
import shutil
import subprocess

from check import Progress, Skip, expect

from testkit.processes import ROOT


def check(settings):
    if not shutil.which("swift"):
        raise Skip("no swift")
    count = settings.choose(200_000, 20_000)
    environment = {
        **os.environ, "BUNGALOW_LOG_MUTATIONS": str(count), "BUNGALOW_LOG_SEED": str(settings.seed)}
    command = ["swift", "test", "--disable-xctest", "--filter", "LogMutationTests"]
    output = settings.folder / "logs.txt"
    Progress.show(f"{count} logs")
    with open(output, "w") as file:
        code = subprocess.run(
            command, cwd=ROOT, env=environment, stdin=subprocess.DEVNULL, stdout=file, stderr=subprocess.STDOUT,
            check=False).returncode
    text = output.read_text(errors="replace")
    found = re.findall(r"seed \d+, log \d+, [^\n]{0,200}", text)
    tail = " | ".join(text.splitlines()[-3:])
    expect(code == 0, f"exit code {code}: {'; '.join(found[:3]) or tail}")
    expect(re.search(r"Test run with \d+ tests? in \d+ suites? passed", text), f"no test ran: {tail}")
    return (
        f"{count} mutated logs (seed {settings.seed}): no id has another's time, none lacking a request is complete")
