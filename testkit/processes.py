"""Free ports, and waiting for processes."""

import pathlib
import socket
import time
from collections.abc import Callable

ROOT = pathlib.Path(__file__).resolve().parents[1]


class StartError(Exception):
    """A process did not start; the message is what it printed."""


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port: int = listener.getsockname()[1]
        return port


def wait_until(condition: Callable[[], object], what: str, seconds: float = 30, pause: float = 0.02) -> float:
    """Waits until the condition holds; returns the seconds it took.

    Raises TimeoutError, which names the condition.
    """
    began = time.monotonic()
    while not condition():
        if time.monotonic() - began > seconds:
            raise TimeoutError(f"timed out after {seconds:g} s: {what}")
        time.sleep(pause)
    return time.monotonic() - began
