"""The load shape that runs the search for saturation, and writes a row of history.csv for each step."""

import time

from latencies import Latencies
from locust import LoadTestShape
from search import Limits, Search, Step

# After the number of users changed, requests that began before the change may still end.
SETTLE_SECONDS = 1
SPAWN_RATE = 100
LIMITS = Limits.read()


def difference(before, after):
    """What all workers did between two of their reports: a Step, and each user's requests."""
    refused = failed = 0
    rate, seconds, latencies, by_user = 0.0, 0.0, Latencies(), []
    for worker, last in after.items():
        first = before.get(worker)
        if first is None or last["at"] <= first["at"]:
            continue
        seconds = max(seconds, last["at"] - first["at"])
        refused += last["refused"] - first["refused"]
        failed += last["failed"] - first["failed"]
        answered = Latencies(last["latencies"]) - Latencies(first["latencies"])
        rate += answered.total() / (last["at"] - first["at"])
        latencies += answered
        calls = (count - first["by_user"].get(user, 0) for user, count in last["by_user"].items())
        by_user += [count for count in calls if count]
    step = Step(refused, failed, rate, latencies.percentile(0.5), latencies.percentile(0.99))
    return step, seconds, latencies, by_user


class Saturation(LoadTestShape):
    def __init__(self):
        super().__init__()
        self.limits = LIMITS
        self.restart()

    def restart(self):
        self.search, self.tests, self.round_tests = Search(self.limits), 0, 0
        self.before, self.changed = None, time.monotonic()

    def tick(self):
        run = self.runner.environment.run
        if not run.active:
            self.restart()
        elif self.before is None:
            if time.monotonic() - self.changed >= SETTLE_SECONDS and run.latest:
                self.before, self.began = dict(run.latest), time.monotonic()
        elif time.monotonic() - self.began >= self.search.seconds and self.evaluate(run) is None:
            run.saturated, run.fault = self.search.result(), self.search.fault
            return None
        return self.search.users, SPAWN_RATE

    def evaluate(self, run):
        """Records how the step went, and decides on the next."""
        step, seconds, latencies, by_user = difference(self.before, dict(run.latest))
        users, phase = self.search.users, self.search.phase
        self.tests, self.round_tests = self.tests + 1, self.round_tests + 1
        mean = latencies.mean()
        run.files.history(
            [
                self.round_tests,
                self.tests,
                users,
                latencies.total(),
                step.refused + step.failed,
                f"{(mean or 0) / 1000:.6f}",
                f"{seconds:.3f}",
                f"{step.rate:.2f}",
                max(by_user, default=0),
                min(by_user, default=0),
            ]
        )
        print(
            f"{phase:4}  {users} users: {step.rate:.1f} requests/s, p50 {step.p50_ms} ms, {step.refused} rejected, "
            f"{step.failed} failed",
            flush=True,
        )
        rounds = len(self.search.found)
        decided = self.search.decide(step)
        if len(self.search.found) > rounds:
            self.round_tests = 0
        self.before, self.changed = None, time.monotonic()
        return decided
