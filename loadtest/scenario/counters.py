"""What the servers counted: raw samples of each replica's counters, first and last, and which replicas there were."""

import json
import re
import shutil
import socket
import subprocess
import threading
import urllib.error
import urllib.parse
import urllib.request
from dataclasses import dataclass, field
from datetime import datetime, timezone

TIMEOUT_SECONDS = 5
POD_SELECTOR = "app.kubernetes.io/name=bungalow"
SERIES = re.compile(r'^(bungalow_\w+?)\{(?:result|reason)="(\w+)"\} (\d+)', re.MULTILINE)
INSTANCE = re.compile(r'^bungalow_build_info\{.*instance="([^"]+)"', re.MULTILINE)


class CountersError(Exception):
    """One line for a person: what could not be read, and what to do."""


def timestamp(moment=None):
    """RFC 3339, UTC, with milliseconds."""
    moment = moment or datetime.now(timezone.utc)
    return moment.strftime("%Y-%m-%dT%H:%M:%S.") + f"{moment.microsecond // 1000:03d}Z"


def fetch(url):
    with urllib.request.urlopen(url, timeout=TIMEOUT_SECONDS) as answer:
        return answer.read().decode()


def parse_metrics(text):
    """The instance and its counters; refusals are the sum over their reasons."""
    instance = INSTANCE.search(text)
    if not instance:
        raise ValueError("there is no bungalow_build_info in the metrics")
    sample = {"time": timestamp(), "hit": 0, "miss": 0, "bypass": 0, "refused": 0}
    for name, label, value in SERIES.findall(text):
        if name == "bungalow_cache_lookups_total":
            sample[label] = int(value)
        elif name == "bungalow_rejected_requests_total":
            sample["refused"] += int(value)
    return instance[1], sample


def parse_redis_information(text):
    """Redis' run id and look-ups, for servers that count none themselves."""
    values = dict(line.split(":", 1) for line in text.splitlines() if ":" in line)
    hits, misses = int(values["keyspace_hits"]), int(values["keyspace_misses"])
    return values["run_id"], {"time": timestamp(), "hit": hits, "miss": misses, "bypass": None, "refused": None}


class Urls:
    """Replicas at known addresses."""

    name = "metrics"

    def __init__(self, urls):
        self.urls = urls

    def read(self):
        """(url, text of the counters) of every replica that answers."""
        for url in self.urls:
            try:
                yield url, fetch(f"{url}/metrics")
            except OSError:
                continue

    parse = staticmethod(parse_metrics)


class Resolved(Urls):
    """Replicas behind a name that resolves to all of them: a headless Service."""

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
        if not shutil.which("kubectl"):
            raise CountersError("REPLICAS=kubectl:… needs kubectl in PATH")
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


class RedisInformation:
    name = "redis"
    parse = staticmethod(parse_redis_information)

    def __init__(self, url):
        parts = urllib.parse.urlsplit(url)
        self.address = parts.hostname, parts.port or 6379
        self.url = f"redis://{self.address[0]}:{self.address[1]}"

    def read(self):
        try:
            with socket.create_connection(self.address, TIMEOUT_SECONDS) as connection:
                connection.sendall(b"*2\r\n$4\r\nINFO\r\n$10\r\neverything\r\n")
                with connection.makefile("rb") as replies:
                    head = replies.readline().decode()
                    if head[:1] == "$":
                        yield self.url, replies.read(int(head[1:])).decode()
        except OSError:
            return


def source(replicas, target):
    """The counters' source that REPLICAS names; without it the target itself."""
    if replicas == "none":
        return Urls([])
    if replicas.startswith("redis://"):
        return RedisInformation(replicas)
    if replicas.startswith("kubectl:"):
        return Pods(replicas.partition(":")[2])
    if replicas.startswith("dns:"):
        host, _, port = replicas.removeprefix("dns:").rpartition(":")
        if not host or not port.isdigit():
            raise CountersError(f"REPLICAS={replicas} is not allowed: use dns:HOST:PORT")
        return Resolved(host, int(port))
    return Urls([url.rstrip("/") for url in (replicas or target).split(",")])


@dataclass
class Replica:
    instance: str
    url: str
    first: dict | None
    last: dict | None = None

    def delta(self, name):
        """Last minus first; a replica that was not there at the start began with zero."""
        if self.last is None or self.last[name] is None:
            return None
        return self.last[name] - (self.first[name] if self.first else 0)


@dataclass
class Census:
    """All replicas that were seen from the start of a run to its end, by instance."""

    source: object
    replicas: dict = field(default_factory=dict)
    stopped: threading.Event = field(default_factory=threading.Event)
    watcher: threading.Thread | None = None

    def samples(self):
        for url, text in self.source.read():
            try:
                instance, sample = self.source.parse(text)
            except (ValueError, KeyError):
                continue
            yield instance, url, sample

    def begin(self):
        for instance, url, sample in self.samples():
            self.replicas[instance] = Replica(instance, url, sample)

    def look(self):
        """Notes replicas that came since the start."""
        for instance, url, _ in self.samples():
            self.replicas.setdefault(instance, Replica(instance, url, None))

    def watch(self, seconds=5):
        """Looks around until `end`, so that a replica that comes and goes within the run is noticed."""

        def loop():
            while not self.stopped.wait(seconds):
                try:
                    self.look()
                except (CountersError, OSError):
                    continue

        self.watcher = threading.Thread(target=loop, daemon=True)
        self.watcher.start()

    def end(self):
        self.stopped.set()
        if self.watcher:
            self.watcher.join()
        for instance, url, sample in self.samples():
            self.replicas.setdefault(instance, Replica(instance, url, None)).last = sample

    def vanished(self):
        return [replica for replica in self.replicas.values() if replica.last is None]

    def total(self, name):
        """The sum of all replicas' differences; None where one of them does not count this."""
        deltas = [replica.delta(name) for replica in self.replicas.values() if replica.last is not None]
        return None if None in deltas else sum(deltas)

    def rows(self):
        """As they stand in run.schema.json."""
        names = {"hits": "hit", "misses": "miss", "bypasses": "bypass", "refused": "refused"}
        return [
            {"instance": replica.instance, "url": replica.url, "first": replica.first, "last": replica.last}
            | {key: replica.delta(name) for key, name in names.items()}
            for replica in self.replicas.values()
        ]


def version(target):
    """The target's answer to GET /version; None where it has none."""
    try:
        answer = json.loads(fetch(f"{target}/version"))
        return answer if isinstance(answer, dict) else None
    except (OSError, ValueError):
        return None
