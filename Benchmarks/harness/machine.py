"""Facts about where and with what a run was made; nothing that names the machine."""
import os
import platform
import re
from datetime import datetime, timezone

from .peers import ROOT, nginx
from .processes import run


def facts():
    status = run("git", ["git", "status", "--porcelain", "--untracked-files=no"], 30, cwd=ROOT)
    changed = [line for line in status.splitlines() if not line.endswith("Benchmarks/results/latest.json")]
    return {
        "date": datetime.now(timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ"),
        "commit": run("git", ["git", "rev-parse", "HEAD"], 30, cwd=ROOT).strip(),
        "uncommitted_changes": bool(changed),
        "machine": {"cores": os.cpu_count(), "cpu": cpu_model(), "system": f"{platform.system()} {platform.machine()}"},
        "versions": versions(),
    }


def cpu_model():
    with open("/proc/cpuinfo", encoding="utf-8") as file:
        return next((line.split(":", 1)[1].strip() for line in file if line.startswith("model name")), "unknown")


def versions():
    commands = {
        "swift": ["swift", "--version"], "go": ["go", "version"], "nginx": [nginx(), "-v"],
        "gcc": ["gcc", "--version"], "redis": ["redis-server", "--version"], "h2load": ["h2load", "--version"],
    }
    found = {name: first_version(run(name, command, 60)) for name, command in commands.items()}
    requirements = (ROOT / "Benchmarks/peers/fastapi/requirements.txt").read_text()
    pinned = dict(re.findall(r"^([a-z0-9-]+)==(\S+)", requirements, re.MULTILINE))
    names = ("fastapi", "pydantic", "uvicorn", "redis", "scikit-learn")
    return {**found, "python": platform.python_version(), **{f"python-{name}": pinned[name] for name in names}}


def first_version(text):
    match = re.search(r"\d+\.\d+(\.\d+)*", text)
    return match[0] if match else "unknown"
