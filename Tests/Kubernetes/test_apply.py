"""What the real kubectl sends when one overlay is applied after another, and the documented commands for that."""

import os
import re
import subprocess

import pytest
import yaml
from api_server import Server
from kustomization import K8S, ROOT, TOOLS, render

DEPLOYMENT = "/apis/apps/v1/namespaces/bungalow/deployments/bungalow"
JOB = "/apis/batch/v1/namespaces/bungalow/jobs/loadtest-k6"


class Cluster:
    """A user's shell with the real kubectl, connected to the scripted API server."""

    def __init__(self, server, folder):
        self.server = server
        configuration = {
            "apiVersion": "v1",
            "kind": "Config",
            "clusters": [{"name": "c", "cluster": {"server": server.url}}],
            "contexts": [{"name": "c", "context": {"cluster": "c", "user": ""}}],
            "current-context": "c",
        }
        (folder / "config").write_text(yaml.safe_dump(configuration))
        path = f"{TOOLS}:{os.environ['PATH']}"
        self.environment = {"PATH": path, "HOME": str(folder), "KUBECONFIG": str(folder / "config")}

    def run(self, command, text=None):
        """Runs a shell command in the repository; returns the requests that changed the server, and the output."""
        before = len(self.server.changes)
        done = subprocess.run(
            ["bash", "-ec", "set -o pipefail\n" + command], cwd=ROOT, env=self.environment, input=text,
            capture_output=True, text=True, timeout=60)  # fmt: skip
        return done.returncode, self.server.changes[before:], done.stdout + done.stderr

    def apply(self, overlay):
        # The server has no schemas to validate against.
        return self.run(f"kubectl apply --validate=false -k .k8s/overlays/{overlay}")

    @property
    def replicas(self):
        return self.server.objects[DEPLOYMENT]["spec"]["replicas"]


@pytest.fixture
def cluster(tmp_path):
    with Server() as server:
        yield Cluster(server, tmp_path)


def documented(document, word):
    """The one command in a document's code that contains this word."""
    blocks = re.findall(r"^```\n(.*?)^```$", (ROOT / document).read_text(), re.MULTILINE | re.DOTALL)
    lines = {line for block in blocks for line in block.replace("\\\n", "").splitlines() if word in line}
    assert len(lines) == 1, lines
    return lines.pop()


def patches(changes):
    """The requests for the deployment."""
    return [body for method, path, body in changes if (method, path) == ("PATCH", DEPLOYMENT)]


def test_an_overlay_is_created_and_applying_it_again_changes_nothing(cluster):
    code, changes, output = cluster.apply("dev-scaled")
    assert code == 0, output
    assert {method for method, _, _ in changes} == {"POST"} and cluster.replicas == 5
    created = len(changes)
    assert created == len(render(K8S / "overlays/dev-scaled").objects)
    code, changes, output = cluster.apply("dev-scaled")
    assert (code, changes) == (0, []), output


def test_without_the_documented_command_the_autoscaler_would_start_with_one_replica(cluster):
    cluster.apply("dev-scaled")
    code, changes, output = cluster.apply("dev-autoscaled")
    assert code == 0, output
    (patch,) = patches(changes)
    # kubectl removes a field that only the last manifest had; the server then fills in 1.
    assert patch["spec"]["replicas"] is None and cluster.replicas == 1


def test_after_the_documented_command_kubectl_leaves_the_replicas_alone(cluster):
    cluster.apply("dev-scaled")
    code, changes, output = cluster.run(documented("docs/deploy.md", "set-last-applied"))
    assert code == 0, output
    (patch,) = patches(changes)
    # It changes only kubectl's own annotation, and nothing that the cluster acts on.
    assert patch.keys() == {"metadata"} and patch["metadata"].keys() == {"annotations"}
    assert cluster.replicas == 5
    code, changes, output = cluster.apply("dev-autoscaled")
    assert code == 0 and "Warning" not in output, output
    assert all("replicas" not in patch.get("spec", {}) for patch in patches(changes))
    assert cluster.replicas == 5
    assert "HorizontalPodAutoscaler" in {body["kind"] for method, _, body in changes if method == "POST"}
    # The autoscaler's number stays, however often the overlay is applied.
    cluster.server.objects[DEPLOYMENT]["spec"]["replicas"] = 3
    assert cluster.apply("dev-autoscaled")[0] == 0 and cluster.replicas == 3


def test_other_settings_of_a_load_test_need_a_new_job_as_the_documents_say(cluster):
    objects = render(K8S / "overlays/dev-loadtest").text
    settings = re.search(r"name: (loadtest-(?!files)[a-z0-9]{10})$", objects, re.MULTILINE)[1]
    changed = objects.replace(settings, "loadtest-changed00")
    apply = "kubectl apply --validate=false -f -"
    assert cluster.run(apply, objects)[0] == 0
    code, _, output = cluster.run(apply, changed)
    assert code != 0 and "field is immutable" in output
    code, changes, output = cluster.run(documented("docs/experiments.md", "delete job"))
    assert code == 0 and [change[:2] for change in changes] == [("DELETE", JOB)], output
    code, changes, output = cluster.run(apply, changed)
    assert code == 0, output
    (job,) = [body for method, _, body in changes if method == "POST" and body["kind"] == "Job"]
    assert "loadtest-changed00" in str(job["spec"]["template"])
    # The first time there is no job, and that is not an error.
    del cluster.server.objects[JOB]
    assert cluster.run(documented("docs/experiments.md", "delete job"))[0] == 0
