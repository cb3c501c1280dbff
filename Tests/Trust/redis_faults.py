"""Every way in which Redis fails, under a steady load: each response is a correct 200 in time, hits return on their
own, and the metrics report the cause."""

import json
import math
import socket
import threading
import time

import contract
from bystander import request
from check import Progress, expect, milliseconds, percentile
from load import BODIES, record_body
from redis_server import FREEZE, THAW, RedisServer, Relay, certificate_flags
from servers import start

from testkit.processes import wait_until

# The relay is slower than a network: with the default of 20 ms, a busy machine alone would cause errors.
DEADLINE_MS = 100
# Allowed beyond the deadline: the machine is busy with the load itself.
SLACK_SECONDS = 0.1
ERRORS = "bungalow_cache_errors_total"
POISON = [
    b"", b"[]", b"[1,2]", b"[1,2", b"hello", b"[NaN]", b"[null]", b'["4.1"]', b"[1e999]", b"[[1]]", b"\0\xff" * 20,
    b"[" + b"1" * (5 << 20) + b"]", b" " * (5 << 20) + b"[4.1]",
]


def split_answer(file):
    status, cache, length = int(file.readline().split()[1]), None, 0
    while (line := file.readline()) not in (b"\r\n", b""):
        name, _, value = line.partition(b":")
        if name.lower() == b"content-length":
            length = int(value)
        elif name.lower() == b"x-cache":
            cache = value.strip().decode()
    return status, cache, file.read(length)


class Caller(threading.Thread):
    """Sends 64 records in turn over four connections, so that each event loop is used; judges every response."""

    def __init__(self, port):
        super().__init__(daemon=True)
        self._port, self._over = port, threading.Event()
        self._calls = [(request(body=body), contract.answer(body)[1]) for body in map(record_body, range(BODIES))]
        self.seconds, self.results, self.wrong = [], [], None

    def run(self):
        try:
            connections = [socket.create_connection(("127.0.0.1", self._port), timeout=10) for _ in range(4)]
            files = [connection.makefile("rb") for connection in connections]
            while not self._over.wait(0.001) and not self.wrong:
                turn = len(self.results)
                data, expected = self._calls[turn % BODIES]
                began = time.monotonic()
                connections[turn % 4].sendall(data)
                self._judge(expected, *split_answer(files[turn % 4]))
                self.seconds.append(time.monotonic() - began)
        except Exception as error:
            self.wrong = repr(error)

    def _judge(self, expected, status, cache, text):
        answer = json.loads(text)
        if status != 200 or answer["query_key"] != expected["query_key"] or not math.isclose(
            answer["prediction"][0], expected["prediction"][0], rel_tol=1e-9
        ):
            self.wrong = f"{status} {text[:300]!r}, not {expected}"
        self.results.append(cache)

    def wait_for(self, result, what, seconds=30):
        """Waits until 64 responses in a row have this result; returns how long that took."""

        def holds():
            expect(not self.wrong, f"{what}: a wrong response: {self.wrong}")
            latest = self.results[seen:]
            return len(latest) >= BODIES and set(latest[-BODIES:]) <= set(result.split())

        seen = len(self.results)
        return wait_until(holds, f"{what}: {BODIES} responses in a row with {result}", seconds)

    def stop(self):
        self._over.set()
        self.join()
        expect(not self.wrong, f"a wrong response: {self.wrong}")


class Scene:
    """Redis, a relay in front of it, the server that uses it, and its caller."""

    def __init__(self, redis, relay, server, caller, password_file):
        self.redis, self.relay, self.server, self.caller = redis, relay, server, caller
        self.password_file = password_file

    def entries(self):
        return self.redis.ask("KEYS", "bungalow:*")

    def is_up(self):
        return self.server.metrics().total("bungalow_cache_up") == 1

    def goes_down(self, what):
        self.caller.wait_for("BYPASS", what)
        wait_until(lambda: not self.is_up(), f"{what}: bungalow_cache_up is 0")


def killed(scene):
    scene.redis.kill()
    scene.goes_down("killed")
    scene.redis.begin()
    for key in [b"bungalow:other:0:0", b"x"]:
        scene.redis.ask("SET", key, b"[1]")


def other_data(scene):
    keys = scene.entries()
    scene.redis.kill()
    scene.redis.begin()
    for key in keys:
        scene.redis.ask("DEL", key)
        scene.redis.ask("RPUSH", key, b"[1]")


def frozen(scene):
    scene.redis.signal(FREEZE)
    scene.goes_down("frozen")
    scene.redis.signal(THAW)


def memory_full(scene):
    scene.redis.ask("CONFIG", "SET", "maxmemory", "1")
    scene.redis.ask("FLUSHALL")
    scene.caller.wait_for("MISS", "maxmemory reached")
    expect(scene.is_up(), "maxmemory reached: look-ups get replies, but bungalow_cache_up is 0")
    scene.redis.ask("CONFIG", "SET", "maxmemory", "0")


def password_changed(scene):
    scene.redis.ask("CONFIG", "SET", "requirepass", "another")
    scene.redis.password = "another"
    scene.redis.ask("CLIENT", "KILL", "TYPE", "normal")
    scene.goes_down("password changed")
    scene.password_file.write_text("another\n")


def poisoned(scene):
    for value in POISON:
        seen = len(scene.caller.results)
        for key in scene.entries():
            scene.redis.ask("SET", key, value)
        scene.caller.wait_for("HIT", f"poisoned with {value[:20]!r} of {len(value)} bytes")
        expect("MISS" in scene.caller.results[seen:], f"poison {value[:20]!r} was never met")


def broken_replies(scene, places):
    """Cuts or garbles each reply at each place, the greeting included."""
    for fault in ("end", "stall"):
        for place in places:
            Progress.show(f"{fault} of the replies at byte {place}")
            scene.relay.break_at(place, fault)
            wait_until(lambda: scene.relay.met, f"{fault} at byte {place} is met")
    scene.relay.break_at(None, "end")


def broken_encryption(scene, places):
    for fault in ("garble", "end", "stall"):
        for place in places:
            Progress.show(f"TLS: {fault} at byte {place}")
            scene.relay.break_at(place, fault)
            wait_until(lambda: scene.relay.met, f"TLS: {fault} at byte {place} is met")
    scene.relay.break_at(None, "end")


def faults(settings, encrypted):
    """For each fault: its name, what to do, and the reasons; the metrics must then have counted one of them."""
    if encrypted:
        places = range(0, 3200, settings.choose(53, 400))
        return [("TLS broken mid-way", lambda scene: broken_encryption(scene, places), ["connect", "protocol"])]
    places = range(0, 64, settings.choose(1, 7))
    return [
        ("killed", killed, ["connect"]),
        ("back with other data", other_data, ["error_reply"]),
        ("frozen", frozen, ["deadline"]),
        ("maxmemory", memory_full, ["store"]),
        ("password changed", password_changed, ["auth"]),
        ("poisoned", poisoned, ["bad_value"]),
        (f"replies cut at {len(places)} places", lambda scene: broken_replies(scene, places), ["connect", "deadline"]),
    ]


def play(scene, name, act, reasons):
    """Causes one fault and waits for recovery; returns the result in words."""
    before = scene.server.metrics()
    act(scene)
    healed = scene.caller.wait_for("HIT", f"{name}: hits return")
    wait_until(scene.is_up, f"{name}: bungalow_cache_up is 1 again")
    after = scene.server.metrics()
    counted = {each: int(after.total(ERRORS, reason=each) - before.total(ERRORS, reason=each)) for each in reasons}
    expect(any(counted.values()), f"{name}: none of {reasons} was counted in bungalow_cache_errors_total")
    return f"{name} ({', '.join(f'{reason} {count}' for reason, count in counted.items())}; hits again {healed:.1f} s)"


def play_all(settings, encrypted):
    certificate, tls = certificate_flags(settings.folder) if encrypted else (None, [])
    password_file = settings.folder / "redis-password"
    password_file.write_text("secret\n")
    told = []
    with RedisServer(settings.folder, "secret", tls) as redis:
        relay = Relay(redis.tls_port or redis.port)
        scheme = "rediss" if encrypted else "redis"
        environment = {"CACHE_CA_FILE": str(certificate)} if encrypted else {}
        with start(
            settings.binary, CACHE_URL=f"{scheme}://127.0.0.1:{relay.port}", CACHE_PASSWORD_FILE=str(password_file),
            CACHE_DEADLINE_MS=str(DEADLINE_MS), EVENT_LOOPS="2", **environment,
        ) as server:
            caller = Caller(server.port)
            caller.start()
            scene = Scene(redis, relay, server, caller, password_file)
            caller.wait_for("HIT", "at the start")
            for fault in faults(settings, encrypted):
                told.append(play(scene, *fault))
            caller.stop()
        relay.close()
    return told, caller


def check(settings):
    plain, first = play_all(settings, encrypted=False)
    encrypted, second = play_all(settings, encrypted=True)
    seconds = first.seconds + second.seconds
    figures = (f"{len(seconds)} requests, all 200 and correct, p99 {milliseconds(percentile(seconds, 0.99))}, slowest "
               f"{milliseconds(max(seconds))}: {'; '.join(plain + encrypted)}")
    late = [s for s in seconds if s > DEADLINE_MS / 1000 + SLACK_SECONDS]
    expect(len(late) <= len(seconds) / 1000, f"{len(late)} responses were later than the deadline allows: {figures}")
    return figures
