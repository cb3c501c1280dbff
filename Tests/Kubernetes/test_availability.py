"""The number of pods, and that there are always enough: scaling, rollouts, drains, zones, probes and memory."""

import math
import os
import re
import shutil
import subprocess

import pytest
import yaml
from kustomization import COMBINATIONS, K8S, OVERLAYS, PROD, TOOLS, mebibytes, render, workloads

# MiB, as measured with everything at its worst at once; bases/deployment.yaml lists the parts.
MEASURED_MEMORY = 250

# Millicores that minikube's own pods request: kube-apiserver 250, kube-controller-manager 200, etcd, kube-scheduler,
# coredns, kindnet and metrics-server 100 each (`kubectl describe node minikube` adds them up).
MINIKUBE_OWN = 950


def scalers(rendered):
    """The object that sets the number of replicas: an autoscaler, or KEDA, which makes one."""
    return rendered.all("HorizontalPodAutoscaler") + rendered.all("ScaledObject")


def test_replicas_are_set_once_and_never_beside_an_autoscaler(rendered):
    replicas = rendered.find("Deployment")["spec"].get("replicas")
    assert len(scalers(rendered)) + (replicas is not None) == (rendered.name != "bases")


def test_the_autoscaler_and_keda_do_not_render_together(tmp_path):
    shutil.copy(COMBINATIONS / "keda/keda-settings.yaml", tmp_path)
    k8s = os.path.relpath(K8S, tmp_path.resolve())

    def kustomize(*components):
        kustomization = {
            "resources": [f"{k8s}/bases", "keda-settings.yaml"],
            "components": [f"{k8s}/components/{each}" for each in components],
        }
        (tmp_path / "kustomization.yaml").write_text(yaml.safe_dump(kustomization))
        return subprocess.run([TOOLS / "kubectl", "kustomize", tmp_path], capture_output=True, text=True)

    for alone in ("autoscaling", "keda"):
        assert kustomize(alone).returncode == 0
    for both in (("autoscaling", "keda"), ("keda", "autoscaling")):
        done = kustomize(*both)
        assert done.returncode != 0 and "PodDisruptionBudget" in done.stderr and "already registered" in done.stderr


def test_keda_scales_as_the_autoscaler_does_and_on_the_rate_that_is_its_target():
    keda, prod = render(COMBINATIONS / "keda"), render(K8S / "overlays/prod")
    scaled, autoscaler = keda.find("ScaledObject")["spec"], prod.find("HorizontalPodAutoscaler")["spec"]
    assert scaled["scaleTargetRef"] == autoscaler["scaleTargetRef"]
    assert (scaled["minReplicaCount"], scaled["maxReplicaCount"]) == (2, 10)
    assert scaled["advanced"]["horizontalPodAutoscalerConfig"]["behavior"] == autoscaler["behavior"]
    (trigger,) = scaled["triggers"]
    settings = yaml.safe_load((COMBINATIONS / "keda/keda-settings.yaml").read_text())["data"]
    assert trigger["metadata"]["serverAddress"] == settings["prometheus"]
    namespace = keda.find("Deployment")["metadata"]["namespace"]
    assert f'namespace="{namespace}"' in trigger["metadata"]["query"]
    assert "from-keda-settings" not in keda.text and keda.find("ConfigMap", "keda-settings") is None
    # KEDA's custom resource takes only strings there.
    assert all(isinstance(value, str) for value in trigger["metadata"].values())
    # No response and no series must not mean a rate of 0; KEDA has a fallback only for this type of metric.
    assert trigger["metadata"]["ignoreNullValues"] == "false" and trigger["metricType"] == "AverageValue"
    assert scaled["minReplicaCount"] <= scaled["fallback"]["replicas"] <= scaled["maxReplicaCount"]
    target = autoscaler["metrics"][0]["containerResource"]["target"]["averageUtilization"] / 100
    request = int(keda.container()["resources"]["requests"]["cpu"].removesuffix("m")) / 1000
    (cost,) = re.findall(r"one house costs (\d+) µs of a core", (K8S / "bases/deployment.yaml").read_text())
    assert int(trigger["metadata"]["threshold"]) == pytest.approx(target * request / (int(cost) / 1e6), rel=0.01)


def test_the_autoscaler_scales_the_deployment_on_its_own_container_which_has_a_request():
    for folder in OVERLAYS:
        overlay = render(folder)
        for each in overlay.all("HorizontalPodAutoscaler"):
            target = each["spec"]["scaleTargetRef"]
            assert overlay.find(target["kind"], target["name"])["apiVersion"] == target["apiVersion"]
            (metric,) = each["spec"]["metrics"]
            assert metric["containerResource"]["container"] == overlay.container()["name"]
            assert metric["containerResource"]["name"] in overlay.container()["resources"]["requests"]
            up, down = (each["spec"]["behavior"][way] for way in ("scaleUp", "scaleDown"))
            # docs/deploy.md: up at once, and down after five quiet minutes.
            assert (up["stabilizationWindowSeconds"], down["stabilizationWindowSeconds"]) == (0, 300)


@pytest.mark.parametrize(
    "overlay, least, most, target", [("dev-autoscaled", 1, 5, 40), ("prod", 2, 10, 60)], ids=["dev-autoscaled", "prod"]
)
def test_the_overlays_scale_between_the_numbers_that_the_documents_give(overlay, least, most, target):
    spec = render(K8S / "overlays" / overlay).find("HorizontalPodAutoscaler")["spec"]
    assert (spec["minReplicas"], spec["maxReplicas"]) == (least, most)
    assert spec["metrics"][0]["containerResource"]["target"] == {"type": "Utilization", "averageUtilization": target}


def test_a_pod_has_time_to_shut_down_and_a_rollout_removes_none_before_a_new_one_is_ready(rendered):
    deployment = rendered.find("Deployment")
    environment = rendered.environment()
    takes = rendered.container()["lifecycle"]["preStop"]["sleep"]["seconds"] + sum(
        int(environment[name]) for name in ("DRAIN_DELAY_SECONDS", "SHUTDOWN_GRACE_SECONDS")
    )
    assert takes < rendered.pod()["terminationGracePeriodSeconds"]
    strategy = deployment["spec"]["strategy"]
    assert strategy["type"] == "RollingUpdate" and strategy["rollingUpdate"]["maxUnavailable"] == 0
    # Without room for one more pod, a rollout could not begin.
    assert int(str(strategy["rollingUpdate"]["maxSurge"]).removesuffix("%")) > 0


def test_the_load_in_the_heavy_model_document_leads_to_its_replicas():
    text = (K8S / "components/heavy-model/kustomization.yaml").read_text()
    overlay = render(K8S / "overlays/dev-autoscaled")
    spec = overlay.find("HorizontalPodAutoscaler")["spec"]
    target = spec["metrics"][0]["containerResource"]["target"]["averageUtilization"] / 100
    request = int(overlay.container()["resources"]["requests"]["cpu"].removesuffix("m")) / 1000
    cost = int(overlay.environment()["SYNTHETIC_BUSY_MS"]) / 1000
    measured = float(re.search(r"([\d.]+) ms each", text)[1]) / 1000
    assert 1 < measured / cost < 1.1
    rows = re.findall(r"-c (\d+) -d (\d+) .*?([\d.]+) +([\d.]+) +(\d+) % +(\d+)$", text, re.MULTILINE)
    assert len(rows) == 4
    for clients, delay, rate, cores, share, replicas in rows:
        load = int(clients) / (int(delay) / 2)
        assert load == pytest.approx(float(rate), abs=0.05) and load * cost == pytest.approx(float(cores), abs=0.0005)
        assert round(100 * load * cost / (request * target)) == int(share)
        # No row is a borderline case: the measured cost of a call leads to the same number.
        for cost_of_call in (cost, measured):
            share_of_target = load * cost_of_call / (request * target)
            # The controller's tolerance is a tenth (kubernetes.io/docs/tasks/run-application/horizontal-pod-autoscale).
            wanted = 1 if abs(share_of_target - 1) <= 0.1 else math.ceil(share_of_target)
            assert min(max(wanted, spec["minReplicas"]), spec["maxReplicas"]) == int(replicas)


def test_probes_use_their_own_paths_and_give_the_server_time(rendered):
    probes = {kind: rendered.container()[f"{kind}Probe"] for kind in ("startup", "readiness", "liveness")}
    assert {kind: probe["httpGet"] for kind, probe in probes.items()} == {
        "startup": {"path": "/startupz", "port": "http"},
        "readiness": {"path": "/readyz", "port": "http"},
        "liveness": {"path": "/livez", "port": "http"},
    }
    seconds = {kind: probe["periodSeconds"] * probe["failureThreshold"] for kind, probe in probes.items()}
    # A start takes up to 5 s with a locked cache file (docs/operations.md), and longer on a busy node.
    assert seconds["startup"] >= 30
    # One slow response does not count as a failure, and a pod that only waits for a core is removed from the endpoints
    # before it is restarted.
    assert all(probe["failureThreshold"] > 1 for probe in probes.values())
    assert seconds["readiness"] < seconds["liveness"]


def test_scaled_deployments_have_a_disruption_budget_that_lets_a_drain_take_one_replica_at_a_time(rendered):
    if not scalers(rendered):
        assert rendered.find("PodDisruptionBudget") is None
        return
    budget = rendered.find("PodDisruptionBudget")["spec"]
    labels = rendered.find("Deployment")["spec"]["selector"]["matchLabels"]
    assert budget == {
        "maxUnavailable": 1,
        "unhealthyPodEvictionPolicy": "AlwaysAllow",
        "selector": {"matchLabels": labels},
    }


@pytest.mark.parametrize("folder", PROD, ids=lambda folder: folder.name)
def test_prod_is_spread_over_zones_and_nodes_as_far_as_there_are_any(folder):
    prod = render(folder)
    spread = prod.pod()["topologySpreadConstraints"]
    # Labels that the kubelet and the cloud put on every node (kubernetes.io/docs/reference/labels-annotations-taints).
    assert [each["topologyKey"] for each in spread] == ["topology.kubernetes.io/zone", "kubernetes.io/hostname"]
    for each in spread:
        assert each["maxSkew"] == 1 and each["whenUnsatisfiable"] == "ScheduleAnyway"
        assert each["labelSelector"] == prod.find("Deployment")["spec"]["selector"]


def test_a_replica_may_use_the_memory_that_it_was_measured_to_need(rendered):
    resources = rendered.container()["resources"]
    for each in ("requests", "limits"):
        assert mebibytes(resources[each]["memory"]) >= MEASURED_MEMORY
    assert f"about {MEASURED_MEMORY} MiB" in (K8S / "bases/deployment.yaml").read_text()


def millicores(quantity):
    """A Kubernetes quantity of processor time, in the forms that our manifests use, in millicores."""
    return int(quantity[:-1]) if quantity.endswith("m") else round(float(quantity) * 1000)


def requested(workload):
    """The processor time that a pod reserves: the sum of its containers, or its largest init container."""
    spec = workload["spec"]["template"]["spec"]
    asked = {
        kind: [millicores(each["resources"]["requests"]["cpu"]) for each in spec.get(kind, [])]
        for kind in ("containers", "initContainers")
    }
    return max(sum(asked["containers"]), *asked["initContainers"], 0)


@pytest.mark.parametrize("name", ["dev", "dev-scaled", "dev-autoscaled", "dev-loadtest"])
def test_a_dev_overlay_fits_the_documented_node_even_during_a_rollout(name):
    (cores,) = re.findall(r"minikube start --cpus (\d+)", (K8S.parent / "docs/deploy.md").read_text())
    overlay = render(K8S / "overlays" / name)
    total = 0
    for each in workloads(overlay):
        replicas = each["spec"].get("replicas", 1)
        if each["metadata"]["name"] == "bungalow":
            autoscaler = overlay.find("HorizontalPodAutoscaler")
            replicas = autoscaler["spec"]["maxReplicas"] if autoscaler else replicas
            surge = each["spec"]["strategy"]["rollingUpdate"]["maxSurge"]
            replicas += math.ceil(replicas * int(surge.removesuffix("%")) / 100)
        total += replicas * requested(each)
    assert total <= int(cores) * 1000 - MINIKUBE_OWN
    if name == "dev-loadtest":
        assert f"request {total / 1000} cores" in (K8S.parent / "docs/deploy.md").read_text()
