"""compose.yaml: its form, and what each service may do."""

import json
import re

import jsonschema
import pytest
from composition import DOCKERFILE, interpolate, mounts, read

from testkit.processes import ROOT

SCHEMA = json.loads((ROOT / "Tests/Compose/compose-spec/compose-spec.json").read_text())
COMPOSITION = read()
SERVICES = COMPOSITION["services"]
BUILT = {"bungalow", "k6"}


@pytest.fixture(params=SERVICES)
def service(request):
    return SERVICES[request.param]


def test_it_conforms_to_the_specification():
    validator = jsonschema.Draft202012Validator(SCHEMA)
    assert [error.message for error in validator.iter_errors(COMPOSITION)] == []


@pytest.mark.parametrize("change", [{"port": ["8000"]}, {"cap_drop": "ALL"}, {"networks": {"front": 1}}])
def test_the_specification_finds_mistakes(change):
    wrong = {**COMPOSITION, "services": {**SERVICES, "redis": {**SERVICES["redis"], **change}}}
    assert list(jsonschema.Draft202012Validator(SCHEMA).iter_errors(wrong))


def test_variables_have_a_default_or_the_file_would_need_settings_of_its_own():
    assert interpolate("a ${B:-c} $$d", {}) == "a c $d" and interpolate("${B:-c}", {"B": "e"}) == "e"
    with pytest.raises(AssertionError):
        interpolate("${B}", {})


def test_a_service_runs_as_a_user_who_may_do_nothing_more(service):
    user, group = service["user"].split(":")
    assert int(user) > 0 and group.isdigit()
    assert service["read_only"] is True and service["cap_drop"] == ["ALL"]
    assert service["security_opt"] == ["no-new-privileges:true"]
    forbidden = {"privileged", "cap_add", "devices", "network_mode", "pid", "ipc", "userns_mode", "volumes_from", "uts"}
    assert not forbidden & service.keys()


def test_a_service_is_bounded(service):
    assert service["mem_limit"] and service["pids_limit"] <= 256
    assert service["logging"]["options"].keys() == {"max-size", "max-file"}
    for each in service.get("tmpfs", []):
        assert re.search(r"[:,]size=\d+m\b", each), each


def test_ports_are_published_on_the_loopback_interface_only():
    published = [port for service in SERVICES.values() for port in service.get("ports", [])]
    assert sorted(published) == ["127.0.0.1:3000:3000", "127.0.0.1:8000:8000", "127.0.0.1:9090:9090"]


def test_only_read_only_files_of_this_repository_and_declared_volumes_are_mounted(service):
    writable = set()
    for source, target, is_read_only in mounts(service):
        if source.startswith("./"):
            assert (ROOT / source).exists() and is_read_only, source
        else:
            assert source in COMPOSITION["volumes"], source
            writable |= set() if is_read_only else {target}
    assert writable <= {"/run/secrets/redis", "/prometheus"}


def test_only_redis_writes_the_password_and_only_the_server_reads_it():
    users = {
        name: is_read_only
        for name, service in SERVICES.items()
        for source, _, is_read_only in mounts(service)
        if source == "redis-password"
    }
    assert users == {"redis": False, "bungalow": True}
    # In memory, and owned by the user that Redis runs as.
    options = COMPOSITION["volumes"]["redis-password"]["driver_opts"]
    user, group = SERVICES["redis"]["user"].split(":")
    assert options["type"] == "tmpfs" and f"uid={user},gid={group}," in options["o"]
    for service in SERVICES.values():
        assert not re.search(r"PASSWORD(?!_FILE)|TOKEN|SECRET", " ".join(service.get("environment", {})))


def test_only_the_server_reaches_redis():
    assert COMPOSITION["networks"]["cache"]["internal"] is True
    assert {name for name, service in SERVICES.items() if "cache" in service["networks"]} == {"redis", "bungalow"}
    assert SERVICES["redis"]["networks"] == ["cache"]


def test_images_are_pinned_by_digest_and_are_those_of_the_manifests():
    release = re.search(r'let release = "(.*)"', (ROOT / "Sources/Release/Release.swift").read_text())[1]
    manifests = "".join(path.read_text() for path in (ROOT / ".k8s").rglob("*.yaml"))
    for name, service in SERVICES.items():
        if name in BUILT:
            assert service["image"].endswith(f":{release}") and service["pull_policy"] == "build"
        else:
            assert re.fullmatch(r"[\w./-]+:v?\d+\.\d+\.\d+\S*@sha256:[0-9a-f]{64}", service["image"]), service["image"]
    assert SERVICES["bungalow"]["build"]["args"] == {"VERSION": release}
    inline = SERVICES["k6"]["build"]["dockerfile_inline"]
    used = re.findall(r"\S+@sha256:[0-9a-f]{64}", inline)
    assert len(used) == inline.count("\n") == 2
    for image in [*(image.removeprefix("--from=") for image in used), SERVICES["redis"]["image"]]:
        assert image in manifests, image


def test_the_server_runs_as_in_its_image_and_in_the_cluster():
    (user,) = re.findall(r"^USER (\S+)$", DOCKERFILE, re.MULTILINE)
    assert SERVICES["bungalow"]["user"] == user and SERVICES["bungalow"]["build"]["context"] == "."
    # The image has no shell, so it cannot run a health check of its own; the client checks.
    assert {name for name, service in SERVICES.items() if "healthcheck" not in service} == {"bungalow", "k6"}


def test_what_a_service_waits_for_has_a_health_check():
    for service in SERVICES.values():
        for name, how in service.get("depends_on", {}).items():
            assert (how["condition"] == "service_healthy") == ("healthcheck" in SERVICES[name]), name


def test_k6_starts_only_on_request():
    assert {name: service["profiles"] for name, service in SERVICES.items() if "profiles" in service} == {"k6": ["k6"]}
    assert SERVICES["k6"]["restart"] == "no"
