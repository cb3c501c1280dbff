"""Constant load of POST /predict on kept connections, until SIGTERM; prints requests and failures.

Whatever is not a 200 with the right predictions is a failure: another status, an end or a reset of a connection
that was not announced by the answer before it, no answer in ten seconds. Nothing is tried again.
"""

import asyncio
import json
import signal
import sys
import time

CLIENTS = 16
BODIES = 64
TIMEOUT_SECONDS = 10


def request(number):
    record = {
        "MedInc": 1 + number / 8, "HouseAge": 42, "AveRooms": 6.98, "AveBedrms": 1.02, "Population": 322,
        "AveOccup": 2.55, "Latitude": 37.88, "Longitude": -122.23,
    }
    body = json.dumps([record]).encode()
    return b"POST /predict HTTP/1.1\r\nHost: trust\r\nContent-Length: %d\r\n\r\n%s" % (len(body), body)


class Load:
    def __init__(self, port):
        self.port = port
        self.requests = 0
        self.failures = []
        self.connections = 0
        self.slowest = 0.0
        self.answers = {}
        self.bodies = [request(number) for number in range(BODIES)]
        self.is_over = asyncio.Event()

    async def run_client(self, client):
        writer = None
        number = client
        while not self.is_over.is_set():
            number = (number + 1) % BODIES
            began = time.monotonic()
            self.requests += 1
            try:
                async with asyncio.timeout(TIMEOUT_SECONDS):
                    if writer is None:
                        reader, writer = await asyncio.open_connection("127.0.0.1", self.port)
                        self.connections += 1
                    writer.write(self.bodies[number])
                    stays_open = await self.read_answer(reader, number)
            except Exception as error:
                self.failures.append(f"client {client}: {error!r}")
                stays_open = False
                # A gateway that is gone is not called thousands of times.
                await asyncio.sleep(0.05)
            self.slowest = max(self.slowest, time.monotonic() - began)
            if not stays_open and writer is not None:
                writer.close()
                writer = None
        if writer is not None:
            writer.close()

    async def read_answer(self, reader, number):
        head = (await reader.readuntil(b"\r\n\r\n")).decode().split("\r\n")
        fields = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in head[1:])}
        body = await reader.readexactly(int(fields["content-length"]))
        if head[0].split()[1] != "200":
            raise ValueError(f"{head[0]} {body[:200]}")
        if self.answers.setdefault(number, body) != body:
            raise ValueError(f"another answer than before: {body[:200]}")
        return fields.get("connection", "").lower() != "close"


async def main():
    load = Load(int(sys.argv[1]))
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, load.is_over.set)
    began = time.monotonic()
    await asyncio.gather(*(load.run_client(client) for client in range(CLIENTS)))
    seconds = time.monotonic() - began
    print(f"requests {load.requests} ({load.requests / seconds:.0f} a second for {seconds:.0f} s)")
    print(f"failures {len(load.failures)}")
    print(f"clients  {CLIENTS}, which opened {load.connections} connections; slowest answer {load.slowest * 1000:.0f} ms")
    for failure in load.failures[:10]:
        print(f"         {failure}")


asyncio.run(main())
