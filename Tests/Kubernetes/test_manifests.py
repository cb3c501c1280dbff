"""What must be true of the manifests, whatever is changed in them."""

import math
import re

import pytest
import yaml

from kustomization import K8S, OVERLAYS, ROOT, render


def pod_template(workload):
    return workload["spec"]["template"]


def workloads(rendered):
    return rendered.all("Deployment") + rendered.all("Job")


def containers_of(workload):
    """All of a pod's containers, also those that run before the others."""
    spec = pod_template(workload)["spec"]
    return spec.get("initContainers", []) + spec["containers"]


def test_every_selector_finds_pods_by_their_labels(rendered):
    templates = [pod_template(each) for each in rendered.all("Deployment")]
    labels = [template["metadata"]["labels"].items() for template in templates]

    def finds(selector):
        return any(selector.items() <= each for each in labels)

    for each in rendered.all("Deployment"):
        assert each["spec"]["selector"]["matchLabels"].items() <= pod_template(each)["metadata"]["labels"].items()
    assert all(finds(each["spec"]["selector"]) for each in rendered.all("Service"))
    for each in rendered.all("PodDisruptionBudget") + rendered.all("PodMonitor"):
        assert finds(each["spec"]["selector"]["matchLabels"])
    for template in templates:
        for spread in template["spec"].get("topologySpreadConstraints", []):
            assert spread["labelSelector"]["matchLabels"].items() <= template["metadata"]["labels"].items()


def test_selectors_do_not_depend_on_labels_that_kustomize_adds(rendered):
    for each in rendered.all("Deployment"):
        assert each["spec"]["selector"] == {"matchLabels": {"app.kubernetes.io/name": each["metadata"]["name"]}}


def test_services_monitors_and_policies_name_ports_that_the_containers_have(rendered):
    ports = {}
    for each in rendered.all("Deployment"):
        (container,) = pod_template(each)["spec"]["containers"]
        named = {port["name"]: port["containerPort"] for port in container.get("ports", [])}
        ports[each["metadata"]["name"]] = named
    for each in rendered.all("Service"):
        target = each["spec"]["selector"]["app.kubernetes.io/name"]
        assert {port["targetPort"] for port in each["spec"]["ports"]} <= ports[target].keys()
    for each in rendered.all("PodMonitor"):
        assert {end["port"] for end in each["spec"]["podMetricsEndpoints"]} <= ports["bungalow"].keys()
    for each in rendered.all("NetworkPolicy"):
        target = each["spec"]["podSelector"].get("matchLabels", {}).get("app.kubernetes.io/name")
        for rule in each["spec"].get("ingress", []):
            assert {port["port"] for port in rule["ports"]} <= ports.get(target, {"redis": 6379}).keys()


def test_replicas_are_given_once_and_never_beside_an_autoscaler(rendered):
    autoscaler = rendered.find("HorizontalPodAutoscaler")
    replicas = rendered.find("Deployment")["spec"].get("replicas")
    if rendered.name == "bases":
        assert autoscaler is None and replicas is None
    else:
        assert (autoscaler is None) != (replicas is None)


def test_the_autoscaler_scales_the_deployment_on_its_own_container_which_has_a_request():
    for folder in OVERLAYS:
        overlay = render(folder)
        for each in overlay.all("HorizontalPodAutoscaler"):
            target = each["spec"]["scaleTargetRef"]
            assert overlay.find(target["kind"], target["name"])["apiVersion"] == target["apiVersion"]
            (metric,) = each["spec"]["metrics"]
            assert metric["containerResource"]["container"] == overlay.container()["name"]
            assert metric["containerResource"]["name"] in overlay.container()["resources"]["requests"]
            assert each["spec"]["behavior"].keys() == {"scaleUp", "scaleDown"}


@pytest.mark.parametrize(
    "overlay, least, most, target", [("dev-autoscaled", 1, 5, 40), ("prod", 2, 10, 60)], ids=["dev-autoscaled", "prod"]
)
def test_the_overlays_scale_between_the_numbers_that_the_documents_give(overlay, least, most, target):
    spec = render(K8S / "overlays" / overlay).find("HorizontalPodAutoscaler")["spec"]
    assert (spec["minReplicas"], spec["maxReplicas"]) == (least, most)
    assert spec["metrics"][0]["containerResource"]["target"] == {"type": "Utilization", "averageUtilization": target}


def test_images_are_pinned_and_ours_is_the_release_of_the_source(rendered):
    release = re.search(r'let release = "(.+)"', (ROOT / "Sources/Server/BuildInfo.swift").read_text())[1]
    for each in workloads(rendered):
        for container in containers_of(each):
            name, _, tag = container["image"].rpartition("/")[2].partition(":")
            assert re.fullmatch(r"\d+\.\d+\.\d+(-\w+)?(@sha256:[0-9a-f]{64})?", tag), container["image"]
            assert "@sha256:" in tag or (name, tag) == ("bungalow", release)


def test_pods_are_restricted_name_their_container_and_have_no_token(rendered):
    for each in workloads(rendered):
        template = pod_template(each)
        spec = template["spec"]
        annotations = template["metadata"]["annotations"]
        assert annotations["kubectl.kubernetes.io/default-container"] == spec["containers"][0]["name"]
        account = rendered.find("ServiceAccount", spec["serviceAccountName"])
        assert spec["automountServiceAccountToken"] is account["automountServiceAccountToken"] is False
        assert spec["securityContext"]["runAsNonRoot"] is True and spec["securityContext"]["runAsUser"] >= 10000
        assert spec["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
        assert spec["enableServiceLinks"] is False
        # Nothing may wait for Redis: new replicas must start while it is down.
        assert "initContainers" not in spec or each["kind"] == "Job"
        for container in containers_of(each):
            assert container["securityContext"] == {
                "allowPrivilegeEscalation": False,
                "readOnlyRootFilesystem": True,
                "capabilities": {"drop": ["ALL"]},
            }
            requests, limits = (container["resources"][each] for each in ("requests", "limits"))
            assert requests["memory"] == limits["memory"] and "cpu" in requests
            assert not any("value" in each for each in container.get("env", [])), "knobs stand in the ConfigMap"
        volatile = [volume["emptyDir"] for volume in spec["volumes"] if "emptyDir" in volume]
        assert all("sizeLimit" in each for each in volatile)


def test_every_volume_is_mounted_and_every_mount_has_its_volume(rendered):
    for each in workloads(rendered):
        spec = pod_template(each)["spec"]
        mounts = {mount["name"] for container in containers_of(each) for mount in container["volumeMounts"]}
        assert mounts == {volume["name"] for volume in spec["volumes"]}
        for volume in spec["volumes"]:
            if "configMap" in volume:
                assert rendered.find("ConfigMap", volume["configMap"]["name"])
    assert rendered.container()["envFrom"] == [
        {"configMapRef": {"name": rendered.find("ConfigMap")["metadata"]["name"]}}
    ]


def test_the_cache_is_in_a_volume_or_in_a_redis_that_is_there_and_may_lack_its_secret(rendered):
    environment = rendered.environment()
    mounts = {mount["mountPath"] for mount in rendered.container()["volumeMounts"]}
    url = environment["CACHE_URL"]
    if url.startswith("sqlite:"):
        assert re.fullmatch(r"sqlite:(.+)/[^/]+", url)[1] in mounts
        return
    scheme, host, port = re.fullmatch(r"(rediss?)://([^:@]+):(\d+)", url).groups()
    assert environment["CACHE_PASSWORD_FILE"].rpartition("/")[0] in mounts
    volumes = pod_template(rendered.find("Deployment"))["spec"]["volumes"]
    assert [volume["secret"]["optional"] for volume in volumes if "secret" in volume] == [True]
    if scheme == "redis":
        (service_port,) = rendered.find("Service", host)["spec"]["ports"]
        assert service_port["port"] == int(port)
    else:
        opened = {
            port["port"]
            for policy in rendered.all("NetworkPolicy")
            for rule in policy["spec"].get("egress", [])
            for port in rule["ports"]
        }
        assert int(port) in opened and rendered.find("Deployment", "redis") is None


def test_a_pod_has_time_to_end_and_a_rollout_takes_none_away_before_a_new_one_is_ready(rendered):
    deployment = rendered.find("Deployment")
    environment = rendered.environment()
    takes = rendered.container()["lifecycle"]["preStop"]["sleep"]["seconds"] + sum(
        int(environment[name]) for name in ("DRAIN_DELAY_SECONDS", "SHUTDOWN_GRACE_SECONDS")
    )
    assert takes < pod_template(deployment)["spec"]["terminationGracePeriodSeconds"]
    strategy = deployment["spec"]["strategy"]
    assert strategy["type"] == "RollingUpdate" and strategy["rollingUpdate"]["maxUnavailable"] == 0


def test_secrets_are_referred_to_and_never_contained(rendered):
    assert not rendered.all("Secret")
    for each in rendered.all("ConfigMap"):
        assert not [key for key in each["data"] if re.search("password$|key$|token", key, re.IGNORECASE)]
        assert not re.search(r"requirepass|://[^/\s]*:[^/\s]*@", "".join(each["data"].values()))


def test_redis_keeps_less_than_its_container_may_hold_and_evicts():
    for folder in OVERLAYS:
        overlay = render(folder)
        redis = dict(
            line.split(" ", 1)
            for line in overlay.find("ConfigMap", "redis")["data"]["redis.conf"].splitlines()
            if line and not line.startswith("#")
        )
        limit = overlay.container("redis")["resources"]["limits"]["memory"]
        assert int(redis["maxmemory"].removesuffix("mb")) <= 0.8 * int(limit.removesuffix("Mi"))
        assert redis["maxmemory-policy"] == "allkeys-lru" and redis["save"] == '""' and redis["appendonly"] == "no"
        most = overlay.find("HorizontalPodAutoscaler") or overlay.find("Deployment")
        most = most["spec"].get("maxReplicas") or most["spec"]["replicas"]
        # Twice as many while a rollout is under way.
        assert int(redis["maxclients"]) > 2 * most * int(overlay.environment()["EVENT_LOOPS"])


def test_dev_listens_on_port_32000_and_prod_on_none():
    for folder in OVERLAYS:
        spec = render(folder).find("Service")["spec"]
        if folder.name == "prod":
            assert spec["type"] == "ClusterIP"
        else:
            assert spec["type"] == "NodePort" and [port["nodePort"] for port in spec["ports"]] == [32000]


def test_the_load_that_the_heavy_model_names_leads_to_the_replicas_that_it_names():
    text = (K8S / "components/heavy-model/kustomization.yaml").read_text()
    overlay = render(K8S / "overlays/dev-autoscaled")
    spec = overlay.find("HorizontalPodAutoscaler")["spec"]
    target = spec["metrics"][0]["containerResource"]["target"]["averageUtilization"] / 100
    request = int(overlay.container()["resources"]["requests"]["cpu"].removesuffix("m")) / 1000
    cost = int(overlay.environment()["SYNTHETIC_BUSY_MS"]) / 1000
    rows = re.findall(r"-c (\d+) -d (\d+) .*?([\d.]+) +([\d.]+) +(\d+) % +(\d+)$", text, re.MULTILINE)
    assert len(rows) == 4
    for clients, delay, rate, cores, share, replicas in rows:
        load = int(clients) / (int(delay) / 2)
        ratio = load * cost / (request * target)
        assert load == pytest.approx(float(rate), abs=0.05) and load * cost == pytest.approx(float(cores), abs=0.0005)
        assert round(100 * ratio) == int(share)
        # The controller's tolerance is a tenth (kubernetes.io/docs/tasks/run-application/horizontal-pod-autoscale).
        wanted = 1 if abs(ratio - 1) <= 0.1 else math.ceil(ratio)
        assert min(max(wanted, spec["minReplicas"]), spec["maxReplicas"]) == int(replicas)


def test_the_way_in_leads_to_the_service_and_not_to_metrics_or_probes():
    prod = render(K8S / "overlays/prod")
    settings = yaml.safe_load((K8S / "overlays/prod/istio-settings.yaml").read_text())["data"]
    gateway, route, rule = (prod.find(kind)["spec"] for kind in ("Gateway", "VirtualService", "DestinationRule"))
    assert gateway["selector"] == {"istio": settings["gateway"]}
    assert [server["hosts"] for server in gateway["servers"]] == [[settings["host"]]] * 2
    assert route["hosts"] == [settings["host"]] and route["gateways"] == ["bungalow"]
    labels = pod_template(prod.find("Deployment"))["metadata"]["labels"]
    assert labels["istio.io/rev"] == settings["revision"]
    (http,) = route["http"]
    (destination,) = (each["destination"] for each in http["route"])
    (port,) = prod.find("Service", destination["host"])["spec"]["ports"]
    assert port["port"] == destination["port"]["number"] and rule["host"] == destination["host"]
    paths = [next(iter(match["uri"].items())) for match in http["match"]]
    contract = (ROOT / "docs/contract.md").read_text()
    for how, path in paths:
        assert re.search(rf"[` /(]{re.escape(path)}[`/ ]", contract) or (how, path) == ("prefix", "/v2/")
    for hidden in ("/metrics", "/livez", "/readyz", "/startupz"):
        assert not [path for how, path in paths if path == hidden or how == "prefix" and hidden.startswith(path)]
    assert "from-istio-settings" not in prod.text and prod.find("ConfigMap", "istio-settings") is None


def test_policies_deny_by_default_and_let_only_the_server_reach_redis():
    prod = render(K8S / "overlays/prod")
    deny = prod.find("NetworkPolicy", "default-deny")["spec"]
    assert deny == {"podSelector": {}, "policyTypes": ["Ingress", "Egress"]}
    redis = prod.find("NetworkPolicy", "redis")["spec"]
    assert redis["ingress"] == [
        {
            "from": [{"podSelector": {"matchLabels": {"app.kubernetes.io/name": "bungalow"}}}],
            "ports": [{"port": "redis", "protocol": "TCP"}],
        }
    ]
    assert redis["policyTypes"] == ["Ingress", "Egress"] and "egress" not in redis
    egress = prod.find("NetworkPolicy")["spec"]["egress"]
    assert {port["port"] for rule in egress for port in rule["ports"]} == {53, 6379, 15012}
    # Nothing is opened to everybody.
    assert all(rule["to"] for rule in egress)
    assert all(rule["from"] for rule in prod.find("NetworkPolicy")["spec"]["ingress"])
