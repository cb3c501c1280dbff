"""Reads /metrics: Prometheus' text format (prometheus.io/docs/instrumenting/exposition_formats)."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

SAMPLE = re.compile(r"^([a-zA-Z_:][\w:]*)(?:\{(.*)\})? (\S+)$", re.MULTILINE)
LABEL = re.compile(r'(\w+)="((?:[^"\\]|\\.)*)"')


@dataclass(frozen=True)
class Sample:
    name: str
    labels: dict[str, str]
    value: float


class Metrics:
    """The samples of one scrape."""

    def __init__(self, text: str) -> None:
        self.samples = [
            Sample(name, dict(LABEL.findall(labels)), float(value)) for name, labels, value in SAMPLE.findall(text)
        ]

    def select(self, name: str, **labels: str) -> Iterator[Sample]:
        """The samples with this name that have at least these labels."""
        return (each for each in self.samples if each.name == name and labels.items() <= each.labels.items())

    def total(self, name: str, **labels: str) -> float:
        """The sum of the selected samples; 0 if there are none."""
        return sum(each.value for each in self.select(name, **labels))
