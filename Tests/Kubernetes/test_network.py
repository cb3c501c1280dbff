"""Which pods reach which: the node port, Istio's gateway, and the network policies."""

import copy
import re

import pytest
import yaml
from kustomization import COMBINATIONS, K8S, OVERLAYS, PROD, pod_template, render

# The namespaces in docs/deploy.md with pods that may call the server: the gateway's, the operator's Prometheus' and the
# one of AKS' own agent.
CALLERS = ("aks-istio-ingress", "monitoring", "kube-system")
DNS = ("kube-system", {"k8s-app": "kube-dns"})
OUTSIDE = (None, {})

# The kustomizations with components/network-policy.
GUARDED = [*PROD, COMBINATIONS / "loadtest", COMBINATIONS / "keda"]


def test_the_gateway_api_routes_the_configured_host_over_tls_to_the_service_and_redirects_http_to_https():
    rendered = render(COMBINATIONS / "gateway-api")
    settings = yaml.safe_load((COMBINATIONS / "gateway-api/gateway-api-settings.yaml").read_text())["data"]
    routes = {name: rendered.find("HTTPRoute", name)["spec"] for name in ("bungalow", "bungalow-https")}
    for (name, route), section in zip(routes.items(), ("https", "http")):
        assert route["hostnames"] == [settings["host"]], name
        gateway = {"name": settings["gateway"], "namespace": settings["gatewayNamespace"], "sectionName": section}
        assert route["parentRefs"] == [gateway], name
    for rule in routes["bungalow"]["rules"]:
        # Older versions of the API allow eight in one rule.
        assert len(rule["matches"]) <= 8
        (backend,) = rule["backendRefs"]
        (port,) = rendered.find("Service", backend["name"])["spec"]["ports"]
        assert port["port"] == backend["port"]
    (redirect,) = routes["bungalow-https"]["rules"]
    assert redirect == {
        "filters": [{"type": "RequestRedirect", "requestRedirect": {"scheme": "https", "statusCode": 301}}]
    }
    assert "from-gateway-api-settings" not in rendered.text and rendered.find("VirtualService") is None
    # The policy lets in the gateway's own namespace instead of Istio's.
    assert allows(rendered, "bungalow", "ingress", (settings["gatewayNamespace"], {}), "http")
    assert not allows(rendered, "bungalow", "ingress", ("aks-istio-ingress", {}), "http")


def test_azures_balancer_is_internal_and_probes_the_readiness_path_of_the_pods():
    rendered = render(COMBINATIONS / "azure-load-balancer")
    service = rendered.find("Service", "bungalow-load-balancer")
    prefix = "service.beta.kubernetes.io/azure-load-balancer-"
    annotations = {name.removeprefix(prefix): value for name, value in service["metadata"]["annotations"].items()}
    assert annotations == {
        "internal": "true",
        "health-probe-protocol": "http",
        "health-probe-request-path": rendered.container()["readinessProbe"]["httpGet"]["path"],
        "health-probe-interval": "5",
        "health-probe-num-of-probe": "2",
    }
    # With Local the balancer probes kube-proxy's health port, whatever the annotations say.
    assert service["spec"]["type"] == "LoadBalancer" and service["spec"]["externalTrafficPolicy"] == "Cluster"
    assert finds({"matchLabels": service["spec"]["selector"]}, pods(rendered, "bungalow")[1])
    assert [port["targetPort"] for port in service["spec"]["ports"]] == ["http"]
    # A balancer's calls come from no namespace, so network policies would drop them.
    assert not rendered.all("NetworkPolicy")


def test_dev_listens_on_port_32000_and_prod_on_none():
    for folder in OVERLAYS:
        spec = render(folder).find("Service")["spec"]
        if folder.name == "prod":
            assert spec["type"] == "ClusterIP"
        else:
            assert spec["type"] == "NodePort" and [port["nodePort"] for port in spec["ports"]] == [32000]


@pytest.mark.parametrize("folder", PROD, ids=lambda folder: folder.name)
def test_istio_routes_the_configured_host_over_tls_to_the_service(folder):
    prod = render(folder)
    settings = yaml.safe_load((folder / "istio-settings.yaml").read_text())["data"]
    gateway, route, rule = (prod.find(kind)["spec"] for kind in ("Gateway", "VirtualService", "DestinationRule"))
    assert gateway["selector"] == {"istio": settings["gateway"]}
    assert [server["hosts"] for server in gateway["servers"]] == [[settings["host"]]] * 2
    tls = {(server["port"]["number"], server["port"]["protocol"]): server["tls"] for server in gateway["servers"]}
    assert tls == {
        (443, "HTTPS"): {"mode": "SIMPLE", "minProtocolVersion": "TLSV1_2", "credentialName": "bungalow-tls"},
        (80, "HTTP"): {"httpsRedirect": True},
    }
    assert route["hosts"] == [settings["host"]] and route["gateways"] == ["bungalow"]
    labels = pod_template(prod.find("Deployment"))["metadata"]["labels"]
    assert labels["istio.io/rev"] == settings["revision"]
    (http,) = route["http"]
    (destination,) = (each["destination"] for each in http["route"])
    (port,) = prod.find("Service", destination["host"])["spec"]["ports"]
    assert port["port"] == destination["port"]["number"] and rule["host"] == destination["host"]
    # Only requests that no server has seen may be retried; retrying a 503 would double the load that caused it.
    assert set(http["retries"]["retryOn"].split(",")) == {"connect-failure", "refused-stream"}
    assert "from-istio-settings" not in prod.text and prod.find("ConfigMap", "istio-settings") is None


def finds(selector, labels):
    """Whether a Kubernetes label selector matches these labels."""
    expressions = selector.get("matchExpressions", [])
    assert all(each["operator"] == "In" for each in expressions)
    return selector.get("matchLabels", {}).items() <= labels.items() and all(
        labels.get(each["key"]) in each["values"] for each in expressions
    )


def policies_of(rendered, name):
    """The network policies that apply to a deployment's pods."""
    labels = pod_template(rendered.find("Deployment", name))["metadata"]["labels"]
    policies = [each["spec"] for each in rendered.all("NetworkPolicy")]
    return [each for each in policies if finds(each["podSelector"], labels)]


def covers(each, port, protocol):
    """Whether a policy's port, or range of ports, includes this one."""
    if each["protocol"] != protocol or "endPort" not in each:
        return each == {"port": port, "protocol": protocol}
    return isinstance(port, int) and each["port"] <= port <= each["endPort"]


def allows(rendered, name, direction, peer, port, protocol="TCP"):
    """Whether the policies allow calls from a peer to a deployment's pods (ingress), or from them to the peer (egress).

    A peer is a namespace (None outside of the cluster) and the labels of a pod in it. Policies add up
    (kubernetes.io/docs/concepts/services-networking/network-policies)."""
    own = rendered.find("Deployment", name)["metadata"]["namespace"]
    peer_namespace, peer_labels = peer

    def is_peer(each):
        same = {"matchLabels": {"kubernetes.io/metadata.name": own}}
        return (
            peer_namespace is not None
            and finds(each.get("namespaceSelector", same), {"kubernetes.io/metadata.name": peer_namespace})
            and finds(each.get("podSelector", {}), peer_labels)
        )

    rules = [
        rule
        for policy in policies_of(rendered, name)
        if direction.capitalize() in policy["policyTypes"]
        for rule in policy.get(direction, [])
        if any(covers(each, port, protocol) for each in rule["ports"])
    ]
    lists = [rule.get("to" if direction == "egress" else "from") for rule in rules]
    return any(peers is None or any(map(is_peer, peers)) for peers in lists)


@pytest.fixture(params=GUARDED, ids=lambda folder: folder.name)
def guarded(request):
    return render(request.param)


def pods(rendered, name):
    """The pods of a deployment, as a peer."""
    deployment = rendered.find("Deployment", name)
    return deployment["metadata"]["namespace"], pod_template(deployment)["metadata"]["labels"]


# proves: T45
def test_policies_deny_by_default(guarded):
    deny = guarded.find("NetworkPolicy", "default-deny")["spec"]
    assert deny == {"podSelector": {}, "policyTypes": ["Ingress", "Egress"]}


def test_policies_let_only_gateway_and_prometheus_reach_the_server(guarded):
    deploy = (K8S.parent / "docs/deploy.md").read_text()
    for namespace in CALLERS:
        assert allows(guarded, "bungalow", "ingress", (namespace, {}), "http"), namespace
        assert f"-n {namespace} " in deploy or f"`{namespace}`" in deploy
    for peer in [("default", {}), (guarded.find("Deployment")["metadata"]["namespace"], {}), OUTSIDE]:
        assert not allows(guarded, "bungalow", "ingress", peer, "http"), peer


def assert_that_the_server_reaches_what_it_needs(guarded):
    """Asserts that the policies let the server reach its cache, DNS and its sidecar's control plane."""
    scheme, port = re.fullmatch(r"(rediss?)://[^:@]+:(\d+)", guarded.environment()["CACHE_URL"]).groups()
    cache = pods(guarded, "redis") if scheme == "redis" else OUTSIDE
    assert allows(guarded, "bungalow", "egress", cache, int(port))
    for protocol in ("UDP", "TCP"):
        assert allows(guarded, "bungalow", "egress", DNS, 53, protocol)
    if "istio.io/rev" in pods(guarded, "bungalow")[1]:
        assert allows(guarded, "bungalow", "egress", ("aks-istio-system", {"app": "istiod"}), 15012)


def test_the_policy_of_a_managed_redis_suffices_on_its_own():
    alone = copy.copy(render(PROD[1]))
    others = [each for each in alone.all("NetworkPolicy") if each["metadata"]["name"] != "managed-redis"]
    alone.objects = [each for each in alone.objects if each not in others]
    assert len(alone.all("NetworkPolicy")) == 1
    assert_that_the_server_reaches_what_it_needs(alone)


def test_policies_let_the_server_reach_only_its_cache_dns_and_the_mesh(guarded):
    assert_that_the_server_reaches_what_it_needs(guarded)
    policies = policies_of(guarded, "bungalow")
    assert all(rule["from"] for policy in policies for rule in policy.get("ingress", []))
    # A rule without a peer allows any address: only for a managed Redis, whose address is not known beforehand.
    free = [rule["ports"] for policy in policies for rule in policy.get("egress", []) if "to" not in rule]
    assert {port["port"] for ports in free for port in ports} == (
        set() if guarded.find("Deployment", "redis") else {6380, 8500, 10000}
    )
    # The nodes of Azure Managed Redis announce their ports themselves.
    is_managed = guarded.find("Deployment", "redis") is None
    for port, is_allowed in ((8499, False), (8500, is_managed), (8599, is_managed), (8600, False)):
        assert allows(guarded, "bungalow", "egress", OUTSIDE, port) == is_allowed
    for port in (80, 443):
        assert not allows(guarded, "bungalow", "egress", OUTSIDE, port)
    assert not allows(guarded, "bungalow", "egress", ("default", {"app.kubernetes.io/name": "redis"}), 6379)


# proves: T45
@pytest.mark.parametrize("folder", [PROD[0], COMBINATIONS / "loadtest"], ids=lambda folder: folder.name)
def test_policies_let_only_the_server_reach_redis_and_redis_nothing(folder):
    guarded = render(folder)
    assert allows(guarded, "redis", "ingress", pods(guarded, "bungalow"), "redis")
    namespace = guarded.find("Deployment")["metadata"]["namespace"]
    others = [(namespace, {}), (namespace, {"app.kubernetes.io/name": "locust-worker"}), ("monitoring", {}), OUTSIDE]
    for peer in others:
        assert not allows(guarded, "redis", "ingress", peer, "redis"), peer
    for peer, port in [(DNS, 53), (OUTSIDE, 443), (pods(guarded, "bungalow"), "http")]:
        assert not allows(guarded, "redis", "egress", peer, port), peer
