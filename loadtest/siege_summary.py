"""Sums up a siege log, weights response times by responses, and writes the summary as JSON beside the log.

A plain mean of siege's column of response times would weigh a phase of ten requests like one of a thousand.
"""

import json
import math
import re
from datetime import datetime, timedelta

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
VOID = 3
MARK = re.compile(r"\*\*\*\* phase (\d+) delay (\S+) clients (\d+) \*\*\*\*")


def number(text):
    """A cell's number; None for siege's "-nan", the mean of no responses."""
    value = float(text) if not re.fullmatch(r"\d+", text) else int(text)
    return value if math.isfinite(value) else None


def parse(text):
    """The phases of a log. A time is the end of its phase, in UTC if siege ran with TZ=UTC."""
    phases, mark = [], {}
    for line in text.splitlines():
        if found := MARK.match(line.strip()):
            mark = {"phase": int(found[1]), "delay_seconds": float(found[2]), "clients": int(found[3])}
        elif re.match(r"\d{4}-\d\d-\d\d ", line):
            values = [value.strip() for value in line.split(",")]
            row = dict(zip(COLUMNS, values, strict=True))
            ended = datetime.strptime(row.pop("time"), "%Y-%m-%d %H:%M:%S")
            numbers = {name: number(value) for name, value in row.items()}
            phases.append({**mark, "ended": ended.strftime("%Y-%m-%dT%H:%M:%S.000Z"), **numbers})
            mark = {}
    return phases


def sum_up(phases):
    """Totals; the response time is weighted by the number of responses."""
    okay, seconds = sum(each["okay"] for each in phases), sum(each["elapsed_seconds"] for each in phases)
    weighted = sum((each["response_seconds"] or 0) * each["okay"] for each in phases)
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


def write(path, target, client, version):
    """Writes the summary beside the log, prints it, and returns the exit code; `version` is the server's."""
    phases = parse(path.read_text(encoding="utf-8")) if path.exists() else []
    if not phases:
        print(f"VOID: no phase ended, so {path} has no row")
        return VOID
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
        "version": version,
    }
    path.with_suffix(".json").write_text(json.dumps(entry, indent=2) + "\n", encoding="utf-8")
    for each in phases:
        if each["okay"] == 0:
            print(f"phase {each.get('phase', '?')}: no request succeeded, {each['failed']} failed")
    if totals["okay"] == 0:
        print(f"VOID: no request succeeded, {totals['failed']} failed")
        return VOID
    print(
        f"{totals['okay']} responses in {totals['seconds']} s: {totals['rate']} a second; response time "
        f"{totals['response_seconds']} s, weighted by responses; {totals['failed']} failed"
    )
    return 0
