"""The Dockerfile, on which the Kubernetes manifests rely; script/image builds it."""

import re
import subprocess
import sys

import pytest
from kustomization import K8S, ROOT, TOOLS, render

DOCKERFILE = (ROOT / "Dockerfile").read_text()


def test_hadolint_finds_nothing():
    done = subprocess.run([TOOLS / "hadolint", "Dockerfile"], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr


# proves: T44
def test_base_images_are_arguments_and_pinned():
    defaults = dict(re.findall(r"^ARG (\w+_IMAGE)=(\S+)$", DOCKERFILE, re.MULTILINE))
    bases = re.findall(r"^FROM (\S+)", DOCKERFILE, re.MULTILINE)
    assert bases == [f"${{{name}}}" for name in defaults] + ["scratch"]
    for image in defaults.values():
        assert re.search(r":(\d+\.\d+\.\d+-|bookworm-\d{8}-)", image), image
    # The image's files come from this base.
    assert re.search(r"@sha256:[0-9a-f]{64}$", defaults["DEBIAN_IMAGE"])


def test_the_executable_is_stripped_and_every_library_of_the_build_is_there_at_run_time():
    build, runtime, image = re.split(r"^FROM .*$", DOCKERFILE, flags=re.MULTILINE)[1:]
    (stripped,) = re.findall(r"&& strip -o (\S+) \.build/release/bungalow-server$", build, re.MULTILINE)
    ((copied, executable),) = re.findall(r"^COPY --from=build (\S+) (\S+)$", runtime, re.MULTILINE)
    assert copied == stripped
    assert f"\nRUN image-root {executable} /image\n" in runtime and "\nCOPY --from=runtime /image /\n" in image

    def installed(stage):
        (packages,) = re.findall(r"apt-get install --yes --no-install-recommends \\?([^&]+)&&", stage)
        return set(packages.replace("\\", " ").split())

    libraries = {each.removesuffix("-dev") for each in installed(build)}
    assert len(libraries) >= 3 and not [each for each in installed(build) if not each.endswith("-dev")]
    for library in libraries:
        # libhiredis0.14, libsqlite3-0: the name with the version of its interface.
        assert any(re.fullmatch(rf"{library}-?[\d.]+", each) for each in installed(runtime)), library
    assert {"ca-certificates", "libstdc++6"} <= installed(runtime)


# proves: C5.1
def test_the_image_and_the_manifests_agree_on_user_and_port():
    (user,) = re.findall(r"^USER (\d+):(\d+)$", DOCKERFILE, re.MULTILINE)
    rendered = render(K8S / "bases")
    context = rendered.find("Deployment")["spec"]["template"]["spec"]["securityContext"]
    assert (str(context["runAsUser"]), str(context["runAsGroup"])) == user
    assert f"x:{user[0]}:{user[1]}:" in (ROOT / "script/image-root").read_text()
    (port,) = re.findall(r"^EXPOSE (\d+)$", DOCKERFILE, re.MULTILINE)
    assert [each["containerPort"] for each in rendered.container()["ports"]] == [int(port)]
    assert "\nENV BIND_HOST=0.0.0.0\n" in DOCKERFILE and "BIND_HOST" not in rendered.environment()


def test_the_entry_point_needs_no_shell():
    (entry,) = re.findall(r"^ENTRYPOINT (.+)$", DOCKERFILE, re.MULTILINE)
    assert entry.startswith('["/') and not re.search(r"^CMD", DOCKERFILE, re.MULTILINE)


def test_everything_that_the_dockerfile_copies_is_in_the_context():
    ignored = (ROOT / ".dockerignore").read_text().splitlines()
    allowed = {line.removeprefix("!") for line in ignored if line.startswith("!")}
    copied = re.findall(r"^COPY (?!--from)(\S+) ", DOCKERFILE, re.MULTILINE)
    assert "*" in ignored and allowed == set(copied)
    assert all((ROOT / each).exists() for each in copied)


@pytest.mark.skipif(sys.platform != "linux", reason="image-root runs in the image, with its ldd")
def test_a_missing_library_is_named(binary, tmp_path):
    # The same executable, but it needs a version of a library that does not exist.
    executable = tmp_path / "server"
    executable.write_bytes(re.sub(rb"libhiredis\.so\.[\d.]+", lambda name: name[0][:-1] + b"x", binary.read_bytes()))
    executable.chmod(0o755)
    done = subprocess.run([ROOT / "script/image-root", executable, tmp_path / "image"], capture_output=True, text=True)
    assert done.returncode == 1
    assert re.fullmatch(rf"image-root: {executable} needs libhiredis\.so\.\S+x, which is not here: .+\n", done.stderr)
