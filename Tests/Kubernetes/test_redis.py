"""The Redis container's own command and probe, run here with a real redis-server."""

import os
import subprocess

import pytest
from kustomization import K8S, render

from testkit.processes import free_port


@pytest.fixture
def container(tmp_path):
    """A folder for each mount of the container, and a function that redirects its commands to them."""
    rendered = render(K8S / "overlays/prod")
    container = rendered.container("redis")
    port = free_port()
    folders = {}
    for mount in container["volumeMounts"]:
        folders[mount["mountPath"]] = tmp_path / mount["name"]
        folders[mount["mountPath"]].mkdir()
    configuration = rendered.find("ConfigMap", "redis")["data"]["redis.conf"]
    (folders["/etc/redis"] / "redis.conf").write_text(f"{configuration}port {port}\nbind 127.0.0.1\n")

    def here(command):
        text = command[-1]
        for path, folder in folders.items():
            text = text.replace(path, str(folder))
        return [*command[:-1], text.replace("redis-cli", f"redis-cli -p {port}")]

    return container, folders, here


def ready(container, here):
    probe = here(container["readinessProbe"]["exec"]["command"])
    return subprocess.run(probe, env={"PATH": os.environ["PATH"]}, capture_output=True).returncode == 0


def test_it_takes_the_password_from_its_file_and_is_ready_only_with_that_password(container):
    container, folders, here = container
    (folders["/run/secrets/redis"] / "password").write_text('my\'s "password" \\ with all\n')
    redis = subprocess.Popen(
        here(container["command"]), env={"PATH": os.environ["PATH"]}, stdout=subprocess.PIPE, text=True
    )
    try:
        said = []
        for line in redis.stdout:
            said.append(line)
            if "Ready to accept connections" in line:
                break
        else:
            pytest.fail("".join(said))
        assert ready(container, here)
        with open(f"/proc/{redis.pid}/cmdline", "rb") as arguments:
            assert b"my's" not in arguments.read()
        (folders["/run/secrets/redis"] / "password").write_text("another")
        assert not ready(container, here)
    finally:
        redis.terminate()
        redis.communicate(timeout=30)
    assert redis.returncode == 0
    assert not list(folders["/run/redis"].glob("*.rdb"))


@pytest.mark.parametrize("password", [None, "", "\n"], ids=["no file", "nothing", "a line"])
def test_it_does_not_start_without_a_password(container, password):
    container, folders, here = container
    if password is not None:
        (folders["/run/secrets/redis"] / "password").write_text(password)
    done = subprocess.run(here(container["command"]), capture_output=True, text=True, timeout=30)
    assert done.returncode != 0 and "password" in done.stderr
