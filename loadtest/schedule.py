"""Which requests of a run are hot: request i is hot iff floor((i + 1) c) > floor(i c), computed with whole numbers.

schedule.js is the same in JavaScript; tests/schedule_cases.json holds both to the same results.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from math import gcd
from typing import Self

DECIMALS = 6
DECIMAL = re.compile(rf"\+?(?=\.?[0-9])([0-9]{{0,9}})(?:\.([0-9]{{0,{DECIMALS}}}))?")


def likely_rate(text: str) -> str | None:
    """The number that a text with a percent sign, a decimal comma, an exponent or blanks around it probably means."""
    found = re.fullmatch(r"([0-9]{0,9}[.,]?[0-9]{0,9}(?:[eE][+-]?[0-9])?)\s*(%?)", text.strip())
    try:
        value = Decimal(found[1].replace(",", ".")) / (100 if found[2] else 1) if found else None
    except InvalidOperation:
        return None
    written = f"{value.normalize():f}" if value is not None else ""
    return written if DECIMAL.fullmatch(written) else None


@dataclass(frozen=True)
class CacheRate:
    """The share of hot requests, as the fraction hot / period in lowest terms."""

    hot: int
    period: int

    @classmethod
    def parse(cls, text: str) -> Self:
        """Reads a number with at most six decimals; at 1 and above, all requests are hot.

        `.43`, `1.` and `+0.5` are numbers too.
        """
        found = DECIMAL.fullmatch(text)
        if not found:
            better = likely_rate(text)
            raise ValueError(
                f"{text!r} is not allowed: use a number from 0 to 1 with at most {DECIMALS} decimals"
                + (f", here {better}" if better else "")
            )
        period = 10**DECIMALS
        hot = min(int(found[1] or "0") * period + int((found[2] or "").ljust(DECIMALS, "0")), period)
        return cls(hot // gcd(hot, period), period // gcd(hot, period))

    def is_hot(self, index: int) -> bool:
        return index * self.hot % self.period + self.hot >= self.period

    def hot_among(self, calls: int) -> int:
        """How many of the first `calls` requests are hot."""
        return calls * self.hot // self.period

    def __float__(self) -> float:
        return self.hot / self.period


@dataclass(frozen=True)
class Stride:
    """One worker's share of the requests: whole periods in turn, so that a worker's speed does not change the rate.

    With single requests in turn, two workers at a rate of one half would give all hot requests to one of them.
    """

    worker: int
    workers: int
    period: int

    def index(self, count: int) -> int:
        """The index in the run of a worker's request number `count` (from 0)."""
        turn, place = divmod(count, self.period)
        return (turn * self.workers + self.worker) * self.period + place


def planned_hot(rate: CacheRate, counts: Iterable[int]) -> int:
    """How many of the requests that the workers issued are hot: a share is whole periods and the start of one more."""
    return sum(rate.hot_among(count) for count in counts)
