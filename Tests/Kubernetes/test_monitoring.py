"""Rules and dashboard: promtool's checks and unit tests, and every series and label compared with a real scrape."""

import json
import pathlib
import re
import shutil
import subprocess

import promql_parser
import pytest
import yaml
from kustomization import K8S, PROD, render

from testkit.server import HOUSE

HERE = pathlib.Path(__file__).resolve().parent

# Labels that Prometheus adds to every series of a pod.
TARGET_LABELS = {"namespace", "pod", "container", "job", "instance", "endpoint"}

# Series that the cluster itself measures (cAdvisor in the kubelet, and kube-state-metrics), with the labels used here.
CLUSTER_SERIES = {
    "container_cpu_cfs_periods_total": {"container"},
    "container_cpu_cfs_throttled_periods_total": {"container"},
    "container_cpu_usage_seconds_total": {"container"},
    "kube_deployment_status_replicas_ready": {"deployment"},
    "kube_horizontalpodautoscaler_spec_max_replicas": {"horizontalpodautoscaler"},
    "kube_horizontalpodautoscaler_spec_target_metric": {"horizontalpodautoscaler"},
    "kube_horizontalpodautoscaler_status_condition": {"condition", "horizontalpodautoscaler", "status"},
    "kube_horizontalpodautoscaler_status_current_replicas": {"horizontalpodautoscaler"},
    "kube_horizontalpodautoscaler_status_desired_replicas": {"horizontalpodautoscaler"},
    "kube_pod_container_resource_limits": {"container", "resource"},
    "kube_pod_container_resource_requests": {"container", "resource"},
}


@pytest.fixture(scope="module")
def prod():
    return render(K8S / "overlays/prod")


@pytest.fixture(scope="module")
def groups(prod):
    return prod.find("PrometheusRule")["spec"]["groups"]


@pytest.fixture(scope="module")
def dashboard(prod):
    return json.loads(prod.find("ConfigMap", "bungalow-dashboard")["data"]["bungalow.json"])


@pytest.fixture(scope="module")
def queries(groups, dashboard):
    """Every expression of the rules and of the dashboard, as Grafana sends it."""
    rules = [rule["expr"] for group in groups for rule in group["rules"]]
    panels = [target["expr"] for panel in dashboard["panels"] for target in panel.get("targets", [])]
    assert len(rules) > 10 and len(panels) > 15
    return rules + [expr.replace("$__rate_interval", "1m") for expr in panels]


@pytest.fixture(scope="module")
def series(start, tmp_path_factory):
    """The /metrics of a server that has been called: each name with the values of each label."""
    cache = tmp_path_factory.mktemp("cache") / "predictions.sqlite"
    server = start(CACHE_URL=f"sqlite:{cache}")
    assert server.call("/predict", HOUSE)[0] == 200
    series = {}
    for sample in server.metrics().samples:
        labels = series.setdefault(sample.name, {})
        for label, value in sample.labels.items():
            labels.setdefault(label, set()).add(value)
    assert "bungalow_requests_total" in series
    return series


def selectors(expr):
    """The selectors of series in an expression."""
    nodes = []
    # list.append returns None, so the walk continues.
    promql_parser.walk(promql_parser.parse(expr), nodes.append)
    return [node for node in nodes if isinstance(node, promql_parser.VectorSelector)]


def test_every_series_and_label_of_rules_and_dashboard_is_in_metrics(queries, series, groups):
    recorded = {rule["record"]: rule["expr"] for group in groups for rule in group["rules"] if "record" in rule}
    seen = set()
    for expr in queries:
        for selector in selectors(expr):
            seen.add(selector.name)
            matched = {matcher.name for matcher in selector.matchers.matchers} - TARGET_LABELS
            if selector.name in CLUSTER_SERIES:
                assert matched <= CLUSTER_SERIES[selector.name], expr
            elif selector.name in recorded:
                by = set(re.findall(r"by \(([^)]*)\)", recorded[selector.name])[0].split(", "))
                assert matched <= by, expr
            else:
                assert selector.name in series, f"{selector.name} is not in /metrics: {expr}"
                assert matched <= series[selector.name].keys(), expr
                for matcher in selector.matchers.matchers:
                    # A status appears with its first response; all other values are there from the start.
                    exact = matcher.op in (promql_parser.MatchOp.Equal, promql_parser.MatchOp.NotEqual)
                    if exact and matcher.name not in TARGET_LABELS | {"status"}:
                        assert matcher.value in series[selector.name][matcher.name], expr
    # Nothing is listed here or recorded that no expression uses.
    assert CLUSTER_SERIES.keys() <= seen
    assert len(seen & series.keys()) > 10


def test_expressions_group_by_labels_that_their_series_have(queries, series):
    known = set().union(*(labels.keys() for labels in series.values()), *CLUSTER_SERIES.values()) | TARGET_LABELS
    for expr in queries:
        for labels in re.findall(r"(?:by|on|ignoring) \(([^)]*)\)", expr):
            assert set(labels.split(", ")) <= known, expr


def test_rules_pass_promtools_checks_and_unit_tests(groups, tmp_path):
    # promtool accepts JSON, since it is YAML.
    (tmp_path / "rules.json").write_text(json.dumps({"groups": groups}))
    shutil.copy(HERE / "rules-test.yaml", tmp_path)
    for command in ("check rules --lint=all --lint-fatal rules.json", "test rules rules-test.yaml"):
        done = subprocess.run(["promtool", *command.split()], cwd=tmp_path, capture_output=True, text=True)
        assert done.returncode == 0, done.stdout + done.stderr


def test_every_rule_has_a_unit_test(groups):
    tests = yaml.safe_load((HERE / "rules-test.yaml").read_text())["tests"]
    firing = {each["alertname"] for test in tests for each in test.get("alert_rule_test", []) if each["exp_alerts"]}
    recorded = {each["expr"] for test in tests for each in test.get("promql_expr_test", [])}
    rules = [rule for group in groups for rule in group["rules"]]
    assert firing == {rule["alert"] for rule in rules if "alert" in rule}
    assert recorded == {rule["record"] for rule in rules if "record" in rule}


def test_every_alert_says_what_is_wrong_and_why(groups):
    for rule in (rule for group in groups for rule in group["rules"] if "alert" in rule):
        assert rule["labels"]["severity"] in ("critical", "warning")
        assert rule["annotations"].keys() == {"summary", "description"}


def test_the_dashboard_shows_what_an_operator_asks_and_its_panels_do_not_overlap(dashboard):
    titles = " ".join(panel["title"].lower() for panel in dashboard["panels"])
    for word in ("rate", "errors", "duration", "hit rate", "latency of the cache", "in flight and queued", "refusals",
                 "replicas", "throttled cpu"):
        assert word in titles
    taken = set()
    for panel in dashboard["panels"]:
        place = panel["gridPos"]
        cells = {
            (x, y)
            for x in range(place["x"], place["x"] + place["w"])
            for y in range(place["y"], place["y"] + place["h"])
        }
        assert not cells & taken and place["x"] + place["w"] <= 24, panel["title"]
        taken |= cells
    assert len({panel["id"] for panel in dashboard["panels"]}) == len(dashboard["panels"])
    variables = {each["name"] for each in dashboard["templating"]["list"]} | {"__rate_interval"}
    assert set(re.findall(r"\$\{?(\w+)", json.dumps(dashboard))) == variables


@pytest.mark.parametrize("folder", PROD, ids=lambda folder: folder.name)
def test_prod_is_scraped_at_the_servers_metrics_and_grafana_finds_the_dashboard(folder):
    prod = render(folder)
    (endpoint,) = prod.find("PodMonitor")["spec"]["podMetricsEndpoints"]
    assert (endpoint["port"], endpoint["path"]) == ("http", "/metrics")
    # kube-prometheus-stack's Grafana looks for ConfigMaps with this label (its value sidecar.dashboards.label).
    assert prod.find("ConfigMap", "bungalow-dashboard")["metadata"]["labels"]["grafana_dashboard"] == "1"
    assert prod.find("PrometheusRule")
