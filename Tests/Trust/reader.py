"""The mutated bodies of bodies.py, read by the JSON reader alone from heap blocks without a spare byte. Two tools
detect each read beyond them: AddressSanitizer in our code, valgrind in the uninstrumented libraries too.
"""

import pathlib
import shutil
import struct
import subprocess

import contract
import judge
from bodies import BATCH, all_batches, batch_bodies
from check import Skip, expect

from testkit.processes import ROOT

SOURCES = ROOT / "Sources/CSimdjson"
INVALID, NOT_A_LIST, ROWS = "2 0", "1 0", "0"
KINDS = {"finite_number": "1", "float_parsing": "2", "float_type": "3", "missing": "4"}


def cell(record, field):
    """What the driver prints for a cell; the reader does not check bounds."""
    if not isinstance(record, dict):
        return "5"
    number, failure = contract.check("MedInc", record[field]) if field in record else (None, "missing")
    if failure not in KINDS:
        value = record[field]
        number = value.float() if isinstance(value, contract.Literal) else float(value)
        return f"0{struct.unpack('<Q', struct.pack('<d', number))[0]:x}"
    return KINDS[failure]


def expected_line(body):
    try:
        batch = contract.parse(body)
    except contract.Refused:
        return INVALID
    if judge.has_lone_surrogate(body):
        return INVALID
    if not isinstance(batch, list):
        return NOT_A_LIST
    cells = [cell(record, field) for record in batch for field in contract.FIELDS]
    return " ".join([ROWS, str(len(batch)), *(cells if len(batch) <= contract.MAX_RECORDS else [])])


def read_batch(command, environment, seed, batch):
    """Whether the driver reads one batch as the contract does, without a report from the tool it runs under."""
    bodies = batch_bodies(seed, batch)
    frames = b"".join(struct.pack("<I", len(body)) + body for body in bodies)
    driver = subprocess.run(command, input=frames, capture_output=True, env=environment)
    lines = driver.stdout.decode().split("\n")[:-1]
    for body, line in zip(bodies, lines):
        wanted = expected_line(body)
        # The number of rows read before the fault is not promised.
        found = INVALID if line.startswith("2 ") else line
        if found != wanted:
            return {}, f"seed {seed}, body {body[:1000]!r} is read as {line[:300]!r}, not {wanted[:300]!r}"
    if driver.returncode or driver.stderr or len(lines) != len(bodies):
        body = bodies[len(lines)] if len(lines) < len(bodies) else b""
        said = driver.stderr.decode(errors="replace")[:1500]
        return {}, f"seed {seed}, batch {batch}, exit code {driver.returncode} near {body[:1000]!r}: {said}"
    return {}, None


def compile_driver(folder, name, *flags):
    compiler = shutil.which("clang++") or shutil.which("g++")
    if not compiler:
        raise Skip("neither clang++ nor g++ is installed")
    driver = pathlib.Path(folder) / name
    sources = [pathlib.Path(__file__).with_name("reader_driver.cpp"), *sorted(SOURCES.glob("*.cpp"))]
    command = [compiler, "-std=c++17", "-O1", "-gdwarf-4", *flags, "-I", SOURCES / "include", *sources, "-lsimdjson"]
    built = subprocess.run([*command, "-o", driver], capture_output=True, text=True)
    expect(built.returncode == 0, f"the driver does not compile: {built.stderr[:1000]}")
    return driver


def expect_watched(command, environment):
    """The tool reports a read one byte beyond a block: otherwise its silence would mean nothing."""
    control = subprocess.run([*command, "--read-beyond"], capture_output=True, env=environment)
    expect(control.returncode != 0 and b"of size 1" in control.stderr,
           f"a read beyond a block is not reported: exit code {control.returncode}, {control.stderr[-300:]!r}")


def under_address_sanitizer(settings):
    driver = compile_driver(settings.folder, "reader-asan", "-fsanitize=address", "-fno-omit-frame-pointer")
    expect_watched([driver], {"ASAN_OPTIONS": "detect_leaks=1"})
    cases = settings.choose(1_000_000, 20_000)
    all_batches(read_batch, cases, [driver], {"ASAN_OPTIONS": "detect_leaks=1"}, settings.seed)
    return f"{cases} bodies (seed {settings.seed}) in exact blocks, read as contract.py reads them, nothing reported"


def under_valgrind(settings):
    valgrind = shutil.which("valgrind")
    if not valgrind:
        raise Skip("no valgrind")
    driver = compile_driver(settings.folder, "reader-valgrind")
    cases = settings.choose(10_000, BATCH)
    # Reads of padding and beyond a block are errors; so is a branch that depends on uninitialized bytes.
    command = [valgrind, "--quiet", "--error-exitcode=99", "--leak-check=full", driver]
    expect_watched(command, {})
    all_batches(read_batch, cases, command, {}, settings.seed)
    return f"{cases} bodies (seed {settings.seed}), nothing reported"
