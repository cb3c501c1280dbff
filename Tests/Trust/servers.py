"""Servers for the checks: the built server with its own environment, and its figures from /metrics."""

import contextlib
import shlex

from check import expect

from testkit.server import Server


class TrustedServer(Server):
    """A server under a check; it must end with exit code 0."""

    @property
    def resident_bytes(self):
        return int(self.metrics().total("process_resident_memory_bytes"))

    @property
    def descriptors(self):
        return int(self.metrics().total("process_open_fds"))


def with_descriptor_limit(binary, count, folder):
    """A program that runs the server with a hard limit of open files, which the server cannot raise."""
    program = folder / "limited-server"
    program.write_text(f"#!/bin/sh\nulimit -n {count} && exec {shlex.quote(str(binary))} \"$@\"\n")
    program.chmod(0o755)
    return program


@contextlib.contextmanager
def start(binary, **environment):
    """A server that ends with the block; if the block succeeded, the exit code must be 0."""
    server = TrustedServer(binary, {"CACHE_URL": "off", "DRAIN_DELAY_SECONDS": "0", **environment})
    try:
        yield server
        code = server.stop()
        expect(code == 0, f"the server ended with exit code {code}")
    finally:
        server.end()
