"""Facts about the machine and the software of a run; nothing that identifies the machine."""
import os
import platform
import re
from datetime import UTC, datetime

from testkit.processes import ROOT

from .failure import Failure
from .frameworks import FRAMEWORK_PEERS
from .peers import nginx
from .processes import run

FRAMEWORK_NAMES = [peer.name for peer in FRAMEWORK_PEERS]
# Software that does not report its version, by Debian package.
PACKAGES = {
    "wrk": "wrk", "fasthttp": "golang-github-valyala-fasthttp-dev", "fastjson": "golang-github-valyala-fastjson-dev",
    "redigo": "golang-github-gomodule-redigo-dev", "lua-nginx-module": "libnginx-mod-http-lua",
    "lua-nginx-redis": "lua-nginx-redis", "lua-cjson": "lua-cjson", "hyper": "librust-hyper-dev",
    "tokio": "librust-tokio-dev", "serde_json": "librust-serde-json-dev", "mimalloc": "libmimalloc-dev",
}


def facts():
    return {**where(), "versions": versions()}


def where():
    """When, from which commit and on what machine."""
    return {
        "date": datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
        **source(),
        "machine": {"cores": os.cpu_count(), "cpu": cpu_model(), "system": f"{platform.system()} {platform.machine()}"},
    }


def source():
    """The measured commit; null if the sources came without git."""
    try:
        commit = run("git", ["git", "rev-parse", "HEAD"], 30, cwd=ROOT).strip()
        status = run("git", ["git", "status", "--porcelain", "--untracked-files=no"], 30, cwd=ROOT)
    except Failure:
        return {"commit": None, "uncommitted_changes": None}
    changed = [line for line in status.splitlines() if "Benchmarks/results/" not in line]
    return {"commit": commit, "uncommitted_changes": bool(changed)}


def cpu_model():
    with open("/proc/cpuinfo", encoding="utf-8") as file:
        return next((line.split(":", 1)[1].strip() for line in file if line.startswith("model name")), "unknown")


def versions():
    commands = {
        "swift": ["swift", "--version"], "go": ["go", "version"], "nginx": [nginx(), "-v"],
        "gcc": ["gcc", "--version"], "rustc": ["rustc", "--version"], "redis": ["redis-server", "--version"],
        "h2load": ["h2load", "--version"],
    }
    found = {name: first_version(run(name, command, 60)) for name, command in commands.items()}
    found |= {name: package_version(package) for name, package in PACKAGES.items()}
    pinned = pins(ROOT / "Benchmarks/peers/fastapi/requirements.txt")
    names = ("fastapi", "pydantic", "uvicorn", "redis", "scikit-learn")
    found |= {f"python-{name}": pinned[name] for name in names}
    for name in FRAMEWORK_NAMES:
        found[f"python-{name}"] = pins(ROOT / f"Benchmarks/peers/frameworks/{name}/requirements.txt")[name]
    return {**found, "python": platform.python_version()}


def pins(requirements):
    return dict(re.findall(r"^([a-z0-9-]+)==(\S+)", requirements.read_text(), re.MULTILINE))


def first_version(text):
    match = re.search(r"\d+\.\d+(\.\d+)*", text)
    return match[0] if match else "unknown"


def package_version(package):
    """The version of a Debian package; null if it came from elsewhere."""
    try:
        return run("dpkg-query", ["dpkg-query", "--show", "--showformat=${Version}", package], 30)
    except Failure:
        return None
