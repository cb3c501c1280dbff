"""What the checks share: each kustomization rendered, and a built server to hold them against."""

import pathlib
import sys

import pytest

from kustomization import EVERYTHING, render

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))

from served import HOUSE, Server, built_server  # noqa: E402,F401

@pytest.fixture(params=EVERYTHING, ids=lambda folder: folder.name)
def rendered(request):
    return render(request.param)


@pytest.fixture(scope="session")
def binary():
    return built_server()


@pytest.fixture(scope="session")
def start(binary):
    """Starts servers, and ends those that are left."""
    servers = []

    def start(environment):
        servers.append(Server(binary, environment))
        return servers[-1]

    yield start
    for server in servers:
        server.end()
