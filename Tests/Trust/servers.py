"""Servers for the checks: the built one with an environment of its own, and what /metrics says of it."""

import contextlib
import re
import resource
import urllib.parse

from check import expect
from served import Server


class Metrics(dict):
    """The samples of one scrape, by series as it is written."""

    def __init__(self, text):
        super().__init__(re.findall(r"^([a-z_]+(?:\{[^}]*\})?) (\S+)$", text, re.MULTILINE))

    def __missing__(self, series):
        return 0.0

    def __getitem__(self, series):
        return float(super().__getitem__(series))


class TrustedServer(Server):
    """A server under a check; it must end well."""

    @property
    def port(self):
        return urllib.parse.urlsplit(self.url).port

    def metrics(self):
        return Metrics(self.call("/metrics")[1])

    @property
    def resident_bytes(self):
        return int(self.metrics()["process_resident_memory_bytes"])

    @property
    def descriptors(self):
        return int(self.metrics()["process_open_fds"])


@contextlib.contextmanager
def descriptor_limit(count):
    """Processes started meanwhile may open so many files."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (count, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


@contextlib.contextmanager
def start(binary, **environment):
    """A server that ends with the block, with exit code 0 if the block ended well."""
    server = TrustedServer(binary, {"CACHE_URL": "off", "DRAIN_DELAY_SECONDS": "0", **environment})
    try:
        yield server
        code = server.stop()
        expect(code == 0, f"the server ended with exit code {code}")
    finally:
        server.end()
