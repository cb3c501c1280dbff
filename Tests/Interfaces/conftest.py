"""What the checks share: built servers, each with an environment of its own."""

import pathlib
import sys

import pytest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))

import browser  # noqa: E402
from served import Server, built_server  # noqa: E402


@pytest.fixture(scope="session")
def start():
    """Starts servers, and ends those that are left."""
    servers = []

    def start(port=0, **environment):
        environment = {"CACHE_URL": "off", "DRAIN_DELAY_SECONDS": "0", **environment}
        servers.append(Server(built_server(), environment, port))
        return servers[-1]

    yield start
    for server in servers:
        server.end()


@pytest.fixture(scope="session")
def server(start):
    return start()


@pytest.fixture(scope="module")
def caching(start, tmp_path_factory):
    return start(CACHE_URL=f"sqlite:{tmp_path_factory.mktemp('cache')}/entries.sqlite")


@pytest.fixture
def chromium(tmp_path):
    if not browser.executable():
        pytest.skip("no Chromium here")
    chromium = browser.Browser(tmp_path / "profile")
    yield chromium
    chromium.close()
