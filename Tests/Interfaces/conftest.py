"""What the checks share: built servers, each with an environment of its own."""

import pathlib
import sys

import pytest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))

from served import Server, built_server  # noqa: E402


@pytest.fixture(scope="session")
def start():
    """Starts servers, and ends those that are left."""
    servers = []

    def start(**environment):
        environment = {"CACHE_URL": "off", "DRAIN_DELAY_SECONDS": "0", **environment}
        servers.append(Server(built_server(), environment))
        return servers[-1]

    yield start
    for server in servers:
        server.end()


@pytest.fixture(scope="session")
def server(start):
    return start()
