"""The part of Redis' protocol that a few commands need (redis.io/docs/latest/develop/reference/protocol-spec)."""

import socket
from typing import IO, TypeAlias

# Text of a status or an error, a number, a value, nothing, or a list of those.
Reply: TypeAlias = "str | int | bytes | list[Reply] | None"
Word: TypeAlias = str | bytes | int


def encode(*words: Word) -> bytes:
    parts = [word if isinstance(word, bytes) else str(word).encode() for word in words]
    return b"*%d\r\n" % len(parts) + b"".join(b"$%d\r\n%s\r\n" % (len(part), part) for part in parts)


def read_reply(file: IO[bytes]) -> Reply:
    kind, text = file.read(1), file.readline().strip().decode()
    if not kind:
        raise ConnectionError("Redis closed the connection")
    if kind == b"*":
        return [read_reply(file) for _ in range(int(text))]
    if kind == b"$":
        return None if text == "-1" else file.read(int(text) + 2)[:-2]
    return int(text) if kind == b":" else text


def ask(host: str, port: int, *commands: tuple[Word, ...], seconds: float = 10) -> Reply:
    """Sends the commands in order on a new connection; the reply to the last one."""
    reply: Reply = None
    with socket.create_connection((host, port), seconds) as connection, connection.makefile("rb") as file:
        for words in commands:
            connection.sendall(encode(*words))
            reply = read_reply(file)
    return reply


def information(text: str) -> dict[str, str]:
    """The fields of INFO's reply."""
    return dict(line.split(":", 1) for line in text.splitlines() if ":" in line)
