"""The manifests against the built server: what they tell it, and what they ask of it."""

import re
import subprocess

import pytest

from conftest import HOUSE
from kustomization import EVERYTHING, render


@pytest.fixture(scope="module")
def knobs(binary):
    """The variables that the server says it reads."""
    text = subprocess.run([binary, "--help"], capture_output=True, text=True, check=True).stdout
    found = set(re.findall(r"\b([A-Z]+(?:_[A-Z]+)*), default", " ".join(text.split())))
    assert {"PORT", "CACHE_URL", "DRAIN_DELAY_SECONDS"} <= found | {"CACHE_URL"} and len(found) > 20
    # Of CACHE_URL it says what is read in its place.
    return found | set(re.findall(r"\b(CACHE_URL), else", text))


def test_every_key_of_the_config_map_is_a_variable_that_the_server_reads(rendered, knobs):
    assert rendered.environment().keys() <= knobs


@pytest.mark.parametrize("folder", EVERYTHING, ids=lambda folder: folder.name)
def test_the_server_starts_with_the_environment_and_answers_probes_scrapes_and_calls(folder, start, tmp_path):
    rendered = render(folder)
    # Folders of the container stand for folders of the test; Redis' name leads nowhere.
    environment = {
        name: value.replace("/var/cache/bungalow", str(tmp_path)) for name, value in rendered.environment().items()
    }
    server = start(environment)
    container = rendered.container()
    paths = [container[f"{kind}Probe"]["httpGet"]["path"] for kind in ("startup", "readiness", "liveness")]
    assert len(set(paths)) == 3
    for each in rendered.all("PodMonitor"):
        paths += [end["path"] for end in each["spec"]["podMetricsEndpoints"]]
    assert [(path, server.call(path)[0]) for path in paths] == [(path, 200) for path in paths]
    assert server.call("/predict", HOUSE)[0] == 200
    assert server.stop() == 0


def test_the_container_listens_where_the_image_and_the_server_say(binary):
    text = subprocess.run([binary, "--help"], capture_output=True, text=True, check=True).stdout
    (port,) = re.findall(r"PORT, default (\d+)", " ".join(text.split()))
    assert [each["containerPort"] for each in render(EVERYTHING[0]).container()["ports"]] == [int(port)]
