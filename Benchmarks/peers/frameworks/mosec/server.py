"""The scoring call as a mosec worker: its Rust front end hands over up to 32 requests that wait or come within 1 ms.

--port is where it listens, LOOPS the number of workers. A worker cannot set response headers, so there is no X-Cache.
"""
import os

from mosec import Server, ValidationError, Worker
from pydantic import ValidationError as Invalid
from scoring import BATCH, Query, Scorer, failures

MOST_AT_ONCE = 32
WAIT_MS = 1


class Housing(Worker):
    def __init__(self):
        super().__init__()
        self.scorer = Scorer("mosec")

    def deserialize(self, data):
        try:
            return Query(BATCH.validate_json(data))
        except Invalid as error:
            raise ValidationError(failures(error).decode()) from error

    def forward(self, data):
        return self.scorer.score_all(data)

    def serialize(self, data):
        return data


if __name__ == "__main__":
    server = Server()
    server.append_worker(
        Housing, num=int(os.environ["LOOPS"]), max_batch_size=MOST_AT_ONCE, max_wait_time=WAIT_MS, route="/predict")
    server.run()
