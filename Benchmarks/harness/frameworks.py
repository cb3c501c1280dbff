"""The serving frameworks of PyPI, each with the same scoring endpoint in an environment of its own."""
import json
import os
from dataclasses import dataclass

from testkit.processes import free_port

from .peers import SOURCES, Peer, build_environment, peer_environment

FRAMEWORKS = SOURCES / "frameworks"


@dataclass(frozen=True)
class Framework:
    """What is specific to a framework; paths are relative to its environment and to its folder."""

    name: str
    title: str
    command: object
    variables: object = lambda setting: {}
    ready_path: str = "/readyz"
    says_cache: bool = True
    polls: bool = False

    @property
    def folder(self):
        return FRAMEWORKS / self.name

    def peer(self):
        return Peer(
            self.name, self.title, lambda: build_environment(self.title, self.folder),
            lambda setting: self.command(setting, self.folder, self.folder / ".venv/bin"), self.environment,
            ready_path=self.ready_path, says_cache=self.says_cache, polls=self.polls)

    def environment(self, setting):
        programs = f"{self.folder / '.venv/bin'}:{os.environ['PATH']}"
        return {
            **peer_environment(setting), "PATH": programs, "HOME": str(setting.folder), "FOLDER": str(setting.folder),
            "LOG_FILE": str(setting.folder / f"{self.name}.log"), "PYTHONPATH": f"{FRAMEWORKS}:{self.folder}",
            # One thread for one core, in numpy as elsewhere.
            "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1", **self.variables(setting)}


def bentoml(setting, folder, programs):
    return [
        programs / "bentoml", "serve", "service:Predictor", "--working-dir", folder, "--host", "127.0.0.1",
        "--port", str(setting.port), "--api-workers", str(setting.loops)]


def mlserver(setting, folder, programs):
    """MLServer reads its settings from a folder, which this makes."""
    settings = {
        "host": "127.0.0.1", "http_port": setting.port, "grpc_port": free_port(), "metrics_port": free_port(),
        "parallel_workers": 0, "debug": False, "metrics_dir": str(setting.folder)}
    (setting.folder / "settings.json").write_text(json.dumps(settings))
    (setting.folder / "model-settings.json").write_bytes((folder / "model-settings.json").read_bytes())
    return [programs / "mlserver", "start", setting.folder]


def litserve(setting, folder, programs):
    return [programs / "python", folder / "server.py"]


def mosec(setting, folder, programs):
    return [
        programs / "python", folder / "server.py", "--address", "127.0.0.1", "--port", str(setting.port), "--log-level",
        "warning", "--path", setting.folder / "mosec"]


def ray(setting, folder, programs):
    return [programs / "python", folder / "deployment.py"]


FRAMEWORK_PEERS = tuple(framework.peer() for framework in (
    Framework(
        "bentoml", "BentoML", bentoml,
        lambda setting: {"BENTOML_DO_NOT_TRACK": "True", "BENTOML_HOME": str(setting.folder / "bentoml")}),
    Framework("mlserver", "MLServer", mlserver, ready_path="/v2/health/ready"),
    Framework("litserve", "LitServe", litserve, polls=True),
    Framework("mosec", "mosec", mosec, ready_path="/", says_cache=False),
    Framework("ray", "Ray Serve", ray, lambda setting: {
        "RAY_USAGE_STATS_ENABLED": "0", "RAY_DISABLE_DOCKER_CPU_WARNING": "1",
        "RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO": "0"}, polls=True),
))
