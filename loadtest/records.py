"""The records that are posted: hot ones by number, cold ones by the index of their request. records.js is the same.

All fields are within the contract's bounds. AveOccup holds the run's nonce, so that no entry of an earlier run is hit
and every hot entry's time to live begins with the run. Population identifies the record: 500.… for hot ones, 1000.…
for cold ones; any two different texts of at most 13 digits are different float64 values.
"""

import math
import secrets

NONCE_DIGITS = 9


def new_nonce():
    return str(secrets.randbelow(10**NONCE_DIGITS)).zfill(NONCE_DIGITS)


def body(population, nonce):
    return (
        f'[{{"MedInc":8.3252,"HouseAge":41,"AveRooms":6.98,"AveBedrms":1.02,"Population":{population},'
        f'"AveOccup":2.{nonce},"Latitude":37.88,"Longitude":-122.23}}]'
    )


def hot_body(number, nonce):
    return body(f"500.{number:09d}", nonce)


def cold_body(index, nonce):
    return body(f"1000.{index:09d}", nonce)


class HotChoice:
    """Which hot record a request takes: in turn, or by Zipf's law if the skew is above 0.

    The place is how many hot requests there were before: with the index of the request, a rate of one half would only
    ever take every other record. With Zipf's law record k has the weight 1 / (k + 1)^skew, and the choice is the
    inverse of the distribution at the fractional part of place × golden ratio: evenly spread, the same in each run
    and tool.
    """

    def __init__(self, count, skew):
        self.count = count
        self.bounds = []
        if skew > 0:
            weights = [(k + 1) ** -skew for k in range(count)]
            total = sum(weights)
            reached = 0.0
            for weight in weights:
                reached += weight / total
                self.bounds.append(reached)

    def number(self, place):
        if not self.bounds:
            return place % self.count
        fraction = math.fmod(place * 0.6180339887498949, 1)
        return next((k for k, bound in enumerate(self.bounds) if fraction < bound), self.count - 1)
