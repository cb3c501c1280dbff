"""The file of figures: written after each scenario, and moved into place when everything has been measured."""
import json
import os
import shutil

from . import table
from .failure import Failure


class Report:
    """The figures so far, for a file if one is to be written.

    Until it is complete, it is kept beside its final path, so that a late failure loses neither these figures nor those
    of the last run.
    """

    def __init__(self, path, facts, copy=None):
        self.path, self.copy = path, copy
        self.partial = path and path.with_name(f"{path.stem}.partial.json")
        self.content = {**facts, "scenarios": []}
        if path and path.exists() and not path.is_file():
            raise Failure(f"--output {path} is not a file")
        try:
            if path:
                path.parent.mkdir(parents=True, exist_ok=True)
            self.write()
        except OSError as error:
            raise Failure(f"--output {path} cannot be written: {error.strerror}") from None

    def note(self, **facts):
        self.content |= facts

    def add(self, scenario, by_peer):
        self.content["scenarios"].append({
            "name": scenario.name, "title": scenario.title, "connections": scenario.connections,
            "peers": {name: entry(scenario, by_peer, rounds) for name, rounds in by_peer.items()}})
        self.write()

    def write(self):
        if self.path:
            self.partial.write_text(json.dumps(round_figures(self.content), indent=1) + "\n")

    def publish(self):
        """Moves the complete file into place; returns a line about it."""
        if not self.path:
            return "no file of figures was written: --output FILE writes one"
        os.replace(self.partial, self.path)
        if self.copy:
            shutil.copyfile(self.path, self.copy)
        return f"figures written to {self.path}{f' and {self.copy}' if self.copy else ''}"

    def left(self):
        """A line that says where the figures of a failed run are."""
        return f"the figures so far stay in {self.partial}" if self.path else "the figures so far are in the tables"


def entry(scenario, by_peer, rounds):
    ratios = table.ratios(by_peer.get("bungalow"), rounds) if scenario.kind == "closed" else {}
    return {
        "median": table.medians(rounds),
        **({"bungalow_ratio": {name: table.summarised(values) for name, values in ratios.items()}} if ratios else {}),
        "rounds": rounds}


def round_figures(value):
    """Five digits: a round is not more precise than that."""
    if isinstance(value, float):
        return float(f"{value:.5g}")
    if isinstance(value, dict):
        return {key: round_figures(item) for key, item in value.items()}
    return [round_figures(item) for item in value] if isinstance(value, list) else value
