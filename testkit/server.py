"""The built server, and a redis-server for it, as processes of their own, for the tests in Python."""

import contextlib
import os
import pathlib
import re
import signal
import socket
import subprocess
import threading
import time
import urllib.error
import urllib.request

ROOT = pathlib.Path(__file__).resolve().parents[1]

HOUSE = (
    b'[{"MedInc":8.3252,"HouseAge":42,"AveRooms":6.98,"AveBedrms":1.02,'
    b'"Population":322,"AveOccup":2.55,"Latitude":37.88,"Longitude":-122.23}]'
)


def built_server():
    """The binary to test."""
    path = pathlib.Path(os.environ.get("BUNGALOW_SERVER", ROOT / ".build/debug/bungalow-server"))
    assert path.exists(), f"{path} is missing: run `swift build`, or script/test, which does it first"
    return path


class Server:
    """A server of its own on the loopback interface, with an environment of its own; port 0 is a free one.

    It waits longer for the cache than by default, so that a busy machine turns no HIT into a BYPASS.
    """

    def __init__(self, binary, environment, port=0):
        self.process = subprocess.Popen(
            [binary, "--bind-host", "127.0.0.1", "--port", str(port)],
            env={"CACHE_DEADLINE_MS": "3000", **environment},
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
        )
        said = []
        self.url = None
        for line in self.process.stderr:
            said.append(line)
            if found := re.search(r"listens on (http://\S+)", line):
                self.url = found[1]
                break
        assert self.url, "".join(said)
        # A pipe that nobody reads would stop the server when it is full.
        threading.Thread(target=self.process.stderr.read, daemon=True).start()

    def ask(self, path, body=None, method=None, headers={}):
        """The status, the header fields and the bytes of an answer."""
        request = urllib.request.Request(self.url + path, body, headers, method=method)
        try:
            with urllib.request.urlopen(request, timeout=30) as answer:
                return answer.status, answer.headers, answer.read()
        except urllib.error.HTTPError as error:
            return error.code, error.headers, error.read()

    def call(self, path, body=None):
        """The status and the text of an answer."""
        status, _, text = self.ask(path, body)
        return status, text.decode()

    def stop(self):
        # SIGINT skips the drain delay.
        self.process.send_signal(signal.SIGINT)
        return self.process.wait(timeout=30)

    def end(self):
        """Ends it if it still runs."""
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()


def free_port():
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return listener.getsockname()[1]


class RedisServer:
    """Runs as long as its block; `tls` are flags that give it an encrypted port too."""

    def __init__(self, folder, password=None, tls=()):
        self.port, self.password = free_port(), password
        self.tls_port = free_port() if tls else None
        self.url = f"redis://127.0.0.1:{self.port}"
        address = ["--port", str(self.port), "--bind", "127.0.0.1"]
        self._command = ["redis-server", *address, "--save", "", "--dir", str(folder)]
        if tls:
            self._command += ["--tls-port", str(self.tls_port), "--tls-auth-clients", "no", *tls]

    def __enter__(self):
        self.begin()
        return self

    def __exit__(self, *_):
        self.kill()

    def begin(self):
        password = ["--requirepass", self.password] if self.password else []
        self._process = subprocess.Popen([*self._command, *password], stdout=subprocess.DEVNULL)
        deadline = time.monotonic() + 30
        while not self._answers():
            assert time.monotonic() < deadline, "redis-server does not answer"
            time.sleep(0.02)

    def _answers(self):
        with contextlib.suppress(OSError):
            return self.ask("PING") == "PONG"

    def signal(self, number):
        self._process.send_signal(number)

    def kill(self):
        self._process.kill()
        self._process.wait()

    def ask(self, *words):
        """The reply to one command: text of a status or an error, a number, a value, or a list of those."""
        with socket.create_connection(("127.0.0.1", self.port), timeout=10) as connection:
            file = connection.makefile("rb")
            if self.password and words[0] != "AUTH":
                connection.sendall(encode("AUTH", self.password))
                read_reply(file)
            connection.sendall(encode(*words))
            return read_reply(file)


def encode(*words):
    words = [word if isinstance(word, bytes) else str(word).encode() for word in words]
    return b"*%d\r\n" % len(words) + b"".join(b"$%d\r\n%s\r\n" % (len(word), word) for word in words)


def read_reply(file):
    kind, text = file.read(1), file.readline().strip().decode()
    if kind == b"*":
        return [read_reply(file) for _ in range(int(text))]
    if kind == b"$":
        return None if text == "-1" else file.read(int(text) + 2)[:-2]
    return int(text) if kind == b":" else text
