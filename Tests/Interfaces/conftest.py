"""What the checks share: built servers, each with an environment of its own."""

import browser
import pytest

from testkit.server import servers


@pytest.fixture(scope="session")
def start():
    """Starts servers, and ends those that are left."""
    with servers({"CACHE_URL": "off", "DRAIN_DELAY_SECONDS": "0"}) as start:
        yield start


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
