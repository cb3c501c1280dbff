"""Twice the rate that a replica can serve: it serves as much as at its peak, rejects the rest cheaply, and recovers."""

import asyncio
import time

from check import Progress, expect, milliseconds, percentile
from load import Client, closed_loop, one_of_few, open_loop
from servers import start

BUSY_MS = 10
LIVEZ = b"GET /livez HTTP/1.1\r\nHost: trust\r\n\r\n"


async def watch_livez(port, is_over):
    """The duration of each request of a probe that sends one every 10 ms."""
    client, seconds = Client(port), []
    while not is_over.is_set():
        began = time.monotonic()
        status, _, _ = await client.call(LIVEZ)
        seconds.append(time.monotonic() - began)
        expect(status == 200, f"/livez was {status}")
        await asyncio.sleep(0.01)
    client.close()
    return seconds


async def recovery(port, usual):
    """How long after a load's end a request is served as fast as without load."""
    began, client = time.monotonic(), Client(port)
    while time.monotonic() - began < 10:
        asked = time.monotonic()
        status, _, _ = await client.call(one_of_few(0))
        if status == 200 and time.monotonic() - asked < max(0.1, 5 * usual):
            break
    client.close()
    return time.monotonic() - began


async def measure(port, seconds):
    alone = await closed_loop(port, 1, 2)
    before = await closed_loop(port, 32, seconds / 2)
    Progress.show(f"peak {before.rate:.0f}/s")
    is_over, without_retry = asyncio.Event(), []
    livez = asyncio.create_task(watch_livez(port, is_over))

    def each(status, fields, _):
        if status == 503 and fields.get("retry-after") != "1":
            without_retry.append(fields)

    load = asyncio.create_task(open_loop(port, 2 * before.rate, seconds, one_of_few, each))
    await asyncio.sleep(seconds)
    recovered = await recovery(port, alone.p(0.5))
    twice = await load
    is_over.set()
    expect(twice.calls > 1.8 * before.rate * seconds, f"only {twice.calls / seconds:.0f} requests a second were sent")
    expect(not without_retry, f"a 503 without Retry-After: {without_retry[:1]}")
    # Before and after, since the machine's other work varies.
    after = await closed_loop(port, 32, seconds / 2)
    return alone, (before.rate + after.rate) / 2, twice, await livez, recovered


def cheapness(settings):
    """The server's processor time per rejected request, when no request may wait."""
    count = settings.choose(20_000, 5_000)
    with start(
        settings.binary, REPLICA_MAX_CONCURRENT_REQUESTS="1", MAX_QUEUED_REQUESTS="0", SYNTHETIC_SLEEP_MS="600000",
        SHUTDOWN_GRACE_SECONDS="1",
    ) as server:

        async def refuse():
            holder = asyncio.create_task(Client(server.port).call(one_of_few(0)))
            while not server.metrics().total("bungalow_in_flight_requests"):
                await asyncio.sleep(0.01)
            client, data = Client(server.port), one_of_few(1)
            before = server.metrics().total("process_cpu_seconds_total")
            for _ in range(count):
                status, _, _ = await client.call(data)
                expect(status == 503, f"an excess request got {status}")
            after = server.metrics().total("process_cpu_seconds_total")
            client.close()
            holder.cancel()
            return (after - before) / count

        return asyncio.run(refuse())


def check(settings):
    seconds = settings.duration(20, 8)
    with start(settings.binary, SYNTHETIC_BUSY_MS=str(BUSY_MS), QUEUE_DEADLINE_MS="500") as server:
        alone, peak, twice, livez, recovered = asyncio.run(measure(server.port, seconds))
    each = cheapness(settings)
    refused = twice.statuses.get(503, 0)
    livez_p99 = percentile(livez, 0.99)
    figures = (f"peak {peak:.0f}/s; at twice that {twice.rate / peak:.0%} of it are served and {refused} "
               f"requests got 503 ({each * 1e6:.0f} µs of CPU each); /livez p99 {milliseconds(livez_p99)}; "
               f"recovered after {recovered:.2f} s")
    strange = set(twice.statuses) - {200, 503}
    expect(not twice.failures and not strange, f"{figures}; {twice.statuses}, {twice.failures[:3]}")
    expect(refused > 0 and twice.rate >= 0.9 * peak, f"goodput is under 90 % of the peak: {figures}")
    expect(each < alone.p(0.5) / 10, f"a rejection costs more than a tenth of a request: {figures}")
    expect(livez_p99 < 0.05, f"/livez is too slow: {figures}")
    expect(recovered < 1, f"recovered too late: {figures}")
    return figures
