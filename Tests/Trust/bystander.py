"""A well-behaved client beside the hostile ones: it must get correct responses, and soon."""

import json
import socket
import threading
import time

from bodies import read_answer
from check import expect, milliseconds, percentile

from testkit.server import HOUSE

# The machine is also busy with the hostile clients themselves.
SLOWEST_SECONDS = 1.0
PREDICTION = 4.139092164701125


def request(path="/predict", body=HOUSE, fields=b""):
    head = b"POST %s HTTP/1.1\r\nHost: trust\r\n%sContent-Length: %d\r\n\r\n"
    return head % (path.encode(), fields, len(body)) + body


class Bystander:
    """Posts to /predict every 20 ms while the block lasts."""

    def __init__(self, port):
        self._port = port
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._call)
        self.seconds = []
        self.wrong = None

    def __enter__(self):
        self._connection = socket.create_connection(("127.0.0.1", self._port), timeout=30)
        self._thread.start()
        return self

    def __exit__(self, kind, *_):
        self._over.set()
        self._thread.join()
        self._connection.close()
        if kind is None:
            expect(not self.wrong, f"a bystander {self.wrong}")
            expect(len(self.seconds) > 10, f"a bystander got only {len(self.seconds)} responses")
            worst = max(self.seconds)
            expect(worst < SLOWEST_SECONDS, f"a bystander waited {milliseconds(worst)}")

    def _call(self):
        file = self._connection.makefile("rb")
        while not self._over.wait(0.02):
            began = time.monotonic()
            try:
                self._connection.sendall(request())
                status, answer = read_answer(file)
            except (OSError, ValueError) as error:
                self.wrong = f"got no response: {error!r}"
                return
            if status != 200 or json.loads(answer)["prediction"] != [PREDICTION]:
                self.wrong = f"got {status} {answer[:200]!r}"
                return
            self.seconds.append(time.monotonic() - began)

    @property
    def figures(self):
        return (f"bystander: {len(self.seconds)} requests, p99 {milliseconds(percentile(self.seconds, 0.99))}, "
                f"slowest {milliseconds(max(self.seconds))}")
