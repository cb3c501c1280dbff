"""The cache of each kustomization: the pod's own file, the namespace's Redis or a managed one."""

import os
import re
import shutil

import yaml
from kustomization import COMBINATIONS, K8S, OVERLAYS, PROD, ROOT, mebibytes, render


def secret_volumes(pod):
    return [volume for volume in pod["volumes"] if "secret" in volume]


def test_the_cache_is_in_a_volume_or_in_an_existing_redis_with_an_optional_secret(rendered):
    environment = rendered.environment()
    mounts = {mount["mountPath"] for mount in rendered.container()["volumeMounts"]}
    url = environment["CACHE_URL"]
    if url.startswith("sqlite:"):
        assert re.fullmatch(r"sqlite:(.+)/[^/]+", url)[1] in mounts
        return
    scheme, host, port = re.fullmatch(r"(rediss?)://([^:@]+):(\d+)", url).groups()
    (volume,) = secret_volumes(rendered.pod())
    assert volume["secret"]["optional"] is True
    if scheme == "redis":
        (service_port,) = rendered.find("Service", host)["spec"]["ports"]
        assert service_port["port"] == int(port)
    else:
        assert rendered.find("Deployment", "redis") is None


def test_server_and_redis_read_the_password_from_the_secret_that_the_documents_create(rendered):
    deploy = (ROOT / "docs/deploy.md").read_text()
    ((secret, key),) = set(re.findall(r"create secret generic (\S+) --from-literal=(\w+)=", deploy))
    pods = {each["metadata"]["name"]: rendered.pod(each["metadata"]["name"]) for each in rendered.all("Deployment")}
    files = {}
    for name in pods.keys() & {"bungalow", "redis"}:
        for volume in secret_volumes(pods[name]):
            assert volume["secret"]["secretName"] == secret and "items" not in volume["secret"]
            # Readable for the group, which is the pod's.
            assert volume["secret"]["defaultMode"] == 0o440
            mounts = rendered.container(name)["volumeMounts"]
            (mount,) = (mount for mount in mounts if mount["name"] == volume["name"])
            assert mount["readOnly"] is True
            files[name] = f"{mount['mountPath']}/{key}"
    assert rendered.environment().get("CACHE_PASSWORD_FILE") == files.get("bungalow")
    if "redis" in pods:
        redis = rendered.container("redis")
        for command in (redis["command"], redis["readinessProbe"]["exec"]["command"]):
            assert set(re.findall(r"/run/secrets/[\w/]+", command[-1])) == {files["redis"]}


def test_the_volume_of_the_cache_holds_the_file_the_log_and_one_that_was_damaged(rendered):
    volumes = [volume["emptyDir"] for volume in rendered.pod()["volumes"] if volume["name"] == "cache"]
    if not rendered.environment()["CACHE_URL"].startswith("sqlite:"):
        assert not volumes
        return
    text = (ROOT / "Sources/PredictionCache/SQLiteCache/SQLiteCacheSettings.swift").read_text()
    file = int(re.search(r"var maximumFileBytes = (\d+) << 20$", text, re.MULTILINE)[1])
    log = file // int(re.search(r"var maximumLogBytes: Int \{ max\(.*, maximumFileBytes / (\d+)\) \}", text)[1])
    assert mebibytes(volumes[0]["sizeLimit"]) >= 2 * (file + log)
    # The container's log on the node counts, too.
    resources = rendered.container()["resources"]
    assert all(
        mebibytes(resources[each]["ephemeral-storage"]) > mebibytes(volumes[0]["sizeLimit"])
        for each in ("requests", "limits")
    )


def test_there_is_one_redis_and_never_two_at_once(rendered):
    for each in rendered.all("Deployment"):
        if each["metadata"]["name"] == "redis":
            assert each["spec"]["replicas"] == 1 and each["spec"]["strategy"] == {"type": "Recreate"}


def test_redis_keeps_less_than_its_container_may_hold_and_evicts():
    for folder in OVERLAYS:
        overlay = render(folder)
        redis = dict(
            line.split(" ", 1)
            for line in overlay.find("ConfigMap", "redis")["data"]["redis.conf"].splitlines()
            if line and not line.startswith("#")
        )
        limit = overlay.container("redis")["resources"]["limits"]["memory"]
        assert int(redis["maxmemory"].removesuffix("mb")) <= 0.8 * mebibytes(limit)
        assert redis["maxmemory-policy"] == "allkeys-lru" and redis["save"] == '""' and redis["appendonly"] == "no"
        most = overlay.find("HorizontalPodAutoscaler") or overlay.find("Deployment")
        most = most["spec"].get("maxReplicas") or most["spec"]["replicas"]
        # Twice as many during a rollout.
        assert int(redis["maxclients"]) > 2 * most * int(overlay.environment()["EVENT_LOOPS"])


def test_the_combination_with_a_managed_redis_is_a_copy_of_prod():
    prod, managed = (yaml.safe_load((folder / "kustomization.yaml").read_text()) for folder in PROD)
    components = [os.path.basename(each) for each in managed["components"]]
    assert components == [
        {"redis": "managed-redis"}.get(name, name) for name in map(os.path.basename, prod["components"])
    ]
    assert managed["patches"] == prod["patches"]
    for name in ("istio-settings.yaml", "zone-spread.yaml"):
        assert (PROD[1] / name).read_text() == (PROD[0] / name).read_text()


def test_a_managed_redis_works_wherever_its_line_is_in_the_list(tmp_path):
    example = COMBINATIONS / "managed-redis"
    kustomization = yaml.safe_load((example / "kustomization.yaml").read_text())
    names = [os.path.basename(each) for each in kustomization["components"] if not each.endswith("/managed-redis")]
    rendered = []
    for place in (0, len(names)):
        folder = tmp_path / str(place)
        shutil.copytree(example, folder)
        components = [*names[:place], "managed-redis", *names[place:]]
        kustomization["components"] = [os.path.relpath(K8S / "components" / name, folder) for name in components]
        kustomization["resources"][-1] = os.path.relpath(K8S / "bases", folder)
        (folder / "kustomization.yaml").write_text(yaml.safe_dump(kustomization))
        rendered.append(render(folder).objects)
    assert all(sorted(map(str, each)) == sorted(map(str, render(example).objects)) for each in rendered)
