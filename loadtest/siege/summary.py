"""Sums a siege log up, weighting response times by answers, and writes it as JSON beside the log.

    summary.py NAME.siege.log TARGET CLIENT

The mean of siege's column of response times would count a phase of ten calls like one of a thousand.
"""

import json
import re
import sys
import urllib.request
from datetime import datetime, timedelta
from pathlib import Path

COLUMNS = [
    "time",
    "transactions",
    "elapsed_seconds",
    "data",
    "response_seconds",
    "rate",
    "throughput",
    "concurrency",
    "okay",
    "failed",
]
MARK = re.compile(r"\*\*\*\* phase (\d+) delay (\S+) clients (\d+) \*\*\*\*")


def parse(text):
    """The phases of a log. Times are the ends of phases, in UTC where siege ran with TZ=UTC."""
    phases, mark = [], {}
    for line in text.splitlines():
        if found := MARK.match(line.strip()):
            mark = {"phase": int(found[1]), "delay_seconds": float(found[2]), "clients": int(found[3])}
        elif re.match(r"\d{4}-\d\d-\d\d ", line):
            values = [value.strip() for value in line.split(",")]
            row = dict(zip(COLUMNS, values, strict=True))
            ended = datetime.strptime(row.pop("time"), "%Y-%m-%d %H:%M:%S")
            numbers = {name: float(value) if "." in value else int(value) for name, value in row.items()}
            phases.append({**mark, "ended": ended.strftime("%Y-%m-%dT%H:%M:%S.000Z"), **numbers})
            mark = {}
    return phases


def sum_up(phases):
    """Totals; the response time is weighted by the calls that were answered."""
    okay, seconds = sum(each["okay"] for each in phases), sum(each["elapsed_seconds"] for each in phases)
    weighted = sum(each["response_seconds"] * each["okay"] for each in phases)
    return {
        "okay": okay,
        "failed": sum(each["failed"] for each in phases),
        "seconds": round(seconds, 2),
        "rate": round(okay / seconds, 3) if seconds else None,
        "response_seconds": round(weighted / okay, 4) if okay else None,
    }


def started(phases):
    first = datetime.strptime(phases[0]["ended"], "%Y-%m-%dT%H:%M:%S.000Z")
    return (first - timedelta(seconds=phases[0]["elapsed_seconds"])).strftime("%Y-%m-%dT%H:%M:%S.000Z")


def version(target):
    try:
        with urllib.request.urlopen(f"{target}/version", timeout=5) as answer:
            return json.load(answer)
    except (OSError, ValueError):
        return None


def main(log, target, client):
    path = Path(log)
    phases = parse(path.read_text(encoding="utf-8"))
    if not phases:
        sys.exit(f"{log} has no phases: siege made no call")
    totals = sum_up(phases)
    entry = {
        "schema": 1,
        "tool": "siege",
        "name": path.name.removesuffix(".siege.log"),
        "client": client,
        "target": target,
        "started": started(phases),
        "ended": phases[-1]["ended"],
        **totals,
        "phases": phases,
        "version": version(target),
    }
    path.with_suffix(".json").write_text(json.dumps(entry, indent=2) + "\n", encoding="utf-8")
    print(
        f"{totals['okay']} answers in {totals['seconds']} s: {totals['rate']} a second; response time "
        f"{totals['response_seconds']} s, weighted by answers; {totals['failed']} failed"
    )


if __name__ == "__main__":
    main(*sys.argv[1:])
