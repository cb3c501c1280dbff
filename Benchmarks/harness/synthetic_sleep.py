"""Shows that with SYNTHETIC_SLEEP_MS=S and C requests in flight the server serves C * 1000 / S requests a second.

usage: Benchmarks/synthetic-sleep/run [BINARY]    (default .build/release/bungalow-server)

A closed loop of 3 * C clients, each on a connection of its own, over two event loops. Prints, for each S, the expected
rate, the measured one, and their ratio; exit code 1 if a ratio is more than 3 % from 1, or a request was not served.
"""
import asyncio
import re
import sys
import time

from testkit.server import Server

IN_FLIGHT = 10
CLIENTS = 3 * IN_FLIGHT
REQUEST = b"GET /test HTTP/1.1\r\nHost: benchmark\r\n\r\n"


def start(binary, sleep):
    return Server(binary, {
        "CACHE_URL": "off", "EVENT_LOOPS": "2", "SCORING_LOG": "off", "DRAIN_DELAY_SECONDS": "0",
        "REPLICA_MAX_CONCURRENT_REQUESTS": str(IN_FLIGHT), "SYNTHETIC_SLEEP_MS": str(sleep),
        "QUEUE_DEADLINE_MS": "60000"})


async def call_over_and_over(port, answers, end):
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    while time.monotonic() < end:
        writer.write(REQUEST)
        head = await reader.readuntil(b"\r\n\r\n")
        await reader.readexactly(int(re.search(rb"(?i)content-length: (\d+)", head)[1]))
        answers.append((time.monotonic(), int(head[9:12])))
    writer.close()


async def measure(port, sleep):
    # The first requests arrive all at once; after them, whole rounds of S are counted.
    begin = time.monotonic() + max(1.0, 4 * sleep / 1000)
    end = begin + max(5.0, 20 * sleep / 1000)
    answers = []
    await asyncio.gather(*(call_over_and_over(port, answers, end + sleep / 1000) for _ in range(CLIENTS)))
    served = sum(begin <= at < end and status == 200 for at, status in answers)
    refused = sum(status != 200 for _, status in answers)
    return served / (end - begin), refused


def main():
    binary = sys.argv[1] if len(sys.argv) > 1 else ".build/release/bungalow-server"
    good = True
    print(f"C = {IN_FLIGHT}, {CLIENTS} clients\n\nS ms  expected/s  measured/s  ratio  not 200")
    for sleep in (20, 100, 500):
        expected = IN_FLIGHT * 1000 / sleep
        server = start(binary, sleep)
        try:
            measured, refused = asyncio.run(measure(server.port, sleep))
        finally:
            server.stop()
        ratio = measured / expected
        good = good and abs(ratio - 1) <= 0.03 and refused == 0
        print(f"{sleep:4}  {expected:10.1f}  {measured:10.1f}  {ratio:5.3f}  {refused:7}")
    sys.exit(0 if good else 1)


main()
