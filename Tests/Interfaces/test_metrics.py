"""/metrics as Prometheus' own tools read it."""

import json
import subprocess
import time
import urllib.parse
import urllib.request

import pytest

from testkit.processes import free_port
from testkit.server import HOUSE

SECONDS = 60


@pytest.fixture(scope="module")
def used(start):
    """A server that has answered calls of several kinds."""
    server = start()
    for path, body in [("/predict", HOUSE), ("/predict", b"[]"), ("/test", None), ("/nowhere", None), ("/", None)]:
        server.ask(path, body)
    return server


# proves: C4.3
@pytest.mark.parametrize("which", ["server", "used"], ids=["a fresh server", "a used server"])
def test_promtool_finds_nothing_to_say(request, which):
    _, headers, text = request.getfixturevalue(which).ask("/metrics")
    assert headers["Content-Type"] == "text/plain; version=0.0.4; charset=utf-8"
    done = subprocess.run(["promtool", "check", "metrics"], input=text, capture_output=True)
    assert (done.returncode, done.stdout + done.stderr) == (0, b"")


class Prometheus:
    """A Prometheus of its own, which scrapes one server every second."""

    def __init__(self, folder, target):
        address = f"127.0.0.1:{free_port()}"
        configuration = {
            "global": {"scrape_interval": "1s"},
            "scrape_configs": [{"job_name": "bungalow", "static_configs": [{"targets": [target]}]}],
        }
        # JSON is YAML.
        (folder / "prometheus.yml").write_text(json.dumps(configuration))
        flags = [f"--config.file={folder}/prometheus.yml", f"--storage.tsdb.path={folder}/data"]
        self.url = f"http://{address}/api/v1/"
        with open(folder / "log", "wb") as log:
            self.process = subprocess.Popen(
                ["prometheus", *flags, f"--web.listen-address={address}"], stdout=log, stderr=log)
        self.log = folder / "log"

    def ask(self, path):
        try:
            with urllib.request.urlopen(self.url + path, timeout=30) as answer:
                return json.load(answer)["data"]
        except OSError:
            return None

    def values(self, query):
        """The values of a query, by their labels; empty until there are any."""
        answer = self.ask("query?query=" + urllib.parse.quote(query))
        return [(each["metric"], float(each["value"][1])) for each in answer["result"]] if answer else []

    def wait(self, query):
        end = time.monotonic() + SECONDS
        while not (found := self.values(query)):
            assert self.process.poll() is None and time.monotonic() < end, self.log.read_text()[-2000:]
        return found


# proves: C4.3
def test_a_real_prometheus_scrapes_it(used, tmp_path):
    prometheus = Prometheus(tmp_path, used.url.removeprefix("http://"))
    try:
        prometheus.wait('up{job="bungalow"} == 1')
        (target,) = prometheus.ask("targets")["activeTargets"]
        assert (target["health"], target["lastError"]) == ("up", "")
        ((_, refused),) = prometheus.wait('bungalow_requests_total{route="/predict",status="422"}')
        ((_, scored),) = prometheus.wait("bungalow_batch_records_count")
        assert (refused, scored) == (1, 2)
        ((build, one),) = prometheus.wait("bungalow_build_info")
        version = json.loads(used.call("/version")[1])
        # Prometheus' own label of that name is the target's address.
        assert one == 1 and build["exported_instance"] == version["instance"]
        quantile = 'histogram_quantile(0.5, bungalow_request_duration_seconds_bucket{route="/predict"})'
        ((_, median),) = prometheus.wait(quantile)
        assert 0 < median <= 10
    finally:
        prometheus.process.terminate()
        prometheus.process.wait(timeout=30)
