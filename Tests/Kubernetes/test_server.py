"""The manifests and the built server: the options that they set, and the paths that they use."""

import json
import re
import subprocess

import pytest
from kustomization import COMBINATIONS, EVERYTHING, PROD, ROOT, render

from testkit.server import HOUSE

# Paths for the cluster only: no gateway leads to them.
HIDDEN = {"/metrics", "/livez", "/readyz", "/startupz"}


@pytest.fixture(scope="module")
def help_text(binary):
    """The server's help on its options, as one line."""
    return " ".join(subprocess.run([binary, "--help"], capture_output=True, text=True, check=True).stdout.split())


@pytest.fixture(scope="module")
def variables(help_text):
    """The variables that the server's help lists."""
    found = set(re.findall(r"\b([A-Z]+(?:_[A-Z]+)*), default", help_text))
    assert {"PORT", "CACHE_URL", "DRAIN_DELAY_SECONDS"} <= found | {"CACHE_URL"} and len(found) > 20
    # For CACHE_URL the help names its fallback.
    return found | set(re.findall(r"\b(CACHE_URL), else", help_text))


def test_every_key_of_the_config_map_is_a_variable_that_the_server_reads(rendered, variables):
    assert rendered.environment().keys() <= variables


@pytest.mark.parametrize("folder", EVERYTHING, ids=lambda folder: folder.name)
def test_the_server_starts_with_the_environment_and_answers_probes_scrapes_and_calls(folder, start, tmp_path):
    rendered = render(folder)
    # The container's folders are replaced by the test's; Redis' name does not resolve.
    environment = {
        name: value.replace("/var/cache/bungalow", str(tmp_path)) for name, value in rendered.environment().items()
    }
    server = start(**environment)
    container = rendered.container()
    paths = [container[f"{kind}Probe"]["httpGet"]["path"] for kind in ("startup", "readiness", "liveness")]
    assert len(set(paths)) == 3
    for each in rendered.all("PodMonitor"):
        paths += [end["path"] for end in each["spec"]["podMetricsEndpoints"]]
    assert [(path, server.call(path)[0]) for path in paths] == [(path, 200) for path in paths]
    assert server.call("/predict", HOUSE)[0] == 200
    assert server.stop() == 0


def test_the_container_listens_on_the_port_of_the_image_and_the_server(help_text):
    (port,) = re.findall(r"PORT, default (\d+)", help_text)
    assert [each["containerPort"] for each in render(EVERYTHING[0]).container()["ports"]] == [int(port)]


def ways_in(rendered):
    """How the paths that lead to the server are matched: `exact` or `prefix`, and the path."""
    istio = rendered.find("VirtualService")
    if istio:
        (http,) = istio["spec"]["http"]
        return [next(iter(match["uri"].items())) for match in http["match"]]
    paths = [match["path"] for rule in rendered.find("HTTPRoute")["spec"]["rules"] for match in rule["matches"]]
    exact = [("exact", path["value"]) for path in paths]
    # A prefix of the Gateway API matches the path itself and everything below it.
    return exact + [("prefix", f"{path['value']}/") for path in paths if path["type"] == "PathPrefix"]


@pytest.mark.parametrize("folder", [*PROD, COMBINATIONS / "gateway-api"], ids=lambda folder: folder.name)
def test_the_gateway_leads_to_every_described_path_except_metrics_and_probes(folder, start):
    server = start(CACHE_URL="off")
    described = json.loads(server.call("/openapi.json")[1])["paths"].keys()
    assert described > HIDDEN
    routes = ways_in(render(folder))

    def leads(route, path):
        how, uri = route
        return path == uri or (how == "prefix" and path.startswith(uri))

    assert {path for path in described if any(leads(route, path) for route in routes)} == described - HIDDEN
    for document in ("README.md", "docs/contract.md"):
        text = (ROOT / document).read_text()
        for how, path in routes:
            assert how == "prefix" or re.search(rf"[`/ ]{re.escape(path)}[`/ ]", text), f"{path} is not in {document}"
    version = json.loads(server.call("/v2/models/housing")[1])["versions"][0]
    for route in routes:
        # A prefix matches the paths below it.
        paths = [path for path in described if leads(route, path)] or [route[1]]
        for path in paths:
            assert server.call(path.replace("{version}", version))[0] != 404, path
    assert server.stop() == 0


@pytest.mark.parametrize("folder", PROD, ids=lambda folder: folder.name)
def test_the_server_rejects_and_closes_before_the_gateway_does(folder, help_text):
    prod = render(folder)

    def setting(name):
        return int(prod.environment().get(name) or re.search(rf"{name}, default (\d+)", help_text)[1])

    pool = prod.find("DestinationRule")["spec"]["trafficPolicy"]["connectionPool"]
    replica = setting("REPLICA_MAX_CONCURRENT_REQUESTS") + setting("MAX_QUEUED_REQUESTS")
    most = prod.find("HorizontalPodAutoscaler")["spec"]["maxReplicas"] * replica
    assert pool["tcp"]["maxConnections"] >= most
    assert pool["http"]["http1MaxPendingRequests"] >= most and pool["http"]["http2MaxRequests"] >= most
    assert int(pool["http"]["idleTimeout"].removesuffix("s")) < setting("IDLE_TIMEOUT_SECONDS")
    (http,) = prod.find("VirtualService")["spec"]["http"]
    assert int(http["timeout"].removesuffix("s")) * 1000 > setting("QUEUE_DEADLINE_MS")
