"""The tables that are printed: Markdown, figures of one run side by side."""
from .figures import median, ratio, spread

SATURATED = 0.95
FOREIGN = 0.05
RATE_TOLERANCE = 0.01


def render(scenarios, results, titles, differences):
    """All tables; `results` maps scenario name and peer name to the rounds' figures."""
    parts = [
        TABLES[scenario.kind](scenario, results[scenario.name], titles, differences)
        for scenario in scenarios if results.get(scenario.name)]
    if "bungalow" in results.get("misses", {}) and "bungalow" in results.get("hits", {}):
        parts.append(summary(results, titles))
    return "\n\n".join(parts)


def rows_to_markdown(title, header, rows):
    lines = [f"### {title}", ""] if title else []
    lines.append("| " + " | ".join(header) + " |")
    lines.append("|" + "---|" + "--:|" * (len(header) - 1))
    return "\n".join(lines + ["| " + " | ".join(row) + " |" for row in rows])


def medians(rounds):
    return {name: median([figures[name] for figures in rounds if name in figures]) for name in rounds[0]}


def against(ours, theirs):
    """Bungalow's calls per second to a peer's, and the peer's CPU per call to Bungalow's: above 1 is Bungalow's win."""
    if not ours:
        return "–", "–"
    calls = ratio(ours["calls_per_second"], theirs["calls_per_second"])
    cpu = ratio(theirs["cpu_seconds_per_1000"], ours["cpu_seconds_per_1000"])
    return f"{calls:.2f} ×", f"{cpu:.2f} ×"


def spread_of(rounds, name):
    return f" ({percent(spread([figures[name] for figures in rounds]))})"


def grouped(number):
    return f"{number:,.0f}".replace(",", " ")


def closed_table(scenario, by_peer, titles, differences):
    ours = medians(by_peer["bungalow"]) if "bungalow" in by_peer else None
    header = [
        "", "calls/s (spread)", "CPU s / 1 000 calls (spread)", "Bungalow: calls/s", "Bungalow: CPU", "p99 ms", "MiB",
        "server busy", "load + Redis busy", "note"]
    rows = []
    for name, rounds in by_peer.items():
        m = medians(rounds)
        rows.append([
            titles[name], grouped(m["calls_per_second"]) + spread_of(rounds, "calls_per_second"),
            f"{m['cpu_seconds_per_1000']:.4f}" + spread_of(rounds, "cpu_seconds_per_1000"),
            *against(ours, m), f"{m['p99_ms']:.2f}", f"{m['resident_mib']:.0f}",
            percent(m["server_share"]), percent(m["generator_share"] + m["redis_share"]),
            "; ".join(differences.get(name, []) + notes(scenario, m))])
    return rows_to_markdown(scenario.title, header, rows)


def notes(scenario, m):
    """What a reader has to know before he believes a row."""
    found = []
    if scenario.loops == 1:
        load = m["generator_share"] + m["redis_share"]
        if m["server_share"] < SATURATED and load >= SATURATED:
            found.append("the load's core was full, not the server's: compare CPU")
        elif m["server_share"] + m["others_share"] < SATURATED:
            found.append("the server's core was not full: compare CPU")
        if m["others_share"] > FOREIGN:
            found.append(f"others used {percent(m['others_share'])} of the server's core")
    if not scenario.refused and abs(m.get("cache_rate", scenario.rate) - scenario.rate) > RATE_TOLERANCE:
        found.append(f"the cache rate was {m['cache_rate']:.2f}")
    if m.get("look_ups_per_call", 1) < 1 - RATE_TOLERANCE:
        found.append(f"only {percent(m['look_ups_per_call'])} of the calls looked in Redis")
    return found


def open_table(scenario, by_peer, titles, differences):
    header = ["", "calls/s asked", "calls/s", "p50 ms", "p99 ms", "p99.9 ms", "CPU s / 1 000 calls"]
    rows = []
    for peer, rounds in by_peer.items():
        m = medians(rounds)
        rows.append([
            titles[peer], grouped(m["asked_per_second"]), grouped(m["rate"]),
            *(f"{m[name]:.3f}" + spread_of(rounds, name) for name in ("p50_ms", "p99_ms", "p99_9_ms")),
            f"{m['cpu_seconds_per_1000']:.4f}"])
    return rows_to_markdown(scenario.title, header, rows)


def plain_table(scenario, by_peer, titles, differences):
    """Every figure as it is, with its spread over the rounds."""
    names = list(dict.fromkeys(name for rounds in by_peer.values() for name in rounds[0]))
    rows = []
    for peer, rounds in by_peer.items():
        m = medians(rounds)
        rows.append([titles[peer]] + [
            f"{m[name]:.1f}" + spread_of(rounds, name) for name in names])
    return rows_to_markdown(scenario.title, ["", *(name.replace("_", " ") for name in names)], rows)


def summary(results, titles):
    header = ["Bungalow's calls/s (CPU) against", "cache rate 0", "cache rate 1"]
    ours = {name: medians(results[name]["bungalow"]) for name in ("misses", "hits")}
    rows = []
    for peer in results["misses"]:
        if peer == "bungalow" or peer not in results["hits"]:
            continue
        cells = []
        for name in ("misses", "hits"):
            calls, cpu = against(ours[name], medians(results[name][peer]))
            cells.append(f"{calls} ({cpu})")
        rows.append([titles[peer], *cells])
    return rows_to_markdown("Ratios: above 1, Bungalow serves more calls (for less CPU)", header, rows)


def percent(share):
    return f"{share * 100:.0f} %"


TABLES = {"closed": closed_table, "open": open_table, "start": plain_table, "memory": plain_table}
