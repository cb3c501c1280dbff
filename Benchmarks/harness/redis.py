"""A Redis of the run's own, on the load generator's core."""
import socket

from .failure import Failure
from .processes import Child, until


class Redis:
    def __init__(self, port, cores, folder):
        self.port = port
        self.child = Child("redis-server", [
            "redis-server", "--port", str(port), "--bind", "127.0.0.1", "--save", "", "--appendonly", "no",
            "--dir", folder], cores, {}, folder)

    def __enter__(self):
        until("redis-server", self._answers, 10)
        return self

    def __exit__(self, *_):
        self.child.stop()

    def _answers(self):
        self.child.require_running()
        try:
            return self.call("PING") == "PONG"
        except OSError:
            return False

    def call(self, *words):
        """The reply as text, for commands that reply with one string."""
        with socket.create_connection(("127.0.0.1", self.port), 30) as connection, connection.makefile("rb") as replies:
            request = f"*{len(words)}\r\n" + "".join(f"${len(word)}\r\n{word}\r\n" for word in words)
            connection.sendall(request.encode())
            line = replies.readline().decode().rstrip()
            if line[:1] == "$":
                return replies.read(int(line[1:])).decode()
            if line[:1] != "+":
                raise Failure(f"Redis said {line} to {words[0]}")
            return line[1:]

    def flush(self):
        self.call("FLUSHALL", "SYNC")

    def look_ups(self):
        """How many look-ups found an entry, and how many did not, since the start."""
        return parse_look_ups(self.call("INFO", "stats"))


def parse_look_ups(information):
    values = dict(line.split(":", 1) for line in information.splitlines() if ":" in line)
    return int(values["keyspace_hits"]), int(values["keyspace_misses"])
