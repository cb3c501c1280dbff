"""script/archive and script/publish with a fake docker and gh that record their arguments."""

import hashlib
import os
import pathlib
import re
import shutil
import subprocess

import pytest

SCRIPTS = pathlib.Path(__file__).resolve().parents[2] / "script"
ROOT = SCRIPTS.parent
(RELEASE,) = re.findall(r'let release = "(.*)"', (ROOT / "Sources/Release/Release.swift").read_text())

# `docker save` writes the image to standard output.
DOCKER = """echo "docker $*" >>"$CALLS"
case $1 in
save) echo "image of $PROCESSOR" ;;
login) cat >>"$CALLS" ;;
esac"""
PUBLISHING = {
    "GITHUB_ACTOR": "octocat", "GITHUB_REF_NAME": f"v{RELEASE}", "GITHUB_REF_TYPE": "tag",
    "GITHUB_REPOSITORY": "Some/Bungalow", "GITHUB_TOKEN": "secret"}  # fmt: skip


class Copy:
    """The scripts in a folder of their own, with fake tools."""

    def __init__(self, folder):
        self.folder = folder
        self.dist = folder / "dist"
        (folder / "Sources/Release").mkdir(parents=True)
        shutil.copy(ROOT / "Sources/Release/Release.swift", folder / "Sources/Release")
        (folder / "script").mkdir()
        for name in ("archive", "image", "publish"):
            shutil.copy(SCRIPTS / name, folder / "script")
        for name, text in (("docker", DOCKER), ("gh", 'echo "gh $*" >>"$CALLS"'), ("uname", 'echo "$PROCESSOR"')):
            path = folder / "bin" / name
            path.parent.mkdir(exist_ok=True)
            path.write_text(f"#!/bin/bash\n{text}\n")
            path.chmod(0o755)

    def run(self, name, processor="x86_64", **environment):
        """The exit code, the output, and the calls of docker and gh."""
        calls = self.folder / "calls"
        calls.write_text("")
        path = f"{self.folder}/bin:{os.environ['PATH']}"
        done = subprocess.run(
            [self.folder / "script" / name], capture_output=True, text=True, timeout=60,
            env={"PATH": path, "CALLS": str(calls), "PROCESSOR": processor, **environment})  # fmt: skip
        return done.returncode, done.stdout + done.stderr, calls.read_text().splitlines()


@pytest.fixture
def copy(tmp_path):
    return Copy(tmp_path)


@pytest.mark.parametrize(
    ("machine", "processor"), [("x86_64", "amd64"), ("aarch64", "arm64"), ("arm64", "arm64")]
)
def test_an_archive_is_named_after_release_and_processor_and_has_a_checksum(copy, machine, processor):
    code, output, calls = copy.run("archive", machine)
    assert code == 0, output
    name = f"bungalow-{RELEASE}-linux-{processor}.tar.gz"
    assert {path.name for path in copy.dist.iterdir()} == {name, f"{name}.sha256"}
    digest = hashlib.sha256((copy.dist / name).read_bytes()).hexdigest()
    assert (copy.dist / f"{name}.sha256").read_text() == f"{digest}  {name}\n"
    assert [call.split()[1] for call in calls] == ["info", "build", "save"]
    assert f"--tag bungalow:{RELEASE}" in calls[1] and calls[2] == f"docker save bungalow:{RELEASE}"


def test_a_tag_other_than_the_release_or_another_processor_produces_nothing(copy):
    code, output, calls = copy.run("archive", **{**PUBLISHING, "GITHUB_REF_NAME": "v99.0.0"})
    assert (code, calls) == (65, []) and f"the tag v99.0.0 is not v{RELEASE}" in output
    code, output, calls = copy.run("archive", "riscv64")
    assert (code, calls) == (69, []) and "riscv64" in output
    assert copy.run("archive", **PUBLISHING)[0] == 0


def test_both_images_their_manifest_list_and_a_release_with_checksums_are_published(copy):
    for machine in ("x86_64", "aarch64"):
        assert copy.run("archive", machine)[0] == 0
    code, output, calls = copy.run("publish", **PUBLISHING)
    assert code == 0, output
    image = f"ghcr.io/some/bungalow:{RELEASE}"
    archives = [f"bungalow-{RELEASE}-linux-{each}.tar.gz" for each in ("amd64", "arm64")]
    # The token is passed on standard input, which no list of processes shows.
    assert calls[:2] == ["docker login ghcr.io --username octocat --password-stdin", "secret"]
    pushed = [call for call in calls if "push" in call or "imagetools" in call]
    assert pushed == [
        f"docker push {image}-amd64",
        f"docker push {image}-arm64",
        f"docker buildx imagetools create --tag {image} {image}-amd64 {image}-arm64",
    ]
    # Each image is loaded just before it is tagged, since both archives use the same name.
    assert [call.split()[1] for call in calls[2:8]] == ["load", "tag", "push"] * 2
    assert calls[-1].startswith(f"gh release create v{RELEASE} ")
    assert calls[-1].endswith(f"{' '.join(archives)} SHA256SUMS")
    sums = (copy.dist / "SHA256SUMS").read_text()
    assert [line.split()[1] for line in sums.splitlines()] == archives


@pytest.mark.parametrize("damage", ["changed", "missing", "no token"])
def test_nothing_incomplete_is_published(copy, damage):
    for machine in ("x86_64", "aarch64"):
        assert copy.run("archive", machine)[0] == 0
    archive = copy.dist / f"bungalow-{RELEASE}-linux-arm64.tar.gz"
    environment = dict(PUBLISHING)
    if damage == "changed":
        archive.write_bytes(archive.read_bytes() + b"x")
    elif damage == "missing":
        archive.unlink()
    else:
        del environment["GITHUB_TOKEN"]
    code, output, calls = copy.run("publish", **environment)
    assert code != 0 and calls == [], output
