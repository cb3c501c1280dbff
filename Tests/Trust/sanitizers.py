"""The Swift tests, built with a sanitizer in a folder of their own: all pass, and the sanitizer reports nothing."""

import os
import pathlib
import shutil
import subprocess

from check import Progress, Skip, expect

from testkit.processes import ROOT

SUPPRESSIONS = pathlib.Path(__file__).with_name("thread-sanitizer.supp")
# All tests in a full run: the end-to-end tests start a server that is built with the sanitizer, too.
UNIT_TESTS = r"^(ModelTests|RedisTests|ScoringLogTests|ServerTests)\."


def run_tests(settings, kind, variable, options):
    if not shutil.which("swift"):
        raise Skip("no swift")
    command = ["swift", "test", f"--sanitize={kind}", "--scratch-path", f".build-{kind}", "--disable-xctest"]
    if settings.quick:
        command += ["--filter", UNIT_TESTS]
    # Reports go to files, one per process: a test need not read what a server writes to stderr.
    reports = settings.folder / f"{kind}-report"
    environment = {
        "SWT_EXPERIMENTAL_MAXIMUM_PARALLELIZATION_WIDTH": "8", **os.environ, variable: f"{options}:log_path={reports}"}
    output, last = settings.folder / f"{kind}.txt", ""
    with open(output, "w") as file:
        tests = subprocess.Popen(
            command, cwd=ROOT, env=environment, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT, text=True, errors="replace")
        for line in tests.stdout:
            file.write(line)
            last = line.strip() if "Test run with" in line else last
            Progress.show(line.strip()[:100])
        code = tests.wait()
    texts = [output, *settings.folder.glob(f"{reports.name}.*")]
    lines = [line for text in texts for line in text.read_text(errors="replace").splitlines()]
    summaries = sorted({line for line in lines if line.startswith("SUMMARY: ")})
    expect(not summaries, f"{len(summaries)} different reports: {'; '.join(summaries[:5])}")
    said = [line for line in lines if "Sanitizer" in line or "recorded an issue" in line]
    tail = " | ".join(output.read_text().splitlines()[-5:])
    expect(code == 0, f"exit code {code}: {'; '.join(said[:3]) or tail}")
    expect("passed" in last, f"no test ran: {tail}")
    return f"{last[last.index('Test run'):]} No report."


def threads(settings):
    return run_tests(settings, "thread", "TSAN_OPTIONS", f"halt_on_error=0:suppressions={SUPPRESSIONS}")


def addresses(settings):
    # Leaks are not detected, since Swift's runtime never frees what it makes only once. 4 MiB of freed memory are
    # quarantined, not 256: tests measure a server's memory.
    options = "detect_leaks=0:quarantine_size_mb=4:thread_local_quarantine_size_kb=64"
    return run_tests(settings, "address", "ASAN_OPTIONS", options)
