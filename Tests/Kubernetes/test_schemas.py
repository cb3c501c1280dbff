"""Every manifest, checked against the schemas of Kubernetes, the fields of custom resources, and checkov's checks."""

import json
import pathlib
import re
import subprocess

import kubernetes_validate
import pytest
import yaml
from kustomization import EVERYTHING, K8S, TOOLS, render

HERE = pathlib.Path(__file__).resolve().parent

# For custom resources, which Kubernetes has no schemas for: every field that our manifests use, as their projects
# document it (istio.io/latest/docs/reference/config/networking,
# prometheus-operator.dev/docs/api-reference/api, gateway-api.sigs.k8s.io/reference/spec,
# keda.sh/docs/latest/reference/scaledobject-spec and keda.sh/docs/latest/scalers/prometheus).
CUSTOM_FIELDS = {
    ("networking.istio.io/v1", "Gateway"): """
        selector.istio servers.port.name servers.port.number servers.port.protocol servers.hosts servers.tls.mode
        servers.tls.minProtocolVersion servers.tls.credentialName servers.tls.httpsRedirect""",
    ("networking.istio.io/v1", "VirtualService"): """
        hosts gateways http.name http.match.uri.exact http.match.uri.prefix http.route.destination.host
        http.route.destination.port.number http.timeout http.retries.attempts http.retries.retryOn""",
    ("networking.istio.io/v1", "DestinationRule"): """
        host trafficPolicy.loadBalancer.simple trafficPolicy.connectionPool.tcp.maxConnections
        trafficPolicy.connectionPool.tcp.connectTimeout trafficPolicy.connectionPool.http.http1MaxPendingRequests
        trafficPolicy.connectionPool.http.http2MaxRequests trafficPolicy.connectionPool.http.idleTimeout
        trafficPolicy.outlierDetection.splitExternalLocalOriginErrors
        trafficPolicy.outlierDetection.consecutiveLocalOriginFailures
        trafficPolicy.outlierDetection.consecutive5xxErrors trafficPolicy.outlierDetection.consecutiveGatewayErrors
        trafficPolicy.outlierDetection.interval trafficPolicy.outlierDetection.baseEjectionTime
        trafficPolicy.outlierDetection.maxEjectionPercent""",
    ("gateway.networking.k8s.io/v1", "HTTPRoute"): """
        hostnames parentRefs.name parentRefs.namespace parentRefs.sectionName rules.matches.path.type
        rules.matches.path.value rules.backendRefs.name rules.backendRefs.port rules.timeouts.request rules.filters.type
        rules.filters.requestRedirect.scheme rules.filters.requestRedirect.statusCode""",
    ("keda.sh/v1alpha1", "ScaledObject"): """
        scaleTargetRef.apiVersion scaleTargetRef.kind scaleTargetRef.name pollingInterval minReplicaCount
        maxReplicaCount fallback.failureThreshold fallback.replicas fallback.behavior
        advanced.horizontalPodAutoscalerConfig.behavior.scaleUp.stabilizationWindowSeconds
        advanced.horizontalPodAutoscalerConfig.behavior.scaleUp.selectPolicy
        advanced.horizontalPodAutoscalerConfig.behavior.scaleUp.policies.type
        advanced.horizontalPodAutoscalerConfig.behavior.scaleUp.policies.value
        advanced.horizontalPodAutoscalerConfig.behavior.scaleUp.policies.periodSeconds
        advanced.horizontalPodAutoscalerConfig.behavior.scaleDown.stabilizationWindowSeconds
        advanced.horizontalPodAutoscalerConfig.behavior.scaleDown.selectPolicy
        advanced.horizontalPodAutoscalerConfig.behavior.scaleDown.policies.type
        advanced.horizontalPodAutoscalerConfig.behavior.scaleDown.policies.value
        advanced.horizontalPodAutoscalerConfig.behavior.scaleDown.policies.periodSeconds
        triggers.type triggers.metricType
        triggers.metadata.serverAddress triggers.metadata.query triggers.metadata.threshold
        triggers.metadata.ignoreNullValues""",
    ("monitoring.coreos.com/v1", "PodMonitor"): """
        selector.matchLabels.app.kubernetes.io/name podMetricsEndpoints.port podMetricsEndpoints.path
        podMetricsEndpoints.interval podMetricsEndpoints.scrapeTimeout""",
    ("monitoring.coreos.com/v1", "PrometheusRule"): """
        groups.name groups.interval groups.rules.record groups.rules.expr groups.rules.alert groups.rules.for
        groups.rules.labels.severity groups.rules.annotations.summary groups.rules.annotations.description""",
}


def leaves(value, path=()):
    """The paths of all values, without list indices."""
    if isinstance(value, dict):
        return {leaf for key, each in value.items() for leaf in leaves(each, (*path, key))}
    if isinstance(value, list):
        return {leaf for each in value for leaf in leaves(each, path)}
    return {".".join(path)}


def test_every_manifest_is_valid_for_kubernetes_or_has_the_known_fields_of_its_custom_resource(rendered):
    assert rendered.objects
    for each in rendered.objects:
        key = each["apiVersion"], each["kind"]
        if key in CUSTOM_FIELDS:
            assert leaves(each["spec"]) <= set(CUSTOM_FIELDS[key].split())
        else:
            # Also raises for an unknown kind.
            kubernetes_validate.validate(each, desired_version="1.37", strict=True)


def test_no_object_is_rendered_twice(rendered):
    names = [(each["kind"], each["metadata"].get("namespace"), each["metadata"]["name"]) for each in rendered.objects]
    assert len(names) == len(set(names))


# Bases set no namespace; the overlay does.
@pytest.mark.parametrize("folder", EVERYTHING[1:], ids=lambda folder: folder.name)
def test_every_object_is_in_the_namespace_of_its_kustomization(folder):
    rendered = render(folder)
    (namespace,) = rendered.all("Namespace")
    assert namespace["metadata"]["labels"]["pod-security.kubernetes.io/enforce"] == "restricted"
    others = {each["metadata"]["namespace"] for each in rendered.objects if each is not namespace}
    assert others == {namespace["metadata"]["name"]}


def test_every_component_is_used_by_an_overlay_or_a_combination():
    used = set()
    for folder in [*EVERYTHING, *K8S.glob("components/*")]:
        kustomization = yaml.safe_load((folder / "kustomization.yaml").read_text())
        used |= {(folder / each).resolve() for each in kustomization.get("components", [])}
    assert set(K8S.glob("components/*")) == used


def test_every_finding_of_checkov_is_waived_and_every_waiver_is_needed(tmp_path):
    # Bases have no namespace yet; the overlays contain all of their objects.
    for folder in EVERYTHING[1:]:
        (tmp_path / f"{folder.name}.yaml").write_text(render(folder).text)
    (tmp_path / "Dockerfile").write_text((K8S.parent / "Dockerfile").read_text())
    command = [TOOLS / "checkov", "--directory", tmp_path, "--framework", "kubernetes", "dockerfile"]
    done = subprocess.run([*command, "--skip-download", "--output", "json"], capture_output=True, text=True)
    reports = json.loads(done.stdout)
    assert {each["check_type"] for each in reports} == {"kubernetes", "dockerfile"}, done.stderr
    assert all(each["summary"]["passed"] > 50 and each["summary"]["parsing_errors"] == 0 for each in reports)
    found = set()
    for check in (check for each in reports for check in each["results"]["failed_checks"]):
        # Kind.namespace.name; for a Dockerfile, its name and the instruction.
        kind, _, rest = check["resource"].partition(".")
        resource = "Dockerfile" if "Dockerfile" in check["resource"] else f"{kind} {rest.partition('.')[2]}"
        found.add((check["check_id"], resource))
    waivers = yaml.safe_load((HERE / "checkov-waivers.yaml").read_text())
    assert all(re.search(r"\w+ \w+", waiver["because"]) for waiver in waivers)
    assert found == {(waiver["check"], waiver["resource"]) for waiver in waivers}
