"""compose.yaml as Compose reads it, and its services as local processes instead of containers."""

import os
import re
import shutil
import subprocess
import sys

import yaml

from testkit.processes import ROOT, free_port
from testkit.server import Server, built_server

FILE = ROOT / "compose.yaml"
DOCKERFILE = (ROOT / "Dockerfile").read_text()
# BusyBox is the shell of the images' base. Without it, the system's own commands are used.
BUSYBOX = shutil.which("busybox")
APPLETS = ("cat", "grep", "mv", "od", "sed", "sleep", "test", "touch", "tr", "wget")


def interpolate(text, environment):
    """Substitutes variables: ${NAME:-default}, and $$ for a dollar. No other form is allowed here."""

    def value(found):
        if found[0] == "$$":
            return "$"
        assert found["name"], f"{found[0]} is not a form that compose.yaml may use"
        return environment.get(found["name"]) or found["default"]

    return re.sub(r"\$\$|\$\{(?P<name>\w+):-(?P<default>[^}]*)\}|\$", value, text)


def read(environment=None):
    """The composition, with its variables substituted."""

    def walk(node):
        if isinstance(node, dict):
            return {key: walk(each) for key, each in node.items()}
        if isinstance(node, list):
            return [walk(each) for each in node]
        return interpolate(node, environment or {}) if isinstance(node, str) else node

    return walk(yaml.safe_load(FILE.read_text()))


def mounts(service):
    """(source, target, is read-only) of each volume, in the short form."""
    for volume in service.get("volumes", []):
        source, target, *mode = volume.split(":")
        yield source, target, mode == ["ro"]


class Stack:
    """Services as processes, each with the command and the environment of compose.yaml.

    What only a container has is replaced in the text: a service's name by a loopback address, a mounted path by a file.
    """

    def __init__(self, folder):
        self.services, self.folder, self.processes = read()["services"], folder, []
        self.ports = {name: free_port() for name in ("redis:6379", "bungalow:8000", "prometheus:9090")}
        self.addresses = {name: f"127.0.0.1:{port}" for name, port in self.ports.items()}
        self.addresses["127.0.0.1:9090"] = self.addresses["prometheus:9090"]
        self.bin = folder / "bin"
        self.bin.mkdir()
        for applet in APPLETS if BUSYBOX else ():
            (self.bin / applet).symlink_to(BUSYBOX)

    def place(self, path):
        """The local path for a path of the containers."""
        return self.folder / "root" / path.lstrip("/")

    def here(self, name, text):
        """A service's text with local addresses and paths."""
        places = {each.partition(":")[0]: None for each in self.services[name].get("tmpfs", [])}
        for source, target, _ in mounts(self.services[name]):
            places[target] = ROOT / source if source.startswith(".") else None
        for target, source in places.items():
            if source is None:
                self.place(target).mkdir(parents=True, exist_ok=True)
            elif source.is_file():
                # A file may also name services and paths.
                self.place(target).parent.mkdir(parents=True, exist_ok=True)
                self.place(target).write_text(self.addressed(source.read_text(), places))
        directories = {target: str(source) for target, source in places.items() if source and source.is_dir()}
        return self.addressed(text, places, directories)

    def addressed(self, text, places, directories=None):
        names = {**dict.fromkeys(places), **self.addresses}
        known = "|".join(re.escape(each) for each in sorted(names, key=len, reverse=True))

        def value(found):
            return self.addresses.get(found[0]) or (directories or {}).get(found[0]) or str(self.place(found[0]))

        # In one pass, so that no replacement is replaced again.
        return re.sub(rf"(?<![\w.]/)(?<!\w)(?:{known})(?![\w.-])", value, text)

    def environment(self, name, **more):
        own = {key: self.here(name, str(value)) for key, value in self.services[name].get("environment", {}).items()}
        return {"PATH": f"{self.bin}:{os.environ['PATH']}", "HOME": str(self.folder), **own, **more}

    def shell(self, text):
        return [BUSYBOX, "sh", "-ec", text] if BUSYBOX else ["sh", "-ec", text]

    def command(self, name):
        """The shell command of a service that has a shell as its entry point."""
        service = self.services[name]
        assert service["entrypoint"] == ["sh", "-ec"]
        (text,) = service["command"]
        return self.here(name, text)

    def start(self, name, text, **more):
        log = open(self.log(name), "wb")  # noqa: SIM115 (the process writes to it until its end)
        self.processes.append(
            subprocess.Popen(
                self.shell(text), env=self.environment(name, **more), stdin=subprocess.DEVNULL, stdout=log, stderr=log))
        log.close()
        return self.processes[-1]

    def log(self, name):
        return self.folder / f"{name}.log"

    def start_server(self):
        """The built server with the environment of compose.yaml and of the image, but on the loopback interface."""
        assert "\nENV BIND_HOST=0.0.0.0\n" in DOCKERFILE
        environment = {
            key: value for key, value in self.environment("bungalow").items() if key not in ("PATH", "HOME")
        }
        server = OnlyThese(built_server(), environment, self.ports["bungalow:8000"])
        self.processes.append(server.process)
        return server

    def run_k6(self, **more):
        python, *arguments = self.services["k6"]["entrypoint"]
        assert python == "python3"
        command = [sys.executable, *(self.here("k6", each) for each in arguments)]
        return subprocess.run(
            command, env=self.environment("k6", **more), cwd=self.folder, capture_output=True, text=True, timeout=120)

    def is_healthy(self, name, replaced=("", "")):
        """The current result of the service's health check."""
        kind, text = self.services[name]["healthcheck"]["test"]
        assert kind == "CMD-SHELL"
        command = self.shell(self.here(name, text).replace(*replaced))
        done = subprocess.run(command, env=self.environment(name), capture_output=True)
        return done.returncode == 0

    def end(self):
        for process in reversed(self.processes):
            process.kill()
            process.wait()


class OnlyThese(Server):
    """A server with only the variables that compose.yaml sets."""

    DEFAULTS = {}  # noqa: RUF012 (never changed)
