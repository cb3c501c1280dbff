"""A check's own redis-server, and a relay in front of it that cuts or garbles its replies."""

import contextlib
import shutil
import signal
import socket
import subprocess
import threading

from check import Skip, expect

from testkit.redis import RedisServer as SharedRedisServer


class RedisServer(SharedRedisServer):
    """The shared class; a check is skipped if redis-server is not installed."""

    def __init__(self, *values):
        if not shutil.which("redis-server"):
            raise Skip("redis-server is not installed")
        super().__init__(*values)


class Relay:
    """Forwards connections to a port. Replies are passed on up to a certain byte; then the fault happens.

    `fault` is what happens there: "end" closes the connection, "stall" passes nothing more on, "garble" flips the bits
    of this byte. With `place` None there is no fault. `met` counts the connections that got that far.
    """

    def __init__(self, target):
        self._target = target
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = self._listener.getsockname()[1]
        self.place, self.fault, self.met = None, "end", 0
        self._open, self._lock = set(), threading.Lock()
        threading.Thread(target=self._accept, daemon=True).start()

    def break_at(self, place, fault):
        """Applies from the next connection on; closes the present ones."""
        self.place, self.fault, self.met = place, fault, 0
        self.end_all()

    def end_all(self):
        with self._lock:
            connections = list(self._open)
        for connection in connections:
            with contextlib.suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)

    def close(self):
        self._listener.close()
        self.end_all()

    def _accept(self):
        with contextlib.suppress(OSError):
            while True:
                client, _ = self._listener.accept()
                threading.Thread(target=self._pass, args=(client,), daemon=True).start()

    def _pass(self, client):
        with (
            contextlib.suppress(OSError),
            client,
            socket.create_connection(("127.0.0.1", self._target)) as server,
        ):
            with self._lock:
                self._open |= {client, server}
            # Read only now: a change closes the connections that do not know it yet.
            place, fault = self.place, self.fault
            threading.Thread(target=self._pass_requests, args=(client, server), daemon=True).start()
            try:
                self._pass_replies(client, server, place, fault)
            finally:
                with self._lock:
                    self._open -= {client, server}
                server.shutdown(socket.SHUT_RDWR)

    def _pass_requests(self, client, server):
        with contextlib.suppress(OSError):
            while some := client.recv(1 << 16):
                server.sendall(some)
            server.shutdown(socket.SHUT_RDWR)

    def _pass_replies(self, client, server, place, fault):
        passed = 0
        while some := server.recv(1 << 16):
            if place is not None and passed <= place < passed + len(some):
                self.met += 1
                at = place - passed
                if fault == "garble":
                    some = some[:at] + bytes([some[at] ^ 0xFF]) + some[at + 1:]
                else:
                    client.sendall(some[:at])
                    while fault == "stall" and server.recv(1 << 16):
                        pass
                    return
            client.sendall(some)
            passed += len(some)


def certificate_flags(folder):
    """Flags that give redis-server a self-signed certificate for 127.0.0.1, which is the CA file too."""
    openssl = shutil.which("openssl")
    if not openssl:
        raise Skip("no openssl")
    key, certificate = folder / "redis.key", folder / "redis.pem"
    made = subprocess.run(
        [openssl, "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2",
         "-subj", "/CN=redis", "-addext", "subjectAltName=IP:127.0.0.1", "-keyout", key, "-out", certificate],
        capture_output=True, text=True)
    expect(made.returncode == 0, f"openssl: {made.stderr[-300:]}")
    return certificate, ["--tls-cert-file", certificate, "--tls-key-file", key, "--tls-ca-cert-file", certificate]


FREEZE, THAW = signal.SIGSTOP, signal.SIGCONT
