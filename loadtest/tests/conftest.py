"""What the tests share: real servers with a real Redis, and real k6 and Locust to run against them."""

import json
import os
import signal
import subprocess
import sys

import jsonschema
import pytest

from testkit.processes import ROOT
from testkit.redis import RedisServer
from testkit.server import Server, built_server, servers

LOADTEST = ROOT / "loadtest"
SCHEMA = json.loads((LOADTEST / "run.schema.json").read_text())
DEADLINE_SECONDS = 60

# The parent may have set SIGINT to be ignored, as shells do for background jobs. Every program started here would
# inherit that.
signal.signal(signal.SIGINT, signal.default_int_handler)


class MeasuredServer(Server):
    """A server whose look-ups are counted."""

    def look_ups(self):
        return self.metrics().total("bungalow_cache_lookups_total")


@pytest.fixture(scope="session")
def binary():
    return built_server()


@pytest.fixture(scope="session")
def redis(tmp_path_factory):
    with RedisServer(tmp_path_factory.mktemp("redis")) as redis:
        yield redis


@pytest.fixture(scope="session")
def start(redis):
    """Starts servers with that Redis, and ends those that still run."""
    with servers({"CACHE_URL": redis.url, "DRAIN_DELAY_SECONDS": "0"}, MeasuredServer) as start:
        yield start


@pytest.fixture(scope="session")
def server(start):
    return start()


class Tool:
    """A running tool: its exit code, its output, and the file of its run."""

    def __init__(self, command, folder, environment):
        self.folder = folder
        # These tests ignore how busy the machine is; the one test that is about it sets its own limit.
        known = {
            "PATH": os.environ["PATH"],
            "HOME": str(folder),
            "RESULTS": str(folder),
            "NAME": "run",
            "CPU_LIMIT": "1000",
        }
        self.process = subprocess.Popen(
            command,
            env={**known, **environment},
            cwd=folder,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )

    def finish_without_file(self):
        self.said, _ = self.process.communicate(timeout=DEADLINE_SECONDS)
        self.code = self.process.returncode
        return self

    def finish(self):
        self.finish_without_file()
        path = self.folder / "run.run.json"
        self.entry = json.loads(path.read_text()) if path.exists() else None
        if self.entry:
            jsonschema.validate(self.entry, SCHEMA)
            self.codes = {reason["code"] for reason in self.entry["reasons"]}
        return self

    def proven(self, calls, hot):
        """Asserts the whole proof: the plan, the responses and the counters agree to the request."""
        assert self.code == 0, self.said
        entry, warm = self.entry, self.entry["warm_up"]
        assert (entry["verdict"], entry["reasons"]) == ("PROVEN", [])
        assert entry["planned"] == {"calls": calls, "hot": hot}
        assert entry["seen"] == {
            "hit": hot,
            "miss": calls - hot,
            "bypass": 0,
            "refused": 0,
            "errors": 0,
            "timeouts": 0,
            "hot_missed": 0,
            "cold_hit": 0,
        }
        assert sum(row["hits"] for row in entry["counters"]) == hot + warm["hit"]
        assert sum(row["misses"] for row in entry["counters"]) == calls - hot + warm["miss"]


@pytest.fixture
def tool(tmp_path):
    """Starts tools, and ends those that still run: their load would show in the next test's counters."""
    tools = []

    def begin(command, environment):
        tools.append(Tool(command, tmp_path, environment))
        return tools[-1]

    yield begin
    for each in tools:
        if each.process.poll() is None:
            each.process.kill()
            each.process.wait()


@pytest.fixture
def k6(tool):
    def begin(target, **environment):
        return tool([sys.executable, "-B", LOADTEST / "k6_run.py"], {"TARGET": target, **environment})

    return begin


@pytest.fixture
def locust(tool):
    def begin(target, *options, **environment):
        locustfile = LOADTEST / "locustfile.py"
        command = [sys.executable, "-B", "-m", "locust", "-f", locustfile, "--only-summary", *options]
        return tool(command, {"TARGET": target, "THINK_TIME_MS": "5", **environment})

    return begin
