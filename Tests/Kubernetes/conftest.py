"""What the checks share: each kustomization rendered, and a built server to compare them with."""

import pytest
from kustomization import EVERYTHING, render

from testkit.server import built_server, servers


@pytest.fixture(params=EVERYTHING, ids=lambda folder: folder.name)
def rendered(request):
    return render(request.param)


@pytest.fixture(scope="session")
def binary():
    return built_server()


@pytest.fixture(scope="session")
def start():
    """Starts servers, and ends those that still run."""
    with servers({}) as start:
        yield start
