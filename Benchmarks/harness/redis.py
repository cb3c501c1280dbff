"""A Redis of the run's own, on the load generator's core."""

from loadtest.redis_protocol import information
from testkit.redis import RedisServer

from .failure import Failure
from .processes import cpu_seconds


class Redis(RedisServer):
    def __init__(self, cores, folder):
        super().__init__(folder, launcher=("taskset", "-c", cores))

    def cpu_seconds(self):
        return cpu_seconds([self.pid])

    def flush(self):
        if (reply := self.ask("FLUSHALL", "SYNC")) != "OK":
            raise Failure(f"Redis replied {reply} to FLUSHALL")

    def look_ups(self):
        """How many look-ups have found an entry since the start, and how many have not."""
        return parse_look_ups(self.ask("INFO", "stats").decode())


def parse_look_ups(text):
    values = information(text)
    return int(values["keyspace_hits"]), int(values["keyspace_misses"])
