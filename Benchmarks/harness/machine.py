"""Facts about where and with what a run was made; nothing that names the machine."""
import os
import platform
import re
from datetime import UTC, datetime

from testkit.processes import ROOT

from .failure import Failure
from .peers import nginx
from .processes import run

# What does not tell its version itself, by its Debian package.
PACKAGES = {
    "wrk": "wrk", "fasthttp": "golang-github-valyala-fasthttp-dev", "fastjson": "golang-github-valyala-fastjson-dev",
    "redigo": "golang-github-gomodule-redigo-dev", "lua-nginx-module": "libnginx-mod-http-lua",
    "lua-nginx-redis": "lua-nginx-redis", "lua-cjson": "lua-cjson",
}


def facts():
    return {
        "date": datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
        **source(),
        "machine": {"cores": os.cpu_count(), "cpu": cpu_model(), "system": f"{platform.system()} {platform.machine()}"},
        "versions": versions(),
    }


def source():
    """The commit that is measured; null where the sources came without git."""
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
        "gcc": ["gcc", "--version"], "redis": ["redis-server", "--version"], "h2load": ["h2load", "--version"],
    }
    found = {name: first_version(run(name, command, 60)) for name, command in commands.items()}
    found |= {name: package_version(package) for name, package in PACKAGES.items()}
    requirements = (ROOT / "Benchmarks/peers/fastapi/requirements.txt").read_text()
    pinned = dict(re.findall(r"^([a-z0-9-]+)==(\S+)", requirements, re.MULTILINE))
    names = ("fastapi", "pydantic", "uvicorn", "redis", "scikit-learn")
    return {**found, "python": platform.python_version(), **{f"python-{name}": pinned[name] for name in names}}


def first_version(text):
    match = re.search(r"\d+\.\d+(\.\d+)*", text)
    return match[0] if match else "unknown"


def package_version(package):
    """The version of a Debian package, null where it came from elsewhere."""
    try:
        return run("dpkg-query", ["dpkg-query", "--show", "--showformat=${Version}", package], 30)
    except Failure:
        return None
