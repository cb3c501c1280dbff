"""What must hold for the manifests, whatever changes in them."""

import re

from kustomization import ROOT, containers_of, pod_template, workloads


def test_every_selector_finds_pods_by_their_labels(rendered):
    templates = [pod_template(each) for each in rendered.all("Deployment")]
    labels = [template["metadata"]["labels"].items() for template in templates]

    def finds(selector):
        return any(selector.items() <= each for each in labels)

    for each in rendered.all("Deployment"):
        assert each["spec"]["selector"]["matchLabels"].items() <= pod_template(each)["metadata"]["labels"].items()
    assert all(finds(each["spec"]["selector"]) for each in rendered.all("Service"))
    for each in rendered.all("PodDisruptionBudget") + rendered.all("PodMonitor"):
        assert finds(each["spec"]["selector"]["matchLabels"])
    for template in templates:
        for spread in template["spec"].get("topologySpreadConstraints", []):
            assert spread["labelSelector"]["matchLabels"].items() <= template["metadata"]["labels"].items()


def test_selectors_do_not_depend_on_labels_that_kustomize_adds(rendered):
    for each in rendered.all("Deployment"):
        assert each["spec"]["selector"] == {"matchLabels": {"app.kubernetes.io/name": each["metadata"]["name"]}}


def test_services_monitors_and_policies_name_ports_that_the_containers_have(rendered):
    ports = {}
    for each in rendered.all("Deployment"):
        (container,) = pod_template(each)["spec"]["containers"]
        named = {port["name"]: port["containerPort"] for port in container.get("ports", [])}
        ports[each["metadata"]["name"]] = named
    for each in rendered.all("Service"):
        target = each["spec"]["selector"]["app.kubernetes.io/name"]
        assert {port["targetPort"] for port in each["spec"]["ports"]} <= ports[target].keys()
    for each in rendered.all("PodMonitor"):
        assert {end["port"] for end in each["spec"]["podMetricsEndpoints"]} <= ports["bungalow"].keys()
    for each in rendered.all("NetworkPolicy"):
        target = each["spec"]["podSelector"].get("matchLabels", {}).get("app.kubernetes.io/name")
        for rule in each["spec"].get("ingress", []):
            assert {port["port"] for port in rule["ports"]} <= ports.get(target, {"redis": 6379}).keys()


# The only place that defines the release.
RELEASE = re.search(r'let release = "(.+)"', (ROOT / "Sources/Release/Release.swift").read_text())[1]


def test_the_documents_name_the_release_of_the_source():
    named = re.findall(r"\bbungalow:(\d[\w.]*\w)", (ROOT / "docs/deploy.md").read_text())
    assert len(named) > 5 and set(named) == {RELEASE}


# proves: T44
def test_images_are_pinned_and_ours_is_the_release_of_the_source(rendered):
    for each in workloads(rendered):
        for container in containers_of(each):
            name, _, tag = container["image"].rpartition("/")[2].partition(":")
            assert re.fullmatch(r"\d+\.\d+\.\d+(-\w+)?(@sha256:[0-9a-f]{64})?", tag), container["image"]
            assert "@sha256:" in tag or (name, tag) == ("bungalow", RELEASE)


# proves: T45
def test_pods_are_restricted_name_their_container_and_have_no_token(rendered):
    for each in workloads(rendered):
        template = pod_template(each)
        spec = template["spec"]
        annotations = template["metadata"]["annotations"]
        assert annotations["kubectl.kubernetes.io/default-container"] == spec["containers"][0]["name"]
        account = rendered.find("ServiceAccount", spec["serviceAccountName"])
        assert spec["automountServiceAccountToken"] is account["automountServiceAccountToken"] is False
        assert spec["securityContext"]["runAsNonRoot"] is True and spec["securityContext"]["runAsUser"] >= 10000
        # A Secret's file belongs to root and this group, and only they may read it.
        group = spec["securityContext"]["runAsGroup"]
        assert spec["securityContext"]["fsGroup"] == group == spec["securityContext"]["runAsUser"]
        assert spec["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
        assert spec["enableServiceLinks"] is False
        # No pod may wait for Redis: new replicas must start while it is down.
        assert "initContainers" not in spec or each["kind"] == "Job"
        for container in containers_of(each):
            assert container["securityContext"] == {
                "allowPrivilegeEscalation": False,
                "readOnlyRootFilesystem": True,
                "capabilities": {"drop": ["ALL"]},
            }
            requests, limits = (container["resources"][each] for each in ("requests", "limits"))
            assert requests["memory"] == limits["memory"] and "cpu" in requests
            assert not any("value" in each for each in container.get("env", [])), "options are set in the ConfigMap"
        volatile = [volume["emptyDir"] for volume in spec["volumes"] if "emptyDir" in volume]
        assert all("sizeLimit" in each for each in volatile)


def test_every_volume_is_mounted_and_every_mount_has_its_volume(rendered):
    for each in workloads(rendered):
        spec = pod_template(each)["spec"]
        mounts = {mount["name"] for container in containers_of(each) for mount in container["volumeMounts"]}
        assert mounts == {volume["name"] for volume in spec["volumes"]}
        for volume in spec["volumes"]:
            if "configMap" in volume:
                assert rendered.find("ConfigMap", volume["configMap"]["name"])
    assert rendered.container()["envFrom"] == [
        {"configMapRef": {"name": rendered.find("ConfigMap")["metadata"]["name"]}}
    ]


def test_secrets_are_referred_to_and_never_contained(rendered):
    assert not rendered.all("Secret")
    for each in rendered.all("ConfigMap"):
        assert not [key for key in each["data"] if re.search("password$|key$|token", key, re.IGNORECASE)]
        assert not re.search(r"requirepass|://[^/\s]*:[^/\s]*@", "".join(each["data"].values()))


def test_pods_refer_to_a_config_map_by_the_hash_of_its_content_so_that_a_change_is_a_rollout(rendered):
    for each in workloads(rendered):
        volumes = [volume.get("configMap") for volume in pod_template(each)["spec"]["volumes"]]
        sources = [source for container in containers_of(each) for source in container.get("envFrom", [])]
        named = [source["configMapRef"] for source in sources] + [volume for volume in volumes if volume]
        for reference in named:
            # The digits and letters of kustomize's hashes.
            assert re.fullmatch(r"[a-z-]+-[2456789bcdfghkmt]{10}", reference["name"])


def test_no_check_is_switched_off_outside_the_waivers(rendered):
    # Waivers belong in checkov-waivers.yaml: an annotation or a comment would hide a finding from the test.
    for text in (rendered.text, (ROOT / "Dockerfile").read_text()):
        assert not re.search(r"checkov(\.io/|:)skip", text)
