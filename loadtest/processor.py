"""How much CPU a client wanted: the time it used and, on Linux, the time it waited while others had the core."""

import os
import time
from pathlib import Path

QUOTA = Path("/sys/fs/cgroup/cpu.max")


def quota_of(text):
    """The cores that a container may use at a time, from cgroup v2's `quota period`; infinite without a limit."""
    quota, period = text.split()
    return float("inf") if quota == "max" else int(quota) / int(period)


def cores():
    """The cores that this process may use; with a CPU limit, a container may use fewer than it sees."""
    seen = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    try:
        return min(seen, quota_of(QUOTA.read_text()))
    except (OSError, ValueError):
        return seen


def wanted_seconds(pid):
    """CPU seconds used and waited for by all threads of a process; 0 if the kernel does not report them."""
    total = 0
    for path in Path(f"/proc/{pid}/task").glob("*/schedstat"):
        try:
            used, waited, _ = path.read_text().split()
        except (OSError, ValueError):
            continue
        total += int(used) + int(waited)
    return total / 1e9


class Demand:
    """CPU wanted since its start, as a share of some cores: at 1 and above the client is short of CPU."""

    def __init__(self, pid, cores):
        self.pid, self.cores = pid, cores
        self.began, self.before = time.monotonic(), wanted_seconds(pid)
        self.most = self.last = 0.0

    def read(self):
        """The share so far; after the process has ended, the last one."""
        wanted = wanted_seconds(self.pid) - self.before
        elapsed = time.monotonic() - self.began
        # The threads of an ending process exit one by one, and their counters disappear with them.
        if wanted >= self.most and elapsed > 0:
            self.most, self.last = wanted, wanted / elapsed / self.cores
        return self.last
