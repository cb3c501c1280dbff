"""The built server as a process of its own."""

import contextlib
import os
import pathlib
import re
import signal
import subprocess
import threading
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Callable, Iterator, Mapping
from email.message import Message
from typing import ClassVar

from loadtest.metrics import Metrics
from testkit.processes import ROOT, StartError

HOUSE = (
    b'[{"MedInc":8.3252,"HouseAge":42,"AveRooms":6.98,"AveBedrms":1.02,'
    b'"Population":322,"AveOccup":2.55,"Latitude":37.88,"Longitude":-122.23}]'
)


def built_server() -> pathlib.Path:
    """The executable to test: BUNGALOW_SERVER, else the debug build."""
    path = pathlib.Path(os.environ.get("BUNGALOW_SERVER", ROOT / ".build/debug/bungalow-server"))
    if not path.exists():
        raise StartError(f"{path} is missing: run `swift build`, or script/test, which builds it first")
    return path


class Server:
    """A server on the loopback interface with only these environment variables; port 0 picks a free port."""

    # A busy machine must not turn a HIT into a BYPASS.
    DEFAULTS: ClassVar[Mapping[str, str]] = {"CACHE_DEADLINE_MS": "3000"}

    def __init__(self, binary: pathlib.Path | str, environment: Mapping[str, str], port: int = 0) -> None:
        self.process = subprocess.Popen(
            [binary, "--bind-host", "127.0.0.1", "--port", str(port)],
            env={**self.DEFAULTS, **environment},
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
        )
        assert self.process.stderr
        self.url = self._wait_for_url(self.process.stderr)
        # A pipe that is not read would block the server once it is full.
        threading.Thread(target=self.process.stderr.read, daemon=True).start()

    def _wait_for_url(self, messages: Iterator[str]) -> str:
        printed = []
        for line in messages:
            printed.append(line)
            if found := re.search(r"listens on (http://\S+)", line):
                return found[1]
        self.end()
        raise StartError("".join(printed).rstrip() or "the server ended without a message")

    @property
    def port(self) -> int:
        port = urllib.parse.urlsplit(self.url).port
        assert port
        return port

    def ask(
        self, path: str, body: bytes | None = None, method: str | None = None, headers: Mapping[str, str] | None = None
    ) -> tuple[int, Message, bytes]:
        """The status, the header fields and the body of a response."""
        request = urllib.request.Request(self.url + path, body, dict(headers or {}), method=method)
        try:
            with urllib.request.urlopen(request, timeout=30) as response:
                return response.status, response.headers, response.read()
        except urllib.error.HTTPError as error:
            return error.code, error.headers, error.read()

    def call(self, path: str, body: bytes | None = None) -> tuple[int, str]:
        """The status and the text of a response."""
        status, _, text = self.ask(path, body)
        return status, text.decode()

    def metrics(self) -> Metrics:
        return Metrics(self.call("/metrics")[1])

    def stop(self) -> int:
        """Stops it as Ctrl-C does, which skips the drain delay; returns the exit code."""
        self.process.send_signal(signal.SIGINT)
        return self.process.wait(timeout=30)

    def end(self) -> None:
        """Kills it if it still runs."""
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()


@contextlib.contextmanager
def servers(defaults: Mapping[str, str], kind: type[Server] = Server) -> Iterator[Callable[..., Server]]:
    """A function that starts the built server, `start(port=0, **environment)`; all of them end with the block."""
    started: list[Server] = []

    def start(port: int = 0, **environment: str) -> Server:
        started.append(kind(built_server(), {**defaults, **environment}, port))
        return started[-1]

    try:
        yield start
    finally:
        for server in started:
            server.end()
