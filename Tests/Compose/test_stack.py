"""Every service of compose.yaml, real but without a container: its own command, environment and configuration."""

import json
import re
import subprocess
import urllib.parse
import urllib.request

import pytest
import yaml
from composition import Stack

from testkit.processes import ROOT, wait_until

MONITORING = ROOT / ".k8s/components/monitoring"
DASHBOARD = json.loads((MONITORING / "dashboard.json").read_text())
RULES = yaml.safe_load((MONITORING / "rules.yaml").read_text())["spec"]["groups"]
PROVISIONING = ROOT / "compose/grafana"
SECONDS = 90
# Series that the cluster itself measures. Compose has no cluster, so these lines of the dashboard stay empty.
CLUSTER_SERIES = ("kube_", "container_")


class Prometheus:
    def __init__(self, port):
        self.url = f"http://127.0.0.1:{port}/api/v1/"

    def ask(self, path, **parameters):
        with urllib.request.urlopen(self.url + path + "?" + urllib.parse.urlencode(parameters), timeout=30) as answer:
            return json.load(answer)["data"]

    def values(self, query):
        return [float(each["value"][1]) for each in self.ask("query", query=query)["result"]]

    def wait(self, query):
        wait_until(lambda: self.values(query), query, SECONDS, 0.5)


@pytest.fixture(scope="module")
def stack(tmp_path_factory):
    """Redis, the server, its client and Prometheus, in the order in which Compose starts them."""
    stack = Stack(tmp_path_factory.mktemp("stack"))
    try:
        port = stack.ports["redis:6379"]
        at_port = ("redis-cli", f"redis-cli -p {port}")
        command = stack.command("redis")
        stack.start("redis", f"{command.rstrip()} --port {port} --bind 127.0.0.1")
        wait_until(lambda: stack.is_healthy("redis", at_port), "redis is healthy", SECONDS)
        stack.server = stack.start_server()
        stack.start("client", stack.command("client"))
        address = f"127.0.0.1:{stack.ports['prometheus:9090']}"
        stack.start("prometheus", f"{stack.command('prometheus').rstrip()} --web.listen-address={address}")
        wait_until(lambda: stack.is_healthy("prometheus"), "prometheus is healthy", SECONDS)
        wait_until(lambda: stack.is_healthy("client"), "client is healthy", SECONDS)
        yield stack
    finally:
        stack.end()


@pytest.fixture(scope="module")
def prometheus(stack):
    # One status of each kind, so that every panel has a line.
    assert stack.server.call("/predict", b"[]")[0] == 422
    prometheus = Prometheus(stack.ports["prometheus:9090"])
    prometheus.wait('rate(bungalow_requests_total{route="/test"}[20s]) > 0')
    return prometheus


def test_the_client_prints_the_first_prediction_and_is_answered_from_redis(stack):
    (answer,) = re.findall(r"^the first prediction: (.*)$", stack.log("client").read_text(), re.MULTILINE)
    assert len(json.loads(answer)["prediction"]) == 1
    metrics = stack.server.metrics()
    found = [metrics.total("bungalow_cache_lookups_total", result=result) for result in ("hit", "miss", "bypass")]
    assert found == [15, 5, 0] and metrics.total("bungalow_cache_up") == 1


def test_redis_accepts_only_the_generated_password(stack):
    password = stack.place("/run/secrets/redis/password").read_text().strip()
    assert re.fullmatch(r"[0-9a-f]{64}", password)
    command = ["redis-cli", "-p", str(stack.ports["redis:6379"]), "dbsize"]

    def answer(**environment):
        everything = {**stack.environment("redis"), **environment}
        return subprocess.run(command, env=everything, capture_output=True, text=True).stdout

    assert "NOAUTH" in answer() and answer(REDISCLI_AUTH=password) == "5\n"
    # Its configuration holds the password, and only Redis may read it.
    assert stack.place("/run/redis/redis.conf").stat().st_mode & 0o777 == 0o600


# First, while Prometheus evaluates its rules: the other tests wait for it.
def test_k6_proves_its_run_while_the_client_keeps_calling(stack):
    done = stack.run_k6(HOLD_SECONDS="1", RAMP_SECONDS="1", USERS="2", CPU_LIMIT="1000")
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.rstrip().endswith("PROVEN")
    run = json.loads(next(stack.place("/results").glob("*.run.json")).read_text())
    assert run["cache_rate"] == 0.75 and run["seen"]["hit"] == run["planned"]["hot"] > 0
    assert "no response" not in stack.log("client").read_text()


def test_prometheus_reads_the_clusters_own_rules(stack, prometheus):
    written = yaml.safe_load(stack.place("/run/prometheus/rules.yaml").read_text())
    assert written == {"groups": RULES}
    for command in ("check config", "check rules"):
        path = "/etc/prometheus/prometheus.yaml" if command == "check config" else "/run/prometheus/rules.yaml"
        done = subprocess.run(["promtool", *command.split(), stack.place(path)], capture_output=True, text=True)
        assert done.returncode == 0, done.stdout + done.stderr
    loaded = prometheus.ask("rules")["groups"]
    assert {group["name"]: len(group["rules"]) for group in loaded} == {g["name"]: len(g["rules"]) for g in RULES}


def test_prometheus_scrapes_the_server_and_its_rules_have_data(prometheus):
    (target,) = prometheus.ask("targets")["activeTargets"]
    assert (target["health"], target["lastError"]) == ("up", "")
    for rule in (rule for group in RULES for rule in group["rules"] if "record" in rule):
        prometheus.wait(f'{rule["record"]}{{namespace="compose"}}')
    rules = [rule for group in prometheus.ask("rules")["groups"] for rule in group["rules"]]
    assert {rule["health"] for rule in rules} == {"ok"}


def test_every_panel_that_needs_no_cluster_has_data(prometheus):
    assert prometheus.ask("label/namespace/values", **{"match[]": "bungalow_build_info"}) == ["compose"]
    empty, shown = [], 0
    for panel in DASHBOARD["panels"]:
        for target in panel.get("targets", []):
            # As Grafana sends it: four times the interval of the data source, which is the scrape interval.
            query = target["expr"].replace("$namespace", "compose").replace("$__rate_interval", "20s")
            if any(re.search(rf"\b{prefix}", query) for prefix in CLUSTER_SERIES):
                empty.append(panel["title"])
                continue
            prometheus.wait(query)
            shown += 1
    assert shown >= 18
    # docs/deploy.md names them.
    assert sorted(set(empty)) == ["CPU against the request", "Memory", "Replicas", "Throttled CPU"]


def test_grafanas_data_source_is_that_prometheus():
    form = yaml.safe_load((PROVISIONING / "datasources/prometheus.yaml").read_text())
    (source,) = form["datasources"]
    assert form["apiVersion"] == 1
    assert source.keys() >= {"name", "uid", "type", "access", "url", "isDefault", "editable", "jsonData"}
    assert (source["type"], source["access"], source["isDefault"]) == ("prometheus", "proxy", True)
    assert source["url"] == "http://prometheus:9090" and source["editable"] is False
    scrapes = yaml.safe_load((ROOT / "compose/prometheus.yaml").read_text())["global"]
    assert source["jsonData"]["timeInterval"] == scrapes["scrape_interval"] == "5s"
    # The dashboard uses the default data source of this type.
    variables = {each["name"]: each for each in DASHBOARD["templating"]["list"]}
    assert (variables["datasource"]["type"], variables["datasource"]["query"]) == ("datasource", source["type"])


def test_grafana_finds_the_clusters_own_dashboard(stack):
    form = yaml.safe_load((PROVISIONING / "dashboards/bungalow.yaml").read_text())
    (provider,) = form["providers"]
    assert form["apiVersion"] == 1 and provider["type"] == "file" and provider["allowUiUpdates"] is False
    grafana = stack.services["grafana"]
    targets = {target: source for source, target, _ in (volume.split(":") for volume in grafana["volumes"])}
    shown = grafana["environment"]["GF_DASHBOARDS_DEFAULT_HOME_DASHBOARD_PATH"]
    assert shown.startswith(provider["options"]["path"] + "/")
    assert (ROOT / targets[shown]).resolve() == MONITORING / "dashboard.json"
    assert (ROOT / targets["/etc/grafana/provisioning"]).resolve() == PROVISIONING
    # Sign-in is disabled, so every visitor has only a viewer's rights.
    environment = grafana["environment"]
    assert environment["GF_SECURITY_DISABLE_INITIAL_ADMIN_CREATION"] == "true"
    assert environment["GF_AUTH_BASIC_ENABLED"] == "false" and environment["GF_AUTH_ANONYMOUS_ORG_ROLE"] == "Viewer"
