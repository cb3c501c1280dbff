"""What all checks of script/trust share: their settings, how they fail, and how they show progress."""

import dataclasses
import pathlib
import sys
import time

from testkit.processes import ROOT  # noqa: F401  (the checks' name for it)


class Failure(Exception):
    """A check failed: what it found, in one line."""


class Skip(Exception):
    """A check cannot run here, and why."""


def expect(condition, said):
    """Raises a failure with this text unless the condition holds."""
    if not condition:
        raise Failure(said)


@dataclasses.dataclass
class Settings:
    """How thorough a run is."""

    binary: pathlib.Path
    folder: pathlib.Path
    seed: int
    quick: bool
    seconds: int | None

    def choose(self, full, quick):
        return quick if self.quick else full

    def duration(self, full, quick):
        """The seconds that a long load lasts; TRUST_SECONDS takes precedence if it is set."""
        return self.seconds or self.choose(full, quick)


class Progress:
    """A line on a terminal, updated at most once a second, that shows how far a check has got."""

    _last = 0.0

    @classmethod
    def show(cls, text):
        now = time.monotonic()
        if sys.stderr.isatty() and now - cls._last > 1:
            cls._last = now
            print(f"\r\033[K  {text}", end="", file=sys.stderr, flush=True)

    @staticmethod
    def clear():
        if sys.stderr.isatty():
            print("\r\033[K", end="", file=sys.stderr, flush=True)


def percentile(values, share):
    """The smallest value that this share of the values does not exceed."""
    ordered = sorted(values)
    expect(ordered, "nothing was measured")
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))]


def milliseconds(seconds):
    return f"{seconds * 1000:.1f} ms"
