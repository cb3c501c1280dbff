"""Debian's haproxy with two replicas, each replaced twice while clients send without a pause: no request fails."""

import asyncio
import contextlib
import csv
import io
import os
import shutil
import signal
import subprocess
import threading
import time
import urllib.request

from check import Progress, Skip, expect, milliseconds
from load import BODIES, closed_loop

from testkit.processes import free_port, wait_until

CLIENTS = 16
CONFIGURATION = """
global
    maxconn 1000

defaults
    mode http
    timeout connect 2s
    timeout client 30s
    timeout server 30s
    # Nothing here may hide a failure: a request that a replica refuses, drops or resets must fail for the client.
    # So no request is retried (retries 0, and no retry-on) or sent to the other replica (no redispatch).
    retries 0
    no option redispatch

frontend clients
    bind 127.0.0.1:{front}
    default_backend replicas

backend replicas
    balance roundrobin
    # Connections to the replicas are kept, and shared by all clients: the hardest case for a replica that shuts down.
    option http-keep-alive
    http-reuse always
    option httpchk GET /readyz
    http-check expect status 200
    default-server check inter 200ms fall 1 rise 1
    server a 127.0.0.1:{a}
    server b 127.0.0.1:{b}

listen statistics
    bind 127.0.0.1:{statistics}
    stats enable
    stats uri /
"""


class Replicas:
    """The servers a and b, the log file of each, and their state in haproxy."""

    def __init__(self, settings):
        self._binary, self._folder = settings.binary, settings.folder
        self.ports = {name: free_port() for name in ("front", "statistics", "a", "b")}
        self._processes = {}

    def start(self, name):
        # The server's defaults, its drain delay included: what is tested here is what runs anywhere.
        environment = {**os.environ, "CACHE_URL": f"sqlite:{self._folder}/rolling.sqlite"}
        with open(self._folder / f"{name}.log", "ab") as log, open(self._folder / f"{name}.err", "ab") as errors:
            self._processes[name] = subprocess.Popen(
                [self._binary, "--port", str(self.ports[name])], env=environment, stdout=log, stderr=errors)

    def end(self, name):
        process = self._processes.pop(name)
        process.send_signal(signal.SIGTERM)
        code = process.wait(timeout=60)
        expect(code == 0, f"replica {name} ended with exit code {code}")

    def replace(self, name):
        self.end(name)
        self.start(name)
        self.wait_for(name)

    def wait_for(self, name):
        wait_until(lambda: self.is_up(name), f"haproxy reports replica {name} as up")

    def is_up(self, name):
        """Whether haproxy's statistics report it as up."""
        url = f"http://127.0.0.1:{self.ports['statistics']}/;csv"
        with contextlib.suppress(OSError), urllib.request.urlopen(url, timeout=5) as answer:
            rows = csv.DictReader(io.StringIO(answer.read().decode()))
            return any((row["# pxname"], row["svname"], row["status"]) == ("replicas", name, "UP") for row in rows)

    def kill(self):
        for process in self._processes.values():
            process.kill()
            process.wait()

    def logged(self):
        """The number of scored requests in all logs."""
        lines = (line for name in "ab" for line in (self._folder / f"{name}.log").read_bytes().splitlines())
        return sum(line.startswith(b"Prediction took ") for line in lines)


class Load(threading.Thread):
    """Clients that send requests until they are stopped."""

    def __init__(self, port):
        super().__init__(daemon=True)
        self._port, self.over, self._answers = port, threading.Event(), {}
        self.report = None

    def run(self):
        self.report = asyncio.run(self._call())

    def _call(self):
        return closed_loop(self._port, CLIENTS, 3600, is_over=self.over.is_set, judge=self._judge)

    def _judge(self, number, status, fields, body):
        if status != 200:
            return f"{status} {body[:200]!r}"
        if self._answers.setdefault(number % BODIES, body) != body:
            return f"another response than before: {body[:200]!r}"


@contextlib.contextmanager
def haproxy(folder, ports):
    program = shutil.which("haproxy", path=f"{os.environ['PATH']}:/usr/sbin")
    if not program:
        raise Skip("no haproxy")
    (folder / "haproxy.cfg").write_text(CONFIGURATION.format(**ports))
    with open(folder / "haproxy.err", "wb") as errors:
        process = subprocess.Popen([program, "-db", "-f", folder / "haproxy.cfg"], stdout=errors, stderr=errors)
    try:
        yield
    finally:
        process.terminate()
        process.wait()


def replace_all(settings, replicas):
    """Replaces each replica twice under load; returns the load's report."""
    load = Load(replicas.ports["front"])
    load.start()
    began = time.monotonic()
    for number in range(2):
        for name in "ab":
            Progress.show(f"replacement {2 * number + 'ab'.index(name) + 1} of 4")
            replicas.replace(name)
    rest = settings.duration(60, 30) - (time.monotonic() - began)
    load.over.wait(max(0, rest))
    load.over.set()
    load.join()
    return load.report


def check(settings):
    replicas = Replicas(settings)
    try:
        for name in "ab":
            replicas.start(name)
        with haproxy(settings.folder, replicas.ports):
            for name in "ab":
                replicas.wait_for(name)
            report = replace_all(settings, replicas)
            for name in "ab":
                replicas.end(name)
        logged = replicas.logged()
    finally:
        replicas.kill()
    figures = (f"{report.calls} requests ({report.calls / report.elapsed:.0f}/s) over 4 replacements, "
               f"{len(report.failures)} failed; slowest {milliseconds(max(report.seconds, default=0))}; "
               f"{CLIENTS} clients, {report.connections} connections; {logged} logged")
    expect(not report.failures, f"{figures}: {report.failures[:3]}")
    expect(report.calls and logged == report.calls, f"the logs hold a different number: {figures}")
    return figures
