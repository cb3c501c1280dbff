"""The printed tables: Markdown, with the figures of one run side by side."""
from .figures import median, ratio, spread

SATURATED = 0.95
FOREIGN = 0.05
RATE_TOLERANCE = 0.01
REACHED = 0.99


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


def ratios(ours, theirs):
    """Bungalow's requests per second to a peer's, and the peer's CPU per request to Bungalow's, round by round.

    Above 1, Bungalow wins. The rounds are interleaved, so both of a pair met the machine in the same state.
    """
    if not ours or ours is theirs:
        return {}
    return {
        "calls_per_second": [
            ratio(our["calls_per_second"], their["calls_per_second"]) for our, their in zip(ours, theirs)],
        "cpu_seconds_per_1000": [
            ratio(their["cpu_seconds_per_1000"], our["cpu_seconds_per_1000"]) for our, their in zip(ours, theirs)],
    }


def summarised(values):
    return {"median": median(values), "min": min(values), "max": max(values)}


def against(ours, theirs):
    """The ratios of requests per second and of CPU as shown: the median and the range of the rounds."""
    found = ratios(ours, theirs)
    return [shown_ratio(found[name]) for name in found] or ["–", "–"]


def shown_ratio(values):
    median_ratio = f"{median(values):.2f} ×"
    return median_ratio if len(values) == 1 else f"{median_ratio} ({min(values):.2f}–{max(values):.2f})"


def spread_of(rounds, name):
    return f" ({percent(spread([figures[name] for figures in rounds]))})"


def grouped(number):
    return f"{number:,.0f}".replace(",", " ")


def closed_table(scenario, by_peer, titles, differences):
    header = [
        "", "requests/s (spread)", "CPU s / 1 000 requests (spread)", "Bungalow: requests/s (range)",
        "Bungalow: CPU (range)", "p99 ms", "MiB", "server busy", "load + Redis busy", "note"]
    rows = []
    for name, rounds in by_peer.items():
        m = medians(rounds)
        rows.append([
            titles[name], grouped(m["calls_per_second"]) + spread_of(rounds, "calls_per_second"),
            f"{m['cpu_seconds_per_1000']:.4f}" + spread_of(rounds, "cpu_seconds_per_1000"),
            *against(by_peer.get("bungalow"), rounds), f"{m['p99_ms']:.2f}", f"{m['resident_mib']:.0f}",
            percent(m["server_share"]), percent(m["generator_share"] + m["redis_share"]),
            "; ".join(differences.get(name, []) + notes(scenario, rounds))])
    return rows_to_markdown(scenario.title, header, rows)


def notes(scenario, rounds):
    """Caveats that a reader must know to judge a row; each round is judged on its own."""
    found = {}
    for number, figures in enumerate(rounds, 1):
        for what, value in round_notes(scenario, figures):
            found.setdefault(what, []).append((number, value))
    return [shown_note(what, cases, len(rounds)) for what, cases in found.items()]


def shown_note(what, cases, rounds):
    values = ", ".join(value for _, value in cases if value)
    numbers = ", ".join(str(number) for number, _ in cases)
    where = "" if len(cases) == rounds else f" (round {numbers})" if len(cases) == 1 else f" (rounds {numbers})"
    return what + (f": {values}" if values else "") + where


def round_notes(scenario, figures):
    """Pairs of a caveat and its value, if it has one."""
    if "others_share" in figures:
        yield from core_notes(figures)
    if figures.get("rate", 1) < REACHED * figures.get("asked_per_second", 1):
        yield "reached of the asked rate", percent(figures["rate"] / figures["asked_per_second"])
    if "look_ups_per_call" not in figures:
        return
    if figures["look_ups_per_call"] < 1 - RATE_TOLERANCE:
        yield "requests that asked the cache", percent(figures["look_ups_per_call"])
    if abs(figures["cache_rate"] - scenario.rate) > RATE_TOLERANCE:
        yield "cache rate", f"{figures['cache_rate']:.2f}"


def core_notes(figures):
    load = figures["generator_share"] + figures["redis_share"]
    if figures["server_share"] < SATURATED and load >= SATURATED:
        yield "the load's core was full, not the server's: compare CPU", ""
    elif figures["server_share"] + figures["others_share"] < SATURATED:
        yield "the server's core was not full: compare CPU", ""
    if figures["others_share"] > FOREIGN:
        yield "others on the server's core", percent(figures["others_share"])


def open_table(scenario, by_peer, titles, differences):
    header = [
        "", "requests/s asked", "requests/s", "p50 ms", "p99 ms", "p99.9 ms", "CPU s / 1 000 requests", "note"]
    rows = []
    for peer, rounds in by_peer.items():
        m = medians(rounds)
        rows.append([
            titles[peer], grouped(m["asked_per_second"]), grouped(m["rate"]),
            *(f"{m[name]:.3f}" + spread_of(rounds, name) for name in ("p50_ms", "p99_ms", "p99_9_ms")),
            f"{m['cpu_seconds_per_1000']:.4f}", "; ".join(differences.get(peer, []) + notes(scenario, rounds))])
    return rows_to_markdown(scenario.title, header, rows)


def plain_table(scenario, by_peer, titles, differences):
    """Every figure, with its spread over the rounds."""
    names = list(dict.fromkeys(name for rounds in by_peer.values() for name in rounds[0]))
    rows = []
    for peer, rounds in by_peer.items():
        m = medians(rounds)
        rows.append([titles[peer]] + [
            f"{m[name]:.1f}" + spread_of(rounds, name) for name in names])
    return rows_to_markdown(scenario.title, ["", *(name.replace("_", " ") for name in names)], rows)


def summary(results, titles):
    header = ["Bungalow against", "cache rate 0: requests/s", "CPU", "cache rate 1: requests/s", "CPU"]
    rows = []
    for peer in results["misses"]:
        if peer != "bungalow" and peer in results["hits"]:
            cells = [against(results[name]["bungalow"], results[name][peer]) for name in ("misses", "hits")]
            rows.append([titles[peer], *cells[0], *cells[1]])
    return rows_to_markdown("Ratios: above 1, Bungalow serves more requests, or takes less CPU for one", header, rows)


def percent(share):
    return f"{share * 100:.0f} %"


TABLES = {"closed": closed_table, "open": open_table, "start": plain_table, "memory": plain_table}
