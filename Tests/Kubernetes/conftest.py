"""What the checks share: each kustomization rendered, and a built server to hold them against."""

import os
import pathlib
import re
import signal
import subprocess
import threading
import urllib.error
import urllib.request

import pytest

from kustomization import EVERYTHING, ROOT, render

HOUSE = (
    b'[{"MedInc":8.3252,"HouseAge":42,"AveRooms":6.98,"AveBedrms":1.02,'
    b'"Population":322,"AveOccup":2.55,"Latitude":37.88,"Longitude":-122.23}]'
)


@pytest.fixture(params=EVERYTHING, ids=lambda folder: folder.name)
def rendered(request):
    return render(request.param)


class Server:
    """A server of its own, on a free port of the loopback interface, with a kustomization's environment."""

    def __init__(self, binary, environment):
        self.process = subprocess.Popen(
            [binary, "--bind-host", "127.0.0.1", "--port", "0"],
            env=environment,
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

    def call(self, path, body=None):
        """The status and the text of an answer."""
        try:
            with urllib.request.urlopen(self.url + path, body, timeout=30) as answer:
                return answer.status, answer.read().decode()
        except urllib.error.HTTPError as error:
            return error.code, error.read().decode()

    def stop(self):
        # SIGINT skips the drain delay.
        self.process.send_signal(signal.SIGINT)
        return self.process.wait(timeout=30)


@pytest.fixture(scope="session")
def binary():
    path = pathlib.Path(os.environ.get("BUNGALOW_SERVER", ROOT / ".build/debug/Server"))
    assert path.exists(), f"{path} is missing: run `swift build`, or script/test, which does it first"
    return path


@pytest.fixture(scope="session")
def start(binary):
    """Starts servers, and ends those that are left."""
    servers = []

    def start(environment):
        servers.append(Server(binary, environment))
        return servers[-1]

    yield start
    for server in servers:
        if server.process.poll() is None:
            server.process.kill()
            server.process.wait()
