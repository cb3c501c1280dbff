"""Half load for a long time: memory, descriptors and latency stay flat."""

import asyncio
import statistics

from bystander import request
from check import Progress, expect, milliseconds, percentile
from load import closed_loop, open_loop, record_body
from redis_server import RedisServer
from servers import start

from testkit.processes import wait_until

# Requests may wait while something else uses the processor: half load refers to the machine as it was at the beginning.
# The model is heavy enough that the load generator is not what is measured.
BUSY_MS = 4


def call_data(number):
    """Every other request is a hit; for the others the model runs."""
    return request(body=record_body(number if number % 2 else 0))


def growth(values):
    """How much the values grow from first to last along their least-squares line, as a share of their mean."""
    slope = statistics.linear_regression(range(len(values)), values).slope
    return slope * (len(values) - 1) / statistics.fmean(values)


async def watch(server, latencies, samples, interval):
    """At every interval: resident memory, and the median and p99 of the requests since the previous one."""
    while True:
        await asyncio.sleep(interval)
        metrics = await asyncio.to_thread(server.metrics)
        calls, latencies[:] = list(latencies), []
        if calls:
            samples.append((
                metrics.total("process_resident_memory_bytes"), percentile(calls, 0.5), percentile(calls, 0.99)))
            resident, _, p99 = samples[-1]
            Progress.show(f"{len(samples)} samples, {resident / 2**20:.1f} MiB, p99 {milliseconds(p99)}")


async def run(server, seconds):
    warm_up = await closed_loop(server.port, 32, 5, call_data)
    first, rate = warm_up.calls, warm_up.rate / 2
    latencies, samples = [], []
    watching = asyncio.create_task(watch(server, latencies, samples, max(1, seconds / 60)))
    load = await open_loop(
        server.port, rate, seconds, lambda number: call_data(first + number),
        lambda status, fields, time: latencies.append(time))
    watching.cancel()
    return load, samples


def check(settings):
    seconds = settings.duration(1800, 60)
    with RedisServer(settings.folder) as redis, start(
        settings.binary, SYNTHETIC_BUSY_MS=str(BUSY_MS), CACHE_URL=redis.url, QUEUE_DEADLINE_MS="5000",
    ) as server:
        asyncio.run(closed_loop(server.port, 1, 1, call_data))
        descriptors = server.descriptors
        load, samples = asyncio.run(run(server, seconds))
        # Under load the clients' connections come and go; any descriptor left after they closed is a leak.
        wait_until(lambda: server.descriptors <= descriptors, f"{descriptors} descriptors as before")
    # The first samples are skipped: buffers and caches are still being filled.
    memory, p50, p99 = zip(*samples[len(samples) // 5:])
    figures = (f"{load.calls} requests at {load.calls / seconds:.0f}/s for {seconds} s; over that time memory "
               f"{growth(memory):+.1%} of {statistics.fmean(memory) / 2**20:.0f} MiB, descriptors "
               f"as before, p50 {growth(p50):+.1%} of "
               f"{milliseconds(statistics.fmean(p50))}, p99 {milliseconds(statistics.median(p99))}")
    expect(set(load.statuses) == {200} and not load.failures, f"{load.statuses}, {load.failures[:3]}: {figures}")
    expect(growth(memory) < 0.1, f"memory grows: {figures}")
    # On a machine with other work, a time of a millisecond varies by half.
    expect(growth(p50) < 0.5, f"latency grows: {figures}")
    return figures
