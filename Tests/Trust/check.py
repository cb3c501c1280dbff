"""What every check of script/trust is made of: its settings, how it fails, how it tells that it is under way."""

import dataclasses
import pathlib
import sys
import time

from testkit.processes import ROOT  # noqa: F401  (the checks' name for it)


class Failure(Exception):
    """What the check found, in one line."""


class Skip(Exception):
    """Why the check cannot run here."""


def expect(condition, said):
    """Raises what is said as a failure unless the condition holds."""
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
        """Seconds that a long load lasts: TRUST_SECONDS, where it is set, wins."""
        return self.seconds or self.choose(full, quick)


class Progress:
    """A line on a terminal, at most one a second, that tells how far a check is."""

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
    """The value that this share of the values does not exceed."""
    ordered = sorted(values)
    expect(ordered, "nothing was measured")
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))]


def milliseconds(seconds):
    return f"{seconds * 1000:.1f} ms"
