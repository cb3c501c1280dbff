"""Writes a run and its proof, <name>.run.json (run.schema.json), and prints the verdict in a few lines."""

import json

from verdict import EXIT_CODES, judge


def run_entry(settings, tool, times, tally, census, latency, rate, version):
    """The content of the file; `latency` and `rate` already have its format."""
    verdict, reasons = judge(tally, census)
    tool, tool_version = tool
    return {
        "schema": 1,
        "tool": tool,
        "tool_version": tool_version,
        "name": settings.name,
        "client": settings.client,
        "started": times[0],
        "ended": times[1],
        "target": settings.target,
        "model": settings.model,
        "cache_rate": float(settings.cache_rate),
        "hot_records": settings.hot_records,
        "users": settings.users,
        "settings": settings.plan(),
        "planned": {"calls": tally.issued, "hot": tally.planned_hot},
        "warm_up": {name: tally.warm[name] for name in ("hit", "miss", "bypass")},
        "seen": tally.seen(),
        "counter_source": census.source.name if census.replicas else "none",
        "counters": census.rows(),
        "evicted": tally.evicted,
        "dropped_iterations": tally.dropped_iterations,
        "client_cpu": None if tally.client_cpu is None else round(tally.client_cpu, 3),
        "client_cpu_limit": tally.cpu_limit,
        "latency_ms": latency,
        "rate": rate,
        "verdict": verdict,
        "reasons": reasons,
        "version": version,
    }


def percentile_line(percentiles):
    if percentiles is None:
        return "no response with status 200"
    return ", ".join(f"{name} {percentiles[name]:.2f} ms" for name in ("p50", "p90", "p95", "p99", "p99.9"))


def saturation_lines(found):
    if found is None:
        return []
    rounds = ", ".join(f"{each['rate']:.1f} with {each['users']} users" for each in found["rounds"])
    return [
        f"saturation at {found['rate']:.1f} requests/s ({rounds}: spread {found['spread']:.1%}), "
        f"p50 {found['p50_ms']} ms, p99 {found['p99_ms']} ms",
        f"work at no more than {found['working_point']:.1f} requests/s, 70 % of it",
    ]


def describe(entry):
    """The lines printed at the end of a run; without a request, only the verdict."""
    lines = number_lines(entry) if entry["planned"]["calls"] else []
    lines += saturation_lines(entry.get("saturation"))
    lines += [f"{entry['verdict']}: {reason['text']}" for reason in entry["reasons"]] or [entry["verdict"]]
    return "\n".join(lines)


def number_lines(entry):
    seen, planned = entry["seen"], entry["planned"]
    answered = seen["hit"] + seen["miss"] + seen["bypass"]
    share = f"{seen['hit'] / answered:.6f}" if answered else "n/a"
    counted = [sum(row[key] or 0 for row in entry["counters"]) for key in ("hits", "misses", "bypasses")]
    warm, replicas = entry["warm_up"], len(entry["counters"])
    wanted = entry["client_cpu"]
    processor = "is not known: too short a run, or not on Linux" if wanted is None else f"{wanted:.0%} of its cores"
    return [
        f"plan      {planned['calls']} requests, {planned['hot']} hot (cache rate {entry['cache_rate']})",
        f"responses {seen['hit']} HIT, {seen['miss']} MISS, {seen['bypass']} BYPASS: a hit rate of {share}; "
        f"rejected {seen['refused']}, errors {seen['errors']}, time-outs {seen['timeouts']}",
        f"counters  {counted[0]} hits, {counted[1]} misses, {counted[2]} bypasses, {replicas} replica(s), "
        f"warm-up included ({warm['hit']} hits, {warm['miss']} misses)",
        f"rate      {entry['rate']['achieved']:.1f} requests/s with status 200",
        f"client    CPU {processor}",
        f"peak      {percentile_line(entry['latency_ms']['peak'])}",
        f"sustained {percentile_line(entry['latency_ms']['sustained'])}",
    ]


def write(entry, settings):
    """Prints the verdict, writes the file (whole or not at all), and returns the verdict's exit code."""
    print(describe(entry), flush=True)
    path, part = settings.file("run.json"), settings.file("run.json.part")
    try:
        part.write_text(json.dumps(entry, indent=2) + "\n", encoding="utf-8")
        part.replace(path)
    except OSError as error:
        part.unlink(missing_ok=True)
        raise OSError(f"{path} cannot be written: {error.strerror}; the verdict was not saved") from None
    return EXIT_CODES[entry["verdict"]]
