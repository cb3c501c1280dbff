"""A redis-server as a process of its own."""

import contextlib
import pathlib
import subprocess
from collections.abc import Sequence
from typing import Self

from loadtest import redis_protocol
from loadtest.redis_protocol import Reply, Word
from testkit.processes import StartError, free_port, wait_until


class RedisServer:
    """Runs while its block lasts.

    `tls` are options that give it an encrypted port too; `launcher` is a command that starts it, such as taskset;
    `more` are options of redis-server.
    """

    def __init__(
        self,
        folder: pathlib.Path | str,
        password: str | None = None,
        tls: Sequence[object] = (),
        launcher: Sequence[str] = (),
        more: Sequence[str] = (),
    ) -> None:
        self.port, self.password = free_port(), password
        self.tls_port = free_port() if tls else None
        self.url = f"redis://127.0.0.1:{self.port}"
        address = ["--port", str(self.port), "--bind", "127.0.0.1"]
        self._command = [*launcher, "redis-server", *address, "--save", "", "--dir", str(folder), *more]
        if tls:
            self._command += ["--tls-port", str(self.tls_port), "--tls-auth-clients", "no", *map(str, tls)]

    def __enter__(self) -> Self:
        self.begin()
        return self

    def __exit__(self, *_: object) -> None:
        self.kill()

    def begin(self) -> None:
        password = ["--requirepass", self.password] if self.password else []
        self._process = subprocess.Popen([*self._command, *password], stdout=subprocess.DEVNULL)
        try:
            wait_until(self._responds, "redis-server")
        except BaseException:
            self.kill()
            raise

    def _responds(self) -> bool:
        if (code := self._process.poll()) is not None:
            raise StartError(f"redis-server ended with exit code {code}: {' '.join(self._command)}")
        with contextlib.suppress(OSError):
            return self.ask("PING") == "PONG"
        return False

    @property
    def pid(self) -> int:
        return self._process.pid

    def signal(self, number: int) -> None:
        self._process.send_signal(number)

    def kill(self) -> None:
        self._process.kill()
        self._process.wait()

    def ask(self, *words: Word) -> Reply:
        """The reply to one command."""
        login: list[tuple[Word, ...]] = [("AUTH", self.password)] if self.password and words[0] != "AUTH" else []
        return redis_protocol.ask("127.0.0.1", self.port, *login, words)
