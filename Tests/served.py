"""The built server as a process of its own, for the tests in Python."""

import os
import pathlib
import re
import signal
import subprocess
import threading
import urllib.error
import urllib.request

ROOT = pathlib.Path(__file__).resolve().parents[1]

HOUSE = (
    b'[{"MedInc":8.3252,"HouseAge":42,"AveRooms":6.98,"AveBedrms":1.02,'
    b'"Population":322,"AveOccup":2.55,"Latitude":37.88,"Longitude":-122.23}]'
)


def built_server():
    """The binary to test."""
    path = pathlib.Path(os.environ.get("BUNGALOW_SERVER", ROOT / ".build/debug/Server"))
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
