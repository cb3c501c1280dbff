"""Child processes on chosen cores: starts them, reads their /proc entries, and ends them by pid."""
import os
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

from testkit.processes import wait_until

from .failure import Failure

STOP_SECONDS, ORPHAN_SECONDS = 15, 5
TICKS_PER_SECOND = os.sysconf("SC_CLK_TCK")


class Child:
    """A running program and its descendants; ends with its `with` block."""

    def __init__(self, name, command, cores, environment, folder):
        self.name = name
        self.stdout = folder / f"{name}.log"
        self.stderr = folder / f"{name}.err"
        # Some peers' workers open the log file by name, to append to it.
        with open(self.stdout, "ab") as stdout, open(self.stderr, "ab") as stderr:
            self.process = subprocess.Popen(
                ["taskset", "-c", cores, *command], env={**os.environ, **environment},
                stdin=subprocess.DEVNULL, stdout=stdout, stderr=stderr, start_new_session=True)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stop()

    def stop(self):
        if self.process.poll() is not None:
            return
        family = self.pids()
        self.process.terminate()
        try:
            self.process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            kill(family + self.pids())
            self.process.wait(STOP_SECONDS)
            raise Failure(f"{self.name} did not end within {STOP_SECONDS} s of SIGTERM") from None
        # Its children may outlive it a little, and would add load to the next measurement.
        try:
            wait_until_ended(family, ORPHAN_SECONDS)
        except TimeoutError:
            kill(family)
            wait_until_ended(family, STOP_SECONDS)

    def require_running(self):
        if self.process.poll() is not None:
            raise Failure(f"{self.name} ended with exit code {self.process.returncode}: {last_lines(self.stderr)}")

    def pids(self):
        """The process and all its descendants."""
        found = [self.process.pid]
        for pid in found:
            for children in Path(f"/proc/{pid}/task").glob("*/children"):
                with suppress(OSError):
                    found.extend(int(child) for child in children.read_text().split())
        return found

    def cpu_seconds(self):
        """User and system time so far, in steps of a clock tick (10 ms)."""
        return cpu_seconds(self.pids())

    def resident_mib(self):
        return sum(resident_kib(Path(f"/proc/{pid}/status").read_text()) for pid in self.pids()) / 1024


def kill(pids):
    for pid in reversed(pids):
        with suppress(ProcessLookupError):  # it may have ended meanwhile
            os.kill(pid, 9)


def wait_until_ended(pids, seconds):
    wait_until(lambda: not any(map(is_alive, pids)), f"the end of the processes {pids}", seconds)


def is_alive(pid):
    """Whether a process runs; a zombie does not."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False


def cpu_seconds(pids):
    return sum(cpu_ticks(Path(f"/proc/{pid}/stat").read_text()) for pid in pids) / TICKS_PER_SECOND


def cpu_ticks(stat):
    """utime + stime of /proc/PID/stat; the name before them may contain spaces and brackets."""
    fields = stat.rpartition(")")[2].split()
    return int(fields[11]) + int(fields[12])


def resident_kib(status):
    return next(int(line.split()[1]) for line in status.splitlines() if line.startswith("VmRSS:"))


def core_seconds(core):
    """Seconds that a core was busy with any work, from /proc/stat; includes stolen time, not idle or waiting time."""
    with open("/proc/stat", encoding="ascii") as file:
        fields = next(line.split() for line in file if line.startswith(f"cpu{core} "))
    user, nice, system, _, _, irq, softirq, steal = map(int, fields[1:9])
    return (user + nice + system + irq + softirq + steal) / TICKS_PER_SECOND


def last_lines(path, count=3):
    lines = Path(path).read_text(errors="replace").strip().splitlines()
    return " / ".join(lines[-count:]) or "it printed nothing"


def until(what, condition, seconds, pause=0.01):
    """Waits until a condition holds; raises a Failure that names it if it does not hold in time."""
    try:
        wait_until(condition, what, seconds, pause)
    except TimeoutError as error:
        raise Failure(str(error)) from None


def run(what, command, seconds, **options):
    """Runs a command to its end; raises a Failure with its last lines if it fails."""
    try:
        done = subprocess.run(
            command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
            timeout=seconds, check=False, **options)
    except FileNotFoundError:
        raise Failure(f"{what}: {command[0]} is not installed (script/bootstrap --bench)") from None
    except subprocess.TimeoutExpired:
        raise Failure(f"{what}: not done within {seconds} s") from None
    if done.returncode != 0:
        raise Failure(f"{what}: exit code {done.returncode}\n{done.stdout[-2000:]}")
    return done.stdout


def run_aloud(what, command):
    """Runs a command and copies its lines to stderr; raises a Failure if it fails."""
    code = subprocess.run(command, stdout=sys.stderr, check=False).returncode
    if code != 0:
        raise Failure(f"{what}: exit code {code}")
