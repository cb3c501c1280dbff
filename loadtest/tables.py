"""The two tables of a set of runs at several cache rates, peak and sustained, as Markdown; and their chart."""

from statistics import median

from chart import line_chart

PERCENTILES = ("p50", "p90", "p95", "p99", "p99.9")
TITLES = {
    "peak": "Peak: requests begun while users were still being added",
    "sustained": "Sustained: requests begun while all users were there",
}


def by_rate(entries):
    """The proven runs, by cache rate in ascending order."""
    found = {}
    for entry in sorted(entries, key=lambda entry: entry["cache_rate"]):
        found.setdefault(entry["cache_rate"], [])
        if entry["verdict"] == "PROVEN":
            found[entry["cache_rate"]].append(entry)
    return found


def middle(runs, phase, name):
    """The median over the runs; None without such requests."""
    values = [run["latency_ms"][phase][name] for run in runs if run["latency_ms"][phase]]
    return median(values) if values else None


def cell(value, form="{:.2f}"):
    return "–" if value is None else form.format(value)


def hit_rate(runs):
    """The share of hits among all responses with status 200 of the runs."""
    seen = [run["seen"] for run in runs]
    answered = sum(each["hit"] + each["miss"] + each["bypass"] for each in seen)
    return sum(each["hit"] for each in seen) / answered if answered else None


def table(entries, phase):
    head = ["cache rate", "hit rate seen", "runs", "requests", *(f"{name.upper()} ms" for name in PERCENTILES)]
    sustained = phase == "sustained"
    lines = [f"**{TITLES[phase]}**", "", "| " + " | ".join(head + ["requests/s"] * sustained) + " |"]
    lines.append("|" + "---:|" * (len(head) + sustained))
    for rate, runs in by_rate(entries).items():
        calls = sum((run["latency_ms"][phase] or {"count": 0})["count"] for run in runs)
        row = [f"{rate:g}", cell(hit_rate(runs), "{:.6f}"), str(len(runs)), str(calls)]
        row += [cell(middle(runs, phase, name)) for name in PERCENTILES]
        if sustained:
            rates = [run["rate"]["sustained"] for run in runs if run["rate"]["sustained"] is not None]
            row.append(cell(median(rates) if rates else None, "{:.1f}"))
        lines.append("| " + " | ".join(row) + " |")
    return "\n".join(lines) + "\n"


def notes(entries):
    """Which runs were left out of the tables and why, and whether all runs measured the same build."""
    lines = [
        f"- left out: {entry['name']}, {entry['verdict']}: {'; '.join(reason['text'] for reason in entry['reasons'])}"
        for entry in entries
        if entry["verdict"] != "PROVEN"
    ]
    builds = {
        tuple((entry["version"] or {}).get(name) for name in ("executable_sha256", "model_version", "configuration"))
        for entry in entries
    }
    if len(builds) > 1:
        lines.append("- the runs are not of the same build, model or configuration: do not compare them")
    for name, word in (("refused", "rejected"), ("errors", "errors"), ("timeouts", "time-outs")):
        if total := sum(entry["seen"][name] for entry in entries):
            lines.append(f"- {word}: {total} requests, not in the percentiles")
    return "\n".join(lines) + "\n" if lines else ""


def markdown(entries):
    """Both tables; medians over the rounds, of proven runs only."""
    return "\n".join([table(entries, "peak"), table(entries, "sustained"), notes(entries)]).rstrip() + "\n"


def chart(entries):
    runs = by_rate(entries)
    series = [
        (f"{name} {phase}", [middle(each, phase, name) for each in runs.values()], phase == "peak")
        for phase in ("sustained", "peak")
        for name in ("p50", "p99", "p99.9")
    ]
    categories = [f"{rate:g}" for rate in runs]
    return line_chart("Latency by cache rate", "cache rate", "ms", categories, [s for s in series if any(s[1])])
