"""A running peer: one at a time, on its own core."""
import http.client
import itertools
import tempfile
import time
from contextlib import contextmanager
from pathlib import Path

from loadtest.metrics import Metrics
from testkit.processes import free_port

from .failure import Failure
from .peers import Setting
from .processes import Child, until

# The server has the first core to itself; everything that loads it shares the second.
SERVER_CORE, LOAD_CORE, BOTH_CORES = "0", "1", "0,1"
# Ray Serve takes half a minute on a busy machine.
READY_SECONDS = 120
# A server that uses less than this share of its core during this time is idle.
IDLE_SECONDS, IDLE_SHARE = 0.2, 0.1
# A server that polls its queues is never idle.
POLLING_SECONDS = 1


def scratch_folder():
    """In memory if there is such a file system: the disk of the log is not measured."""
    memory = Path("/dev/shm")
    return tempfile.TemporaryDirectory(prefix="bungalow-bench-", dir=memory if memory.is_dir() else None)


class Server:
    def __init__(self, peer, child, port, started):
        self.peer = peer
        self.child = child
        self.port = port
        self.started = started

    def send(self, method, path, body=None):
        """Status, headers and body of one request on a connection of its own."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=10)
        try:
            connection.request(method, path, body, {"Content-Type": "application/json"})
            answer = connection.getresponse()
            return answer.status, answer.headers, answer.read()
        finally:
            connection.close()

    def is_ready(self):
        self.child.require_running()
        try:
            return self.send("GET", self.peer.ready_path)[0] == 200
        except (OSError, http.client.HTTPException):
            return False

    def warm(self, body, redis=None):
        """Repeats a request until it is a hit; returns the number of requests."""
        asked = itertools.count()
        if self.peer.scores:
            hits = lambda: next(asked) >= 0 and self.score(body, redis)[0] == "HIT"  # noqa: E731
            until(f"{self.peer.name}'s X-Cache: HIT", hits, 10)
        return next(asked)

    def score(self, body, redis=None):
        """The result of the look-up, and the response, for a batch that must get a 200."""
        status, cache, answer = self.ask(body, redis)
        if status != 200:
            raise Failure(f"{self.peer.name} returned {status} for a valid batch: {answer[:200]!r}")
        return cache, answer

    def ask(self, body, redis=None):
        """The status, the look-up's result (by Redis' counters if the server does not send it), and the response."""
        before = redis.look_ups() if redis and not self.peer.says_cache else None
        status, headers, answer = self.send("POST", "/predict", body)
        return status, headers["X-Cache"] if before is None else looked_up(before, redis.look_ups()), answer

    def look_ups(self):
        """Hits, misses and bypasses, as Bungalow itself counts them."""
        return parse_look_ups(self.send("GET", "/metrics")[2].decode())

    def settle(self):
        """Waits until a load's remaining requests are done, so that their cost does not count for the next load."""
        if self.peer.polls:
            time.sleep(POLLING_SECONDS)
        else:
            until(f"{self.peer.name} to be idle", self._is_idle, 60)

    def _is_idle(self):
        before = self.child.cpu_seconds()
        time.sleep(IDLE_SECONDS)
        return self.child.cpu_seconds() - before < IDLE_SHARE * IDLE_SECONDS

    def logged_calls(self, status):
        return count_calls(self.child.stdout, status)


def looked_up(before, after):
    """The result of one request's look-up, by Redis' counters of hits and misses."""
    return {(1, 0): "HIT", (0, 1): "MISS"}.get((after[0] - before[0], after[1] - before[1]), "BYPASS")


def count_calls(log, status):
    """The number of logged requests with this status, in the format that all peers write."""
    call = f'"POST /predict HTTP/1.1" {status} '.encode()
    with open(log, "rb") as lines:
        return sum(call in line for line in lines)


def parse_look_ups(metrics):
    scrape = Metrics(metrics)
    return tuple(int(scrape.total("bungalow_cache_lookups_total", result=name)) for name in ("hit", "miss", "bypass"))


@contextmanager
def serving(peer, redis_port, loops=1, cache="redis"):
    """Starts a peer and ends it; `started` is the time until the first 200 on /readyz, in seconds."""
    with scratch_folder() as folder:
        setting = Setting(free_port(), redis_port, loops, Path(folder), cache)
        cores = SERVER_CORE if loops == 1 else BOTH_CORES
        command, environment = peer.command(setting), peer.environment(setting)
        begin = time.monotonic()
        with Child(peer.name, command, cores, environment, setting.folder) as child:
            server = Server(peer, child, setting.port, None)
            until(f"{peer.name}'s 200 on {peer.ready_path}", server.is_ready, READY_SECONDS, pause=0.001)
            server.started = time.monotonic() - begin
            yield server
