"""Reads the servers' counters: from each replica's /metrics, or from Redis' INFO."""

import http.client
import json
import shutil
import socket
import subprocess
import urllib.error
import urllib.parse
import urllib.request
from datetime import UTC, datetime

import redis_protocol
from metrics import Metrics
from settings import SettingsError, check_address

TIMEOUT_SECONDS = 5
POD_SELECTOR = "app.kubernetes.io/name=bungalow"
LOOK_UPS = ("hit", "miss", "bypass")


class CountersError(Exception):
    """One line for people: what could not be read, and what to do."""


def timestamp(moment=None):
    """RFC 3339, UTC, with milliseconds."""
    moment = moment or datetime.now(UTC)
    return moment.strftime("%Y-%m-%dT%H:%M:%S.") + f"{moment.microsecond // 1000:03d}Z"


def fetch(url):
    try:
        with urllib.request.urlopen(url, timeout=TIMEOUT_SECONDS) as answer:
            return answer.read().decode()
    except (http.client.HTTPException, UnicodeDecodeError) as error:
        raise OSError(f"{url} does not speak HTTP: {error}") from None


def parse_metrics(text):
    """The instance and its counters; `refused` is the sum over all reasons."""
    metrics = Metrics(text)
    instance = next((each.labels["instance"] for each in metrics.select("bungalow_build_info")), None)
    if not instance:
        raise ValueError("there is no bungalow_build_info in the metrics")
    look_ups = {name: int(metrics.total("bungalow_cache_lookups_total", result=name)) for name in LOOK_UPS}
    refused = int(metrics.total("bungalow_rejected_requests_total"))
    process = {
        "cpu_seconds": next((each.value for each in metrics.select("process_cpu_seconds_total")), None),
        "resident_bytes": next((int(each.value) for each in metrics.select("process_resident_memory_bytes")), None),
    }
    return instance, {"time": timestamp(), **look_ups, "refused": refused, **process}


def parse_redis_information(text):
    """Redis' run id and look-ups, for servers that do not count their own."""
    values = redis_protocol.information(text)
    hits, misses = int(values["keyspace_hits"]), int(values["keyspace_misses"])
    return values["run_id"], {"time": timestamp(), "hit": hits, "miss": misses, "bypass": None, "refused": None}


def parse_evictions(text):
    """Redis' run id, and how many entries it has evicted since it started."""
    values = redis_protocol.information(text)
    return values["run_id"], int(values["evicted_keys"])


class Urls:
    """Replicas at known addresses."""

    name = "metrics"
    # Readings of each address at a time: several servers may share it, and only one of them responds to each reading.
    readings = 5

    def __init__(self, urls):
        self.urls = urls

    def read(self):
        """(url, text of the counters) of every replica that responds."""
        for url in self.urls:
            for _ in range(self.readings):
                try:
                    yield url, fetch(f"{url}/metrics")
                except OSError:
                    break

    parse = staticmethod(parse_metrics)


class Resolved(Urls):
    """Replicas under one name that resolves to all of them: a headless Service."""

    readings = 1

    def __init__(self, host, port):
        self.host, self.port = host, port

    @property
    def urls(self):
        try:
            found = socket.getaddrinfo(self.host, self.port, type=socket.SOCK_STREAM)
        except OSError:
            return []
        addresses = sorted({entry[4][0] for entry in found})
        return [f"http://[{each}]:{self.port}" if ":" in each else f"http://{each}:{self.port}" for each in addresses]


class Pods:
    """Replicas of a namespace, read through kubectl's connection to the API server."""

    name = "metrics"
    parse = staticmethod(parse_metrics)

    def __init__(self, namespace):
        if not namespace:
            raise SettingsError("REPLICAS=kubectl: is not allowed: use kubectl:NAMESPACE")
        if not shutil.which("kubectl"):
            raise SettingsError("REPLICAS=kubectl:… needs kubectl in PATH")
        self.namespace = namespace

    def kubectl(self, *words):
        done = subprocess.run(
            ["kubectl", "--namespace", self.namespace, *words], capture_output=True, text=True, timeout=30
        )
        if done.returncode != 0:
            raise OSError(done.stderr.strip())
        return done.stdout

    def read(self):
        try:
            pods = json.loads(self.kubectl("get", "pods", "--selector", POD_SELECTOR, "--output", "json"))["items"]
        except OSError as error:
            raise CountersError(f"kubectl lists no pods in {self.namespace}: {error}") from None
        for pod in pods:
            path = f"/api/v1/namespaces/{self.namespace}/pods/{pod['metadata']['name']}:8000/proxy/metrics"
            try:
                yield pod["metadata"]["name"], self.kubectl("get", "--raw", path)
            except OSError:
                continue


def primaries(text):
    """The addresses of a cluster's primaries that own slots, from the reply to CLUSTER NODES."""
    found = []
    for line in text.splitlines():
        _, address, flags, *rest = line.split()
        host, _, port = address.partition("@")[0].rpartition(":")
        if "master" in flags.split(",") and len(rest) > 5:
            found.append((host, int(port)))
    return found


class RedisInformation:
    """Redis' own counters; of a cluster, those of each primary. If there is a password, it is sent first."""

    name = "redis"
    parse = staticmethod(parse_redis_information)

    def __init__(self, name, url):
        parts = check_address(name, url, ("redis",))
        self.address = parts.hostname, parts.port or 6379
        self.url = f"redis://{self.address[0]}:{self.address[1]}"
        words = [urllib.parse.unquote(word) for word in (parts.username, parts.password) if word]
        self.authentication = [("AUTH", *words)] if parts.password else []

    def ask(self, address, *words):
        """The text of a node's reply; None if it does not respond or refuses."""
        try:
            reply = redis_protocol.ask(*address, *self.authentication, words, seconds=TIMEOUT_SECONDS)
        except (OSError, ValueError):
            return None
        return reply.decode() if isinstance(reply, bytes) else None

    def read(self):
        text = self.ask(self.address, "INFO", "everything")
        if text is None:
            return
        if redis_protocol.information(text).get("cluster_enabled") != "1":
            yield self.url, text
            return
        # A node that does not respond is left out. Its look-ups are then missing in the sum, so the run is void.
        for host, port in primaries(self.ask(self.address, "CLUSTER", "NODES") or ""):
            address = host or self.address[0], port
            if (text := self.ask(address, "INFO", "everything")) is not None:
                yield f"redis://{address[0]}:{port}", text

    def evictions(self):
        """The run ids and the number of evicted entries so far; None if Redis does not report them."""
        try:
            nodes = dict(parse_evictions(text) for _, text in self.read())
        except (ValueError, KeyError):
            return None
        return (",".join(sorted(nodes)), sum(nodes.values())) if nodes else None


def redis_of(settings):
    """The Redis whose evictions are read; None if none was configured."""
    if settings.cache_url:
        return RedisInformation("CACHE_URL", settings.cache_url)
    if settings.replicas.startswith("redis://"):
        return RedisInformation("REPLICAS", settings.replicas)
    return None


def source(replicas, target):
    """The source of counters that REPLICAS names; without REPLICAS, the target itself."""
    if replicas == "none":
        return Urls([])
    if replicas.startswith("redis://"):
        return RedisInformation("REPLICAS", replicas)
    if replicas.startswith("kubectl:"):
        return Pods(replicas.partition(":")[2])
    if replicas.startswith("dns:"):
        host, _, port = replicas.removeprefix("dns:").rpartition(":")
        if not host or not port.isdigit():
            raise SettingsError(f"REPLICAS={replicas} is not allowed: use dns:HOST:PORT")
        return Resolved(host, int(port))
    urls = [url.strip().rstrip("/") for url in (replicas or target).split(",")]
    for url in urls:
        check_address("REPLICAS" if replicas else "TARGET", url)
    return Urls(urls)
