"""Hostile HTTP clients, each kind beside a bystander: it is served, memory is bounded, and descriptors are released."""

import contextlib
import random
import select
import socket
import struct
import time

from bystander import Bystander, request
from check import Progress, expect
from framings import FRAMINGS
from servers import start, with_descriptor_limit

from testkit.processes import wait_until
from testkit.server import HOUSE

MEBIBYTE = 1 << 20
FLOOD_SECONDS = 2
SILENT_BYTES = 64 * MEBIBYTE


def connect(port, receive_buffer=None):
    client = socket.socket()
    if receive_buffer:
        client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
    client.settimeout(30)
    client.connect(("127.0.0.1", port))
    return client


def reset(client):
    client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    client.close()


def readable(clients, seconds):
    """The clients with something to read. `select.select` would only reach descriptor 1023."""
    poll = select.poll()
    by_descriptor = {client.fileno(): client for client in clients}
    for descriptor in by_descriptor:
        poll.register(descriptor, select.POLLIN)
    return [by_descriptor[descriptor] for descriptor, _ in poll.poll(seconds * 1000)]


def writable(client, seconds):
    poll = select.poll()
    poll.register(client, select.POLLOUT)
    return bool(poll.poll(seconds * 1000))


def read_all(client):
    """Everything received until the end; a reset is an end, too."""
    received = b""
    with contextlib.suppress(ConnectionResetError):
        while some := client.recv(1 << 16):
            received += some
    return received


def status(answer):
    return int(answer[9:12]) if answer[:9] == b"HTTP/1.1 " else None


def send_until_blocked(client, data, limit):
    """Sends repeatedly, until nothing is accepted for a second or `limit` bytes were sent; returns the number sent."""
    client.setblocking(False)
    sent = 0
    while sent < limit and writable(client, 1):
        try:
            sent += client.send(data)
        except BlockingIOError:
            continue
        except OSError:
            break
    return sent


@contextlib.contextmanager
def under_attack(settings, megabytes, **environment):
    """A server and a bystander; measures and bounds the cost of an attack."""
    with start(settings.binary, **environment) as server:
        server.call("/predict", HOUSE)
        resident, descriptors = server.resident_bytes, server.descriptors
        report = {}
        with Bystander(server.port) as bystander:
            report["bystander"] = bystander
            yield server, report
        report["grown"] = (server.resident_bytes - resident) / MEBIBYTE
        expect(report["grown"] < megabytes, f"resident memory grew by {report['grown']:.0f} MiB")
        wait_until(lambda: server.descriptors <= descriptors, f"{descriptors} descriptors as before")
        report["figures"] = f"memory +{report['grown']:.0f} MiB, descriptors as before; {bystander.figures}"


def slow(settings):
    """Heads and bodies that arrive in drips get 408 after the time-out, however many there are."""
    count = settings.choose(500, 200)
    with under_attack(settings, 64, HEAD_TIMEOUT_SECONDS="2", BODY_TIMEOUT_SECONDS="2") as (server, report):
        heads = [connect(server.port) for _ in range(count)]
        bodies = [connect(server.port) for _ in range(count)]
        for client in heads:
            client.sendall(b"GET /livez HTTP/1.1\r\nHost: trust\r\nX-Slow: ")
        for client in bodies:
            client.sendall(b"POST /predict HTTP/1.1\r\nHost: trust\r\nContent-Length: 10000\r\n\r\n[")
        began = time.monotonic()
        waiting = set(heads + bodies)
        while waiting and time.monotonic() - began < 20:
            waiting -= set(readable(waiting, 0.1))
            for client in waiting:
                with contextlib.suppress(OSError):
                    client.send(b" ")
        expect(not waiting, f"{len(waiting)} of {2 * count} slow clients never got a response")
        statuses = [status(read_all(client)) for client in heads + bodies]
        expect(set(statuses) == {408}, f"slow clients got {set(statuses)}")
        for client in heads + bodies:
            client.close()
        seconds = time.monotonic() - began
    return f"{2 * count} dripping heads and bodies all 408 after {seconds:.1f} s; {report['figures']}"


def idle(settings):
    """Each connection up to MAX_CONNECTIONS costs little; further ones get 503, but probes get responses."""
    count = settings.choose(10_000, 2_000)
    with under_attack(settings, 200, MAX_CONNECTIONS=str(count + 1)) as (server, report):
        empty = server.resident_bytes
        # The bystander has one connection, and reading the metrics takes another.
        clients = []
        for _ in range(count - 1):
            clients.append(connect(server.port))
            Progress.show(f"{len(clients)} of {count} connections")
        wait_until(lambda: server.descriptors >= count, f"{count} connections are accepted")
        each = (server.resident_bytes - empty) / len(clients) / 1024
        # One connection is left, for reading the metrics; it is taken now.
        clients.append(connect(server.port))
        clients[-1].sendall(b"GET /livez HTTP/1.1\r\nHost: trust\r\n\r\n")
        expect(status(clients[-1].recv(4096)) == 200, "the last connection was not accepted")
        refused = [connect(server.port) for _ in range(100)]
        answers = [read_all(client) for client in refused]
        good = [a for a in answers if status(a) == 503 and b"Retry-After: 1" in a and b"Connection: close" in a]
        expect(len(good) == 100, f"only {len(good)} of 100 excess connections got 503: {answers[0][:200]!r}")
        for path in ("/livez", "/readyz", "/metrics"):
            expect(server.call(path)[0] == 200, f"{path} gets no 200 when all connections are taken")
        for client in random.Random(settings.seed).sample(clients, 200):
            client.sendall(b"GET /livez HTTP/1.1\r\nHost: trust\r\n\r\n")
            expect(status(client.recv(4096)) == 200, "an idle connection did not get a 200")
        wait_until(lambda: len(report["bystander"].seconds) > 50, "the bystander is served beside them")
        for client in clients + refused:
            client.close()
        # No connection can score until the server has noticed that the others closed.
        wait_until(lambda: server.call("/test")[0] == 200, "connections are accepted again")
    return f"{count} connections at {each:.1f} KiB each, 100 more got 503; {report['figures']}"


def heads(settings):
    """Heads that are too large or have too many fields get 431, and are never kept."""
    rounds = settings.choose(10_000, 2_000)
    hostile = {
        "a field of 1 MiB": b"X: " + b"a" * MEBIBYTE + b"\r\n",
        "a name of 1 MiB": b"a" * MEBIBYTE + b": a\r\n",
        "20 000 fields": b"a: b\r\n" * 20_000,
        "1 MiB of blanks": b"X:" + b" " * MEBIBYTE + b"\r\n",
    }
    with under_attack(settings, 64) as (server, report):
        for number in range(rounds):
            what, field = list(hostile.items())[number % len(hostile)]
            client = connect(server.port)
            with contextlib.suppress(OSError):
                client.sendall(b"GET /livez HTTP/1.1\r\nHost: trust\r\n" + field + b"\r\n")
            got = status(read_all(client))
            expect(got == 431, f"{what}: {got}, not 431")
            client.close()
            Progress.show(f"{number} of {rounds} heads")
        client = connect(server.port)
        client.sendall(b"GET /" + b"a" * MEBIBYTE + b" HTTP/1.1\r\nHost: trust\r\n\r\n")
        expect(status(read_all(client)) == 431, "a target of 1 MiB is not 431")
        client.close()
    return f"{rounds} heads of 1 MiB or 20 000 fields, all 431; {report['figures']}"


def framing(settings):
    """A request with an ambiguous end gets 400, and nothing after it is read as a request."""
    rounds = settings.choose(400, 250)
    following = b"GET /version HTTP/1.1\r\nHost: trust\r\n\r\n"
    with under_attack(settings, 32) as (server, report):
        for what in FRAMINGS:
            for cut in range(rounds):
                client = connect(server.port)
                data = FRAMINGS[what] + following
                with contextlib.suppress(OSError):
                    # The same bytes in one piece, and in two pieces cut anywhere.
                    place = len(data) * cut // rounds
                    client.sendall(data[:place])
                    client.sendall(data[place:])
                    client.shutdown(socket.SHUT_WR)
                answer = read_all(client)
                client.close()
                expect(status(answer) == 400, f"{what}: {answer[:100]!r}, not 400")
                expect(answer.count(b"HTTP/1.1 ") == 1, f"{what}: what followed got a response: {answer[:2000]!r}")
    return f"{len(FRAMINGS)} framings, each cut at {rounds} places, all 400 and closed; {report['figures']}"


def pipelining(settings):
    """Floods of requests on one connection get all their responses in order, and starve no other client."""
    clients, requests = 8, settings.choose(100_000, 20_000)
    with under_attack(settings, 100) as (server, report):
        call = b"GET /livez HTTP/1.1\r\nHost: trust\r\nX-Request-Id: %08d\r\n\r\n"
        flood = b"".join(call % number for number in range(requests))
        rounds, end = settings.choose(3, 1), time.monotonic() + FLOOD_SECONDS
        # If a round ended too soon, the bystander would hardly have sent a request.
        while rounds > 0 or time.monotonic() < end:
            rounds -= 1
            sockets = [connect(server.port) for _ in range(clients)]
            offsets, answers = dict.fromkeys(sockets, 0), dict.fromkeys(sockets, b"")
            for client in sockets:
                client.setblocking(False)
            deadline = time.monotonic() + 120
            while any(answer.count(b"\r\n\r\n") < requests for answer in answers.values()):
                expect(time.monotonic() < deadline, "a pipelined request never got a response")
                for client in sockets:
                    if offsets[client] < len(flood) and writable(client, 0):
                        offsets[client] += client.send(flood[offsets[client]:offsets[client] + 65536])
                for client in readable(sockets, 0.01):
                    some = client.recv(1 << 18)
                    expect(some, "the connection of a flood was closed")
                    answers[client] += some
                Progress.show(f"{sum(offsets.values()) // len(flood)} of {clients} floods sent")
            for answer in answers.values():
                ids = [int(line[14:]) for line in answer.split(b"\r\n") if line[:14] == b"X-Request-Id: "]
                expect(ids == list(range(requests)), "the responses to pipelined requests were out of order")
                expect(answer.count(b"HTTP/1.1 200 ") == requests, "not every pipelined request was 200")
            for client in sockets:
                client.close()
    return f"{clients} floods of {requests} pipelined requests, responses in order; {report['figures']}"


def vanishing(settings):
    """Clients that reset during a request or a response, and clients that never read a response."""
    count, bad = settings.choose(3_000, 500), b"[" + b'{"MedInc":"x"},' * 500 + b"{}]"
    with under_attack(settings, 160) as (server, report):
        for number in range(count):
            client = connect(server.port)
            client.sendall(request(body=bad)[:None if number % 3 else 5000])
            if number % 3 == 1:
                client.recv(100)
            reset(client)
            Progress.show(f"{number} of {count} resets")
        silent = [connect(server.port, receive_buffer=4096) for _ in range(8)]
        # The kernel alone buffers some megabytes of each.
        sent = [send_until_blocked(client, request(body=bad) * 8, SILENT_BYTES) for client in silent]
        expect(max(sent) < SILENT_BYTES, "the server keeps reading from a client that does not read its responses")
        for client in silent:
            reset(client)
    return (f"{count} resets during request or response, {len(silent)} clients that read nothing and could send "
            f"{max(sent) / MEBIBYTE:.0f} MiB of requests at most; {report['figures']}")


def descriptors(settings):
    """With few descriptors, connected clients are served, others are rejected or wait, and descriptors are released."""
    limit = 192
    with start(with_descriptor_limit(settings.binary, limit, settings.folder)) as server:
        server.call("/predict", HOUSE)
        before = server.descriptors
        with Bystander(server.port) as bystander:
            clients = [connect(server.port) for _ in range(4 * limit)]
            wait_until(lambda: len(readable(clients, 1)) >= 3 * limit, "clients without a connection get a reply", 10)
            told = [status(read_all(client)) for client in readable(clients, 1)]
            expect(set(told) == {503}, f"clients without a connection got {set(told)}")
            # The bystander is still served meanwhile.
            seen = len(bystander.seconds)
            wait_until(lambda: bystander.wrong or len(bystander.seconds) > seen + 50, "the bystander is served")
            for client in clients:
                client.close()
            recovery = wait_until(lambda: answers(server), "new connections are served again")
        wait_until(lambda: server.descriptors <= before, f"{before} descriptors as before")
    return (f"{4 * limit} clients with {limit} descriptors, {len(told)} got 503; served again {recovery:.2f} s after "
            f"they left; {bystander.figures}")


def answers(server):
    try:
        return server.call("/predict", HOUSE)[0] == 200
    except OSError:
        return False
