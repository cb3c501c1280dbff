"""What the programs report while they measure."""

import io
import itertools
import threading

import pytest
from progress import Progress, duration, phase_text


class Screen(io.StringIO):
    """A stream that signals its third write."""

    def __init__(self, is_terminal):
        super().__init__()
        self.is_terminal, self.writes, self.third = is_terminal, 0, threading.Event()

    def isatty(self):
        return self.is_terminal

    def write(self, text):
        self.writes += 1
        if self.writes >= 3:
            self.third.set()
        return super().write(text)


@pytest.mark.parametrize("is_terminal", [False, True])
def test_progress_is_reported_repeatedly_and_a_terminal_keeps_one_line(is_terminal):
    screen, numbers = Screen(is_terminal), itertools.count(1)
    with Progress(lambda: f"turn {next(numbers)}", every=0.01, stream=screen):
        assert screen.third.wait(30)
    said = screen.getvalue()
    if is_terminal:
        assert said.startswith("\r\033[Kturn 1\r\033[Kturn 2") and said.endswith("\r\033[K") and "\n" not in said
    else:
        assert said.startswith("turn 1\nturn 2\n") and "\r" not in said


def test_durations_are_written_in_hours_minutes_and_seconds():
    assert [duration(seconds) for seconds in (-1, 0.4, 59.4, 59.6, 365)] == ["0 s", "0 s", "59 s", "1 min 0 s",
                                                                            "6 min 5 s"]  # fmt: skip


@pytest.mark.parametrize(
    "elapsed, text",
    [(0, "ramp-up, 0 s of 1 min 0 s; 6 min 5 s left"), (61, "hold, 1 s of 5 min 0 s; 5 min 4 s left"),
        (362, "ramp-down, 2 s of 5 s; 3 s left"), (370, "waiting for the last responses, 5 s so far")],
)  # fmt: skip
def test_a_run_of_phases_reports_its_phase_and_the_time_left(elapsed, text):
    assert phase_text([("ramp-up", 60), ("hold", 300), ("ramp-down", 5)], elapsed) == text


def test_a_phase_that_takes_no_time_is_never_reported():
    assert phase_text([("ramp-up", 0), ("hold", 5)], 0) == "hold, 0 s of 5 s; 5 s left"
