"""/metrics as Prometheus' own tools read it."""

import json
import subprocess
import time
import urllib.parse
import urllib.request

import pytest
from prometheus_client.openmetrics.parser import text_string_to_metric_families as open_metrics
from prometheus_client.parser import text_string_to_metric_families as text_format

from testkit.processes import free_port
from testkit.server import HOUSE

SECONDS = 60
OPEN_METRICS = "application/openmetrics-text; version=1.0.0"
# A trace that its caller records, and one that it does not.
SAMPLED, UNSAMPLED = "0af7651916cd43dd8448eb211c80319c", "4bf92f3577b34da6a3ce929d0e0e4736"


@pytest.fixture(scope="module")
def used(start):
    """A server that has responded to requests of several kinds."""
    server = start()
    for path, body in [("/predict", HOUSE), ("/predict", b"[]"), ("/test", None), ("/nowhere", None), ("/", None)]:
        server.ask(path, body)
    return server


# proves: C4.3
@pytest.mark.parametrize("which", ["server", "used"], ids=["a fresh server", "a used server"])
def test_promtool_reports_nothing(request, which):
    _, headers, text = request.getfixturevalue(which).ask("/metrics")
    assert headers["Content-Type"] == "text/plain; version=0.0.4; charset=utf-8"
    done = subprocess.run(["promtool", "check", "metrics"], input=text, capture_output=True)
    assert (done.returncode, done.stdout + done.stderr) == (0, b"")


def traced(trace, flags):
    return {"traceparent": f"00-{trace}-b7ad6b7169203331-{flags}"}


@pytest.fixture(scope="module")
def followed(start):
    """A server whose last requests were traced: the first one's trace is recorded, the second one's is not."""
    server = start(EVENT_LOOPS="2")
    server.began = time.time()
    for trace, flags in ((SAMPLED, "01"), (UNSAMPLED, "00")):
        assert server.ask("/predict", HOUSE, headers=traced(trace, flags))[0] == 200
    return server


# proves: C6.16, C6.17
def test_open_metrics_is_sent_on_request_and_has_the_same_samples(followed):
    status, headers, text = followed.ask("/metrics", headers={"Accept": OPEN_METRICS})
    assert (status, headers["Content-Type"]) == (200, f"{OPEN_METRICS}; charset=utf-8")
    # The parser of the Python client rejects what the specification forbids: no `# EOF`, a counter without `_total` …
    families = list(open_metrics(text.decode()))
    assert text.endswith(b"\n# EOF\n")
    _, headers, plain = followed.ask("/metrics", headers={"Accept": "*/*"})
    assert headers["Content-Type"] == "text/plain; version=0.0.4; charset=utf-8" and b" # {" not in plain

    def samples(families):
        # The values of the process, and the counts of the two scrapes themselves, differ between the two.
        return {
            (sample.name, tuple(sorted(sample.labels.items()))): sample.value
            for family in families
            for sample in family.samples
            if not sample.name.startswith("process_") and sample.labels.get("route") != "/metrics"
        }

    assert samples(families) == samples(text_format(plain.decode()))
    assert {family.name: family.type for family in families}["bungalow_requests"] == "counter"


# proves: C6.17
def test_exemplars_have_the_last_recorded_trace_of_a_bucket_and_no_other(followed):
    _, _, text = followed.ask("/metrics", headers={"Accept": OPEN_METRICS})
    read = time.time()
    found = {}
    for family in open_metrics(text.decode()):
        for sample in family.samples:
            if sample.exemplar:
                found.setdefault(sample.name, []).append((sample, sample.exemplar))
    names = ("request_duration_seconds", "scoring_duration_seconds", "batch_records")
    assert found.keys() == {f"bungalow_{name}_bucket" for name in names}
    for ((sample, exemplar),) in found.values():
        assert exemplar.labels == {"trace_id": SAMPLED}
        assert exemplar.value <= float(sample.labels["le"]) and sample.value >= 1
        # The server's clock stands still within a tick.
        assert followed.began - 1 < float(exemplar.timestamp) < read + 1
    ((sample, exemplar),) = found["bungalow_batch_records_bucket"]
    assert (sample.labels["le"], exemplar.value) == ("1.0", 1)


class Prometheus:
    """A Prometheus of its own, which scrapes one server every second."""

    def __init__(self, folder, target, *more_flags):
        address = f"127.0.0.1:{free_port()}"
        configuration = {
            "global": {"scrape_interval": "1s"},
            "scrape_configs": [{"job_name": "bungalow", "static_configs": [{"targets": [target]}]}],
        }
        # JSON is YAML.
        (folder / "prometheus.yml").write_text(json.dumps(configuration))
        flags = [f"--config.file={folder}/prometheus.yml", f"--storage.tsdb.path={folder}/data", *more_flags]
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


# proves: C6.17
def test_a_real_prometheus_keeps_the_exemplars(followed, tmp_path):
    prometheus = Prometheus(tmp_path, followed.url.removeprefix("http://"), "--enable-feature=exemplar-storage")
    try:
        prometheus.wait('up{job="bungalow"} == 1')
        begin, query = time.time() - 600, 'bungalow_request_duration_seconds_bucket{route="/predict"}'
        asked = urllib.parse.urlencode({"query": query, "start": begin, "end": time.time() + 600})
        (series,) = prometheus.ask(f"query_exemplars?{asked}")
        assert series["seriesLabels"]["route"] == "/predict"
        assert [each["labels"] for each in series["exemplars"]] == [{"trace_id": SAMPLED}]
        # Scraped again and again, it stays one.
        before = prometheus.wait('scrape_samples_scraped{job="bungalow"}')
        assert before[0][1] > 100
        (target,) = prometheus.ask("targets")["activeTargets"]
        assert (target["health"], target["lastError"]) == ("up", "")
    finally:
        prometheus.process.terminate()
        prometheus.process.wait(timeout=30)
