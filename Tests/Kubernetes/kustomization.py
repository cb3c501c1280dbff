"""Renders the kustomizations of .k8s and of the combinations here, and finds objects in the result."""

import functools
import pathlib
import re
import subprocess
import sys

import yaml

from testkit.processes import ROOT

K8S = ROOT / ".k8s"
COMBINATIONS = pathlib.Path(__file__).resolve().parent / "combinations"
OVERLAYS = sorted(path.parent for path in K8S.glob("overlays/*/kustomization.yaml"))
# prod as it is, and with a managed Redis.
PROD = [K8S / "overlays/prod", COMBINATIONS / "managed-redis"]
EVERYTHING = [K8S / "bases", *OVERLAYS, *sorted(path.parent for path in COMBINATIONS.glob("*/kustomization.yaml"))]

# The tools come from this environment's requirements, even if the machine has others.
TOOLS = pathlib.Path(sys.executable).parent


class Rendered:
    """The objects of one kustomization as kubectl would send them to a cluster."""

    def __init__(self, folder, text):
        self.name = folder.name
        self.text = text
        self.objects = list(yaml.safe_load_all(text))

    def all(self, kind):
        return [each for each in self.objects if each["kind"] == kind]

    def find(self, kind, name="bungalow"):
        """The object with this kind and name (without the hash of a generated name); None if there is none."""
        found = [
            each
            for each in self.all(kind)
            if re.fullmatch(re.escape(name) + "(-[a-z0-9]{10})?", each["metadata"]["name"])
        ]
        assert len(found) < 2, f"{self.name} has more than one {kind} {name}"
        return found[0] if found else None

    def pod(self, name="bungalow"):
        """The specification of a deployment's pods."""
        return pod_template(self.find("Deployment", name))["spec"]

    def container(self, name="bungalow"):
        (container,) = self.pod(name)["containers"]
        return container

    def environment(self):
        """The server's environment variables."""
        return self.find("ConfigMap")["data"]


def pod_template(workload):
    return workload["spec"]["template"]


def workloads(rendered):
    return rendered.all("Deployment") + rendered.all("Job")


def containers_of(workload):
    """All of a pod's containers, init containers included."""
    spec = pod_template(workload)["spec"]
    return spec.get("initContainers", []) + spec["containers"]


def mebibytes(quantity):
    """A Kubernetes quantity of bytes, as our manifests write them."""
    number, unit = re.fullmatch(r"(\d+)([MG])i", quantity).groups()
    return int(number) * {"M": 1, "G": 1024}[unit]


@functools.cache
def render(folder):
    done = subprocess.run([TOOLS / "kubectl", "kustomize", folder], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    # kustomize warns of deprecated fields.
    assert done.stderr == "", done.stderr
    return Rendered(folder, done.stdout)
