"""All dependencies of the build and the tests are pinned exactly, so that no other version gets in unnoticed."""

import re

from testkit.processes import ROOT

FRAMEWORKS = ("bentoml", "litserve", "mlserver", "mosec", "ray")


# proves: T44
def test_every_swift_package_is_pinned_to_one_version_and_uses_https():
    packages = re.findall(r"\.package\(([^)]*)\)", (ROOT / "Package.swift").read_text())
    assert len(packages) > 5
    for package in packages:
        assert re.fullmatch(r'url: "https://github\.com/[\w./-]+", exact: "\d+\.\d+\.\d+"', package), package


# proves: T44
def test_every_python_package_is_pinned_to_one_version_with_hashes():
    files = [file for file in ROOT.rglob("requirements*.txt")
             if not any(part.startswith((".venv", ".build")) for part in file.relative_to(ROOT).parts)]
    names = {str(file.relative_to(ROOT)) for file in files}
    frameworks = {f"Benchmarks/peers/frameworks/{name}/requirements.txt" for name in FRAMEWORKS}
    environments = {f"requirements{part}.txt" for part in ("", "-kubernetes", "-notebooks", "-jupyterlab")}
    peers = {"Benchmarks/peers/fastapi/requirements.txt", *frameworks}
    assert names == environments | peers
    for file in files:
        text = re.sub(r"\\\n", " ", file.read_text())
        for line in text.splitlines():
            if line.strip() and not line.strip().startswith("#"):
                assert re.match(r"\S+==\S+( ;.*?)?\s+--hash=sha256:[0-9a-f]{64}", line), f"{file}: {line}"


# proves: T44
def test_python_packages_without_a_known_hash_are_not_installed():
    installs = [line for file in (ROOT / "script").iterdir()
                for line in file.read_text().replace("\\\n", " ").splitlines() if "pip\" install" in line]
    assert installs and all("--require-hashes" in line for line in installs)
