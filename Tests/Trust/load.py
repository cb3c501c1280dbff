"""Load of POST /predict on kept connections: as fast as responses come, or at a fixed rate."""

import asyncio
import json
import time

from bystander import request
from check import percentile

BODIES = 64
TIMEOUT_SECONDS = 10
# Less than the server's idle time-out, as clients with a pool of connections need: a connection that the server closes
# just as it is used costs a request.
KEPT_SECONDS = 30


def record_body(number):
    record = {
        "MedInc": 1 + number / 8, "HouseAge": 42, "AveRooms": 6.98, "AveBedrms": 1.02, "Population": 322,
        "AveOccup": 2.55, "Latitude": 37.88, "Longitude": -122.23,
    }
    return json.dumps([record]).encode()


FEW = [request(body=record_body(number)) for number in range(BODIES)]


class Client:
    """One connection, opened on first use."""

    def __init__(self, port):
        self.port = port
        self.writer = None
        self.opened = 0
        self.used = time.monotonic()

    async def call(self, data):
        """Sends a request once, without retries; returns the status and the body of the response."""
        async with asyncio.timeout(TIMEOUT_SECONDS):
            try:
                if self.writer is None:
                    self.reader, self.writer = await asyncio.open_connection("127.0.0.1", self.port)
                    self.opened += 1
                self.writer.write(data)
                head = (await self.reader.readuntil(b"\r\n\r\n")).decode().split("\r\n")
                fields = {name.lower(): text.strip() for name, _, text in (line.partition(":") for line in head[1:])}
                body = await self.reader.readexactly(int(fields["content-length"]))
            except BaseException:
                self.close()
                raise
        if fields.get("connection", "").lower() == "close":
            self.close()
        return int(head[0].split()[1]), fields, body

    def close(self):
        if self.writer is not None:
            self.writer.close()
            self.writer = None


class Report:
    """The outcomes of a load's requests."""

    def __init__(self):
        self.calls = 0
        self.seconds = []
        self.statuses = {}
        self.failures = []
        self.elapsed = 0.0

    def answered(self, status, seconds):
        self.statuses[status] = self.statuses.get(status, 0) + 1
        if status == 200:
            self.seconds.append(seconds)

    @property
    def rate(self):
        """Responses with status 200, per second."""
        return self.statuses.get(200, 0) / self.elapsed

    def p(self, share):
        return percentile(self.seconds, share)


def one_of_few(number):
    """Requests that repeat, so that most are hits."""
    return FEW[number % BODIES]


async def closed_loop(port, clients, seconds, data=one_of_few, is_over=None, judge=None):
    """Requests of this many clients, each one after the other, until the time or `is_over` ends them."""
    report, end = Report(), time.monotonic() + seconds

    async def run(client):
        while time.monotonic() < end and not (is_over and is_over()):
            number = report.calls
            began = time.monotonic()
            report.calls += 1
            try:
                status, fields, body = await client.call(data(number))
                report.answered(status, time.monotonic() - began)
                if wrong := judge and judge(number, status, fields, body):
                    report.failures.append(wrong)
            except Exception as error:
                report.failures.append(repr(error))
                # A gateway that has gone must not get thousands of requests.
                await asyncio.sleep(0.05)
        client.close()

    began = time.monotonic()
    pool = [Client(port) for _ in range(clients)]
    await asyncio.gather(*map(run, pool))
    report.elapsed = time.monotonic() - began
    report.connections = sum(client.opened for client in pool)
    return report


async def open_loop(port, rate, seconds, data, each=None):
    """This many requests a second, whatever the responses; `each` gets the status, the header fields and the time."""
    report, idle, under_way = Report(), [], set()

    async def call():
        client = idle.pop() if idle else Client(port)
        began = time.monotonic()
        if began - client.used > KEPT_SECONDS:
            client.close()
        try:
            status, fields, _ = await client.call(data(report.calls))
            report.answered(status, time.monotonic() - began)
            if each:
                each(status, fields, time.monotonic() - began)
            client.used = time.monotonic()
            idle.append(client)
        except Exception as error:
            report.failures.append(repr(error))

    began = time.monotonic()
    while (now := time.monotonic()) < began + seconds:
        while report.calls < (now - began) * rate:
            report.calls += 1
            task = asyncio.create_task(call())
            under_way.add(task)
            task.add_done_callback(under_way.discard)
        await asyncio.sleep(0.002)
    if under_way:
        await asyncio.wait(under_way)
    # Responses after the last request count, so their time does too.
    report.elapsed = time.monotonic() - began
    for client in idle:
        client.close()
    return report
