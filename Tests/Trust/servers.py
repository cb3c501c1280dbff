"""Servers for the checks: the built one with an environment of its own, and what /metrics says of it."""

import contextlib
import re
import shlex
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


def with_descriptor_limit(binary, count, folder):
    """A program that runs the server where nobody may open more files, also not one that asks for more."""
    program = folder / "limited-server"
    program.write_text(f"#!/bin/sh\nulimit -n {count} && exec {shlex.quote(str(binary))} \"$@\"\n")
    program.chmod(0o755)
    return program


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
