"""How the load tests' programs end: by a signal, on a value that is not allowed, or with their own exit code."""

import signal
import sys

from counters import CountersError
from settings import USAGE_EXIT_CODE, SettingsError

ENDS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class Interrupted(BaseException):
    """A signal that asks for an end."""

    def __init__(self, number, _=None):
        super().__init__(number)
        self.number = number

    def __str__(self):
        return f"interrupted by {signal.Signals(self.number).name}"


def listen_for_ends():
    def end(number, frame):
        raise Interrupted(number, frame)

    for each in ENDS:
        # A signal that nohup or a shell set to be ignored stays ignored.
        if signal.getsignal(each) != signal.SIG_IGN:
            signal.signal(each, end)


def exit_with(name, main):
    """Exits with the code that `main` returns, or with one line that explains why there is no verdict."""
    try:
        listen_for_ends()
        sys.exit(main())
    except SettingsError as error:
        print(f"{name}: {error}", file=sys.stderr)
        sys.exit(USAGE_EXIT_CODE)
    except (CountersError, OSError) as error:
        sys.exit(f"{name}: {error}")
    except Interrupted as end:
        print(f"{name}: {end}; there is no verdict", file=sys.stderr)
        sys.exit(128 + end.number)
