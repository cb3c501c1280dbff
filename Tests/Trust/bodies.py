"""Sends generated and mutated JSON bodies to the built server over kept connections; contract.py judges responses."""

import collections
import concurrent.futures
import multiprocessing
import os
import re
import socket
import time

import judge
from body_generator import BodyGenerator
from check import Failure, Progress, expect

BATCH = 1000
# Requests in flight at once on one connection.
PIPELINED = 32
TYPES = [
    "missing", "float_type", "float_parsing", "finite_number", "greater_than_equal", "less_than_equal", "model_type",
    "list_type", "too_short", "too_long", "json_invalid",
]


def batch_bodies(seed, batch):
    """The bodies of one batch, the same for every check that uses this seed."""
    generator = BodyGenerator(f"{seed}-{batch}")
    return [generator.next() for _ in range(BATCH)]


def read_answer(file):
    """The status and the body of the next response on a connection."""
    status_line = file.readline()
    if not status_line:
        raise ConnectionError("the server closed the connection")
    length = 0
    while (line := file.readline()) not in (b"\r\n", b""):
        if line[:15].lower() == b"content-length:":
            length = int(line[15:])
    return int(status_line.split()[1]), file.read(length)


def exchange(port, bodies):
    """The response to each body, over one connection."""
    with socket.create_connection(("127.0.0.1", port), timeout=60) as connection:
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        file = connection.makefile("rb")
        for first in range(0, len(bodies), PIPELINED):
            some = bodies[first:first + PIPELINED]
            connection.sendall(b"".join(
                b"POST /predict HTTP/1.1\r\nHost: trust\r\nContent-Length: %d\r\n\r\n%s" % (len(body), body)
                for body in some))
            for body in some:
                yield body, *read_answer(file)


def judge_batch(port, seed, batch):
    """How many responses of each status and type of failure one batch got, and the first wrong one."""
    counts = collections.Counter()
    for body, status, answer in exchange(port, batch_bodies(seed, batch)):
        counts[status] += 1
        counts.update(kind.decode() for kind in set(re.findall(rb'\{"type":"([a-z_]+)"', answer)))
        try:
            wrong = judge.fault(status, body, answer)
        except Exception as error:  # no response, of whatever form, may end the check
            wrong = f"unreadable: {error!r}"
        if wrong:
            return counts, f"seed {seed}, body {body[:2000]!r} got {status} {answer[:1000]!r}: {wrong}"
    return counts, None


def all_batches(judge_one, cases, *arguments):
    """Judges batches on all cores; returns the counts, or fails with the first wrong response."""
    counts = collections.Counter()
    done = 0
    context = multiprocessing.get_context("spawn")
    with concurrent.futures.ProcessPoolExecutor(os.cpu_count(), mp_context=context) as pool:
        futures = [pool.submit(judge_one, *arguments, batch) for batch in range(-(-cases // BATCH))]
        for future in concurrent.futures.as_completed(futures):
            some, wrong = future.result()
            if wrong:
                pool.shutdown(cancel_futures=True)
                raise Failure(wrong)
            counts += some
            done += BATCH
            Progress.show(f"{done} of {cases} bodies")
    return counts


def fuzz(port, seed, cases):
    """Judges this many bodies; returns the figures."""
    began = time.monotonic()
    counts = all_batches(judge_batch, cases, port, seed)
    statuses = {status: count for status, count in counts.items() if isinstance(status, int)}
    expect(set(statuses) == {200, 422}, f"seed {seed}: statuses {statuses}")
    # The check proves nothing about kinds of bodies that were never generated.
    rare = [kind for kind in TYPES if counts[kind] < cases // 5000]
    expect(not rare and statuses[200] > cases * 3 // 10, f"seed {seed}: too few of {rare}, {statuses}")
    seconds = time.monotonic() - began
    return (f"{sum(statuses.values())} bodies (seed {seed}), {statuses[200]} with 200 and {statuses[422]} with 422, "
            f"all as in contract.py; {cases / seconds:.0f}/s")


def check(settings):
    from servers import start

    with start(settings.binary) as server:
        return fuzz(server.port, settings.seed, settings.choose(1_000_000, 50_000))
