"""The search for saturation: up in steps until requests are rejected, down by one user until a step is clean, then a
hold.

This module does not use Locust: `decide` takes a step's results and returns the next number of users.
"""

import os
from dataclasses import dataclass
from statistics import median

from settings import number, whole_number

WORKING_SHARE = 0.7


@dataclass(frozen=True)
class Step:
    """A step's results: the rate in responses with 200 a second, percentiles in milliseconds."""

    refused: int
    failed: int
    rate: float
    p50_ms: float | None
    p99_ms: float | None

    @property
    def clean(self):
        return self.refused == 0 and self.failed == 0 and self.rate > 0


@dataclass(frozen=True)
class Limits:
    start_users: int
    step_users: int
    most_users: int
    step_seconds: float
    hold_seconds: float
    rounds: int

    @classmethod
    def read(cls, environment=os.environ):
        def whole(name, fallback):
            return whole_number(environment, f"SATURATION_{name}", fallback, 1)

        return cls(
            start_users=whole("START_USERS", 1),
            step_users=whole("STEP_USERS", 5),
            most_users=whole("MOST_USERS", 1000),
            step_seconds=number(environment, "SATURATION_STEP_SECONDS", 10, 1),
            hold_seconds=number(environment, "SATURATION_HOLD_SECONDS", 30, 1),
            rounds=whole("ROUNDS", 3),
        )


class Search:
    def __init__(self, limits):
        self.limits = limits
        self.users, self.phase = limits.start_users, "up"
        self.found, self.fault = [], None

    @property
    def seconds(self):
        return self.limits.hold_seconds if self.phase == "hold" else self.limits.step_seconds

    def decide(self, step):
        """The users of the next step; None at the end, with `fault` set if no saturation was found."""
        if self.phase == "hold" and step.clean:
            self.found.append({"users": self.users, "rate": step.rate, "p50_ms": step.p50_ms, "p99_ms": step.p99_ms})
            if len(self.found) == self.limits.rounds:
                return None
            self.users, self.phase = self.limits.start_users, "up"
        elif self.phase == "down" and step.clean:
            self.phase = "hold"
        elif self.phase == "up" and step.clean:
            self.users += self.limits.step_users
            if self.users > self.limits.most_users:
                most = self.limits.most_users
                self.fault = f"no request was rejected with up to {most} users: see SATURATION_MOST_USERS"
                return None
        else:
            self.users, self.phase = self.users - 1, "down"
            if self.users == 0:
                self.fault = "even one user's requests were rejected or failed"
                return None
        return self.users

    def result(self):
        """The median of the rounds in the format of run.schema.json; None before the last round."""
        if len(self.found) < self.limits.rounds:
            return None
        rates = [each["rate"] for each in self.found]
        rate = median(rates)

        def middle(name):
            values = [each[name] for each in self.found if each[name] is not None]
            return median(values) if values else None

        return {
            "rounds": self.found,
            "users": round(middle("users")),
            "rate": rate,
            "p50_ms": middle("p50_ms"),
            "p99_ms": middle("p99_ms"),
            "spread": (max(rates) - min(rates)) / rate,
            "working_point": WORKING_SHARE * rate,
        }
