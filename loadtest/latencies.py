"""Latencies that can be added up over workers: counts by value, rounded to three digits (an error of at most 0.5 %)."""

import math
from collections import Counter


def rounded(milliseconds):
    return float(f"{milliseconds:.3g}")


class Latencies:
    def __init__(self, counts=()):
        self.counts = Counter(dict(counts))

    def add(self, milliseconds):
        self.counts[rounded(milliseconds)] += 1

    def __add__(self, other):
        return Latencies(self.counts + other.counts)

    def __sub__(self, other):
        """What was added since `other` was taken."""
        return Latencies(self.counts - other.counts)

    def total(self):
        return self.counts.total()

    def percentile(self, share):
        """The smallest value that this share of the requests does not exceed; None without requests."""
        need = max(1, math.ceil(share * self.total()))
        for value in sorted(self.counts):
            need -= self.counts[value]
            if need <= 0:
                return value
        return None

    def mean(self):
        total = self.total()
        return sum(value * count for value, count in self.counts.items()) / total if total else None

    def percentiles(self):
        """In the format of run.schema.json."""
        if not self.counts:
            return None
        shares = {"p50": 0.5, "p90": 0.9, "p95": 0.95, "p99": 0.99, "p99.9": 0.999}
        return {
            "count": self.total(),
            **{name: self.percentile(share) for name, share in shares.items()},
            "max": max(self.counts),
        }
