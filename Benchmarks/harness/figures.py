"""The arithmetic of the table."""
import math
import statistics


def median(values):
    return statistics.median(values)


def spread(values):
    """How far apart the rounds are: (largest - smallest) / median."""
    middle = median(values)
    return (max(values) - min(values)) / middle if middle else 0.0


def percentile(values, percent):
    """The smallest value that at least `percent` of all values do not exceed (nearest rank)."""
    ordered = sorted(values)
    # 99.9 is not a binary fraction: its rounding error must not move the rank.
    rank = math.ceil(round(percent * len(ordered) / 100, 6))
    return ordered[max(0, rank - 1)]


def ratio(ours, theirs):
    return ours / theirs if theirs else math.inf


def round_order(peers, rounds):
    """A B C A B C …: other work on the machine affects all of them alike."""
    return [(number, peer) for number in range(1, rounds + 1) for peer in peers]
