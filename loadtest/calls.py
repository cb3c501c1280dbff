"""A worker's share of the requests: which ones it sends, and their outcomes."""

import os
import time
from collections import Counter

import gevent
from counters import timestamp
from latencies import Latencies
from locust import runners
from processor import Demand
from records import HotChoice, cold_body, hot_body
from schedule import Stride
from verdict import OUTCOMES, UNANSWERED, none_yet

PROGRESS_SECONDS = 0.5
REFUSED_PAUSE_SECONDS = 0.1
# Rows of timing.csv that a worker keeps until they are sent.
MOST_TIMINGS = 100_000


def outcome_of(response):
    if response.status_code == 503:
        return "refused"
    if isinstance(getattr(response, "error", None), TimeoutError):
        return "timeouts"
    look_up = (response.headers.get("X-Cache") or "").lower() if response.status_code == 200 else ""
    return look_up if look_up in ("hit", "miss", "bypass") else "errors"


class Share:
    """The requests of one process in one run. The master starts a run and assigns the share."""

    def __init__(self, environment, settings):
        self.environment, self.settings = environment, settings
        self.choice = HotChoice(settings.hot_records, settings.hot_skew)
        # A worker that joins during a run has no order, and sends no requests.
        self.begin({"nonce": "", "worker": 0, "workers": 1})
        self.running = False
        environment.share = self
        environment.events.spawning_complete.add_listener(lambda **_: self.enter("sustained"))
        environment.events.test_stopping.add_listener(lambda **_: self.enter("down"))
        if isinstance(environment.runner, runners.WorkerRunner):
            environment.runner.register_message("begin", lambda msg, **_: self.begin(msg.data))
            # Concurrently: the worker's reader of messages must not wait for the users to end.
            environment.runner.register_message("finish", lambda **_: environment.runner.stop(), concurrent=True)
            environment.events.test_stop.add_listener(lambda **_: self.send("results", self.results()))
            gevent.spawn(self.report)

    def send(self, kind, data):
        self.environment.runner.send_message(kind, data)

    def begin(self, order):
        """Begins a run: the order has the nonce, this worker's number and how many there are."""
        self.nonce, self.number = order["nonce"], order["worker"]
        self.stride = Stride(order["worker"], order["workers"], self.settings.cache_rate.period)
        self.issued = self.in_flight = self.lost_timings = 0
        self.hot, self.cold = none_yet(), none_yet()
        self.latencies = {"peak": Latencies(), "sustained": Latencies(), "down": Latencies()}
        self.phase, self.sustained_from, self.sustained_seconds = "peak", None, 0.0
        self.by_user = Counter()
        self.timings = []
        self.done, self.running = False, True
        self.demand = Demand(os.getpid(), 1)

    def enter(self, phase):
        if phase == "sustained" and self.sustained_from is None:
            self.sustained_from = time.monotonic()
        if phase == "down" and self.sustained_from is not None:
            self.sustained_seconds = time.monotonic() - self.sustained_from
        self.phase = phase

    def next_call(self):
        """(index, hot, body) of the next request; None when this share of CALLS is used up or was never assigned."""
        if not self.running:
            return None
        index = self.stride.index(self.issued)
        if self.settings.calls and index >= self.settings.calls:
            return None
        self.issued += 1
        self.in_flight += 1
        rate = self.settings.cache_rate
        if self.settings.payload is not None:
            return index, True, self.settings.payload
        if rate.is_hot(index):
            return index, True, hot_body(self.choice.number(rate.hot_among(index)), self.nonce)
        return index, False, cold_body(index, self.nonce)

    def note(self, user, hot, outcome, phase, milliseconds, timing):
        self.in_flight -= 1
        (self.hot if hot else self.cold)[outcome] += 1
        self.by_user[user] += 1
        if outcome in ("hit", "miss", "bypass"):
            self.latencies[phase].add(milliseconds)
        if len(self.timings) < MOST_TIMINGS:
            self.timings.append(timing)
        else:
            self.lost_timings += 1

    def finish_if_done(self):
        """Reports, once, that all requests of this share have ended."""
        if self.in_flight or self.done or not self.running:
            return
        self.done = True
        if isinstance(self.environment.runner, runners.WorkerRunner):
            self.send("done", {"worker": self.number, "nonce": self.nonce})
        else:
            self.environment.run.share_is_done(self.number, self.nonce)

    def progress(self):
        """The counts so far, and the rows of timing.csv since the last time."""
        timings, self.timings = self.timings, []
        answered = self.latencies["peak"] + self.latencies["sustained"] + self.latencies["down"]
        both = {outcome: self.hot[outcome] + self.cold[outcome] for outcome in OUTCOMES}
        return {
            "nonce": self.nonce,
            "worker": self.number,
            "at": time.monotonic(),
            "refused": both["refused"],
            "failed": sum(both[outcome] for outcome in UNANSWERED),
            "latencies": dict(answered.counts),
            "by_user": {f"{self.number}/{user}": count for user, count in self.by_user.items()},
            "timings": timings,
        }

    def report(self):
        while True:
            gevent.sleep(PROGRESS_SECONDS)
            if self.running:
                self.send("progress", self.progress())

    def results(self):
        """The results that the master adds up. The share sends no requests after this."""
        self.running = False
        return {
            "nonce": self.nonce,
            "worker": self.number,
            "plan": self.settings.plan(),
            "issued": self.issued,
            "hot": self.hot,
            "cold": self.cold,
            "peak": dict(self.latencies["peak"].counts),
            "sustained": dict(self.latencies["sustained"].counts),
            "sustained_seconds": self.sustained_seconds,
            "cpu": self.demand.read() or None,
            "lost_timings": self.lost_timings,
            "progress": self.progress(),
        }


class Caller:
    """How one user sends a request."""

    def __init__(self, client, settings, share):
        self.client, self.settings, self.share = client, settings, share
        self.headers = settings.headers()

    def call(self):
        """Sends the next request of the share; False if none is left."""
        following = self.share.next_call()
        if following is None:
            self.share.finish_if_done()
            return False
        index, hot, body = following
        phase, began, at = self.share.phase, time.perf_counter(), timestamp()
        # A user that is killed during a request exits by an exception; the request must still be counted.
        outcome, status = "errors", "cut off"
        try:
            response = self.client.post("/predict", data=body, headers=self.headers)
            outcome, status = outcome_of(response), response.status_code or type(response.error).__name__
        finally:
            seconds = time.perf_counter() - began
            answered = outcome in ("hit", "miss", "bypass")
            timing = [at, index, len(body), answered, 1, status, f"{seconds:.6f}", f"{seconds:.6f}"]
            self.share.note(id(self), hot, outcome, phase, seconds * 1000, timing)
        if outcome == "refused":
            gevent.sleep(REFUSED_PAUSE_SECONDS)
        return True
