"""Runs at several rates with their tables and chart; and runs against a cluster, with the real kubectl."""

import json
import os
import subprocess
import sys
import xml.etree.ElementTree
from pathlib import Path

import pytest
from census import Census
from chart import line_chart
from counters import CountersError, Pods
from rates_run import settle
from tables import chart, markdown

from testkit.processes import ROOT
from tests.conftest import LOADTEST

NAMESPACE = "/api/v1/namespaces/houses/pods"
DEPLOYMENT = "/apis/apps/v1/namespaces/houses/deployments/bungalow"


def test_a_set_of_runs_leaves_two_tables_and_a_chart(server, tmp_path):
    environment = {
        "PATH": os.environ["PATH"],
        "TARGET": server.url,
        "RESULTS": str(tmp_path),
        "RATES": "0.75 1",
        "USERS": "4",
        "RAMP_SECONDS": "1",
        "HOLD_SECONDS": "1",
        "DOWN_SECONDS": "0",
        "THINK_TIME_MS": "5",
        "CPU_LIMIT": "1000",
    }
    command = [sys.executable, "-B", LOADTEST / "rates_run.py"]
    done = subprocess.run(command, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    tables = (tmp_path / "tables.md").read_text()
    rows = [line.split(" | ") for line in tables.splitlines() if line.startswith(("| 0.75", "| 1 "))]
    assert [row[0] for row in rows] == ["| 0.75", "| 1"] * 2 and all(row[2] == "1" for row in rows)
    assert [row[1] for row in rows[1::2]] == ["1.000000"] * 2
    assert "left out" not in tables and tables in done.stdout
    assert len(xml.etree.ElementTree.parse(tmp_path / "chart.svg").findall(".//{*}polyline")) == 6


def entry(rate, p50, verdict="PROVEN", build="a"):
    latency = {"count": 10, "p50": p50, "p90": 2.0, "p95": 3.0, "p99": 4.0, "p99.9": 5.0, "max": 6.0}
    seen = {"hit": 6, "miss": 2, "bypass": 0, "refused": 1, "errors": 0, "timeouts": 0}
    return {
        "name": f"rate-{rate}",
        "cache_rate": rate,
        "seen": seen,
        "latency_ms": {"peak": None, "sustained": latency},
        "rate": {"offered": None, "achieved": 8.0, "sustained": 7.0},
        "verdict": verdict,
        "version": {"model_version": build},
        "reasons": [] if verdict == "PROVEN" else [{"code": "hot_missed", "text": "because"}],
    }


def test_tables_have_medians_of_proven_runs_and_list_what_was_left_out():
    entries = [entry(0.5, p50) for p50 in (1.0, 9.0, 2.0)] + [entry(0.5, 100.0, "VOID"), entry(0, 7.0, "VOID")]
    text = markdown(entries)
    assert "| 0.5 | 0.750000 | 3 | 30 | 2.00 | 2.00 | 3.00 | 4.00 | 5.00 | 7.0 |" in text
    assert "| 0 | – | 0 | 0 | – | – | – | – | – | – |" in text
    assert "- left out: rate-0.5, VOID: because" in text and "- rejected: 5 requests" in text
    assert "do not compare" not in text and "do not compare" in markdown([entry(0, 1.0), entry(1, 1.0, build="b")])
    assert chart(entries).count("<polyline") == 3


def test_a_chart_needs_values_and_escapes_names():
    with pytest.raises(ValueError):
        line_chart("nothing", "x", "y", ["a"], [("none", [None], False)])
    drawn = xml.etree.ElementTree.fromstring(line_chart("a < b", "x", "y", ["one"], [("p & q", [5.0], True)]))
    assert "a < b" in "".join(drawn.itertext())


def api_script(answers):
    """Responses to kubectl's first requests, and a test's own responses."""
    kinds = {"pods": "Pod", "deployments": "Deployment"}
    common = {"namespaced": True, "verbs": ["get", "list"], "singularName": ""}
    pods, deployments = ([{"name": name, "kind": kind, **common}] for name, kind in kinds.items())
    version = {"groupVersion": "apps/v1", "version": "v1"}
    group = {"name": "apps", "versions": [version], "preferredVersion": version}
    bodies = {
        "/api": {"kind": "APIVersions", "versions": ["v1"]},
        "/apis": {"kind": "APIGroupList", "apiVersion": "v1", "groups": [group]},
        "/api/v1": {"kind": "APIResourceList", "groupVersion": "v1", "resources": pods},
        "/apis/apps/v1": {"kind": "APIResourceList", "groupVersion": "apps/v1", "resources": deployments},
    }
    return json.dumps({path: [{"body": body}] for path, body in bodies.items()} | answers)


def kubeconfig(port):
    return json.dumps(
        {
            "apiVersion": "v1",
            "kind": "Config",
            "current-context": "c",
            "contexts": [{"name": "c", "context": {"cluster": "c", "user": "u"}}],
            "clusters": [{"name": "c", "cluster": {"server": f"http://127.0.0.1:{port}"}}],
            "users": [{"name": "u", "user": {}}],
        }
    )


@pytest.fixture
def cluster(tmp_path, monkeypatch):
    """The real kubectl, and an API server that returns the given responses and then repeats the last one."""
    processes = []

    def begin(**answers):
        (tmp_path / "script.json").write_text(api_script(answers))
        server = ROOT / "Tests/EndToEnd/Analyzer/kubernetes_api.py"
        command = [sys.executable, "-B", server, tmp_path / "script.json"]
        processes.append(subprocess.Popen(command, stdout=subprocess.PIPE, text=True))
        (tmp_path / "kubeconfig").write_text(kubeconfig(processes[-1].stdout.readline().split()[1]))
        monkeypatch.setenv("KUBECONFIG", str(tmp_path / "kubeconfig"))
        monkeypatch.setenv("HOME", str(tmp_path))
        monkeypatch.setenv("PATH", f"{Path(sys.executable).parent}:{os.environ['PATH']}")
        return Pods("houses")

    yield begin
    for process in processes:
        process.kill()
        process.wait()
        process.stdout.close()


def pods(*names):
    items = [{"apiVersion": "v1", "kind": "Pod", "metadata": {"name": name, "namespace": "houses"}} for name in names]
    return {"body": {"kind": "PodList", "apiVersion": "v1", "metadata": {}, "items": items}}


def test_the_counters_of_all_pods_are_read_through_kubectl(cluster, server):
    metrics = server.call("/metrics")[1]
    census = Census(
        cluster(
            **{
                NAMESPACE: [pods("a", "b"), pods("b")],
                f"{NAMESPACE}/a:8000/proxy/metrics": [{"text": metrics.replace('instance="', 'instance="a-')}],
                f"{NAMESPACE}/b:8000/proxy/metrics": [{"text": metrics.replace('instance="', 'instance="b-')}],
            }
        )
    )
    census.begin()
    census.end()
    assert [replica.url for replica in census.replicas.values()] == ["a", "b"]
    assert [replica.url for replica in census.vanished()] == ["a"] and census.total("hit") == 0


def deployment(wanted, ready):
    return {
        "body": {
            "apiVersion": "apps/v1",
            "kind": "Deployment",
            "metadata": {"name": "bungalow", "namespace": "houses"},
            "spec": {"replicas": wanted},
            "status": {"readyReplicas": ready},
        }
    }


def test_a_run_waits_for_the_initial_number_of_replicas_three_times_in_a_row(cluster, capsys):
    counts = [(5, 5), (2, 2), (2, 1), (2, 2), (2, 2), (2, 2), (9, 9)]
    settle(cluster(**{DEPLOYMENT: [deployment(*each) for each in counts]}), 2, pause=0)
    assert capsys.readouterr().err.count("waiting for 2") == 5


def test_replicas_that_do_not_settle_are_reported(cluster):
    with pytest.raises(CountersError, match="there are 1 of 3 replicas ready, not 3"):
        settle(cluster(**{DEPLOYMENT: [deployment(3, 1)]}), 3, pause=0, seconds=0)
