"""The progress that a program reports while it measures: it is never silent for long, and shows the time left."""

import sys
import threading
from collections.abc import Callable
from typing import Any, Self, TextIO

EVERY_SECONDS = 4.0


class Progress:
    """Reports progress on stderr: a line every few seconds; on a terminal, one line that is rewritten each second."""

    def __init__(self, text: Callable[[], str], every: float = EVERY_SECONDS, stream: TextIO | None = None) -> None:
        self._text, self._stream = text, stream or sys.stderr
        self._is_terminal = self._stream.isatty()
        self._every = min(every, 1) if self._is_terminal else every
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: Any) -> None:
        self._ended.set()
        self._thread.join()
        if self._is_terminal:
            self._write("\r\033[K")

    def _run(self) -> None:
        while not self._ended.wait(self._every):
            text = self._text()
            self._write(f"\r\033[K{text}" if self._is_terminal else f"{text}\n")

    def _write(self, text: str) -> None:
        print(text, end="", file=self._stream, flush=True)


def duration(seconds: float) -> str:
    """In words: 59 s, 2 min 5 s."""
    whole = max(0, round(seconds))
    return f"{whole} s" if whole < 60 else f"{whole // 60} min {whole % 60} s"


def phase_text(phases: list[tuple[str, float]], elapsed: float) -> str:
    """How far a run of several phases (name, seconds) has got, and how much is left."""
    total, began = sum(seconds for _, seconds in phases), 0.0
    for name, seconds in phases:
        if elapsed < began + seconds:
            return f"{name}, {duration(elapsed - began)} of {duration(seconds)}; {duration(total - elapsed)} left"
        began += seconds
    return f"waiting for the last responses, {duration(elapsed - total)} so far"
