"""The tables in README.md and docs/measuring.md that are generated from the files of figures."""
import json
import re

from testkit.processes import ROOT

from . import machine
from .table import grouped, rows_to_markdown

RESULTS = ROOT / "Benchmarks/results"
NOT_MEASURED = "No run is published yet."
WON = 1.05
LOADS = {
    "misses": "cache rate 0", "mixed": "cache rate 0.5", "hits": "cache rate 1", "batch-100": "batches of 100",
    "batch-1000": "batches of 1 000", "two-loops-misses": "two loops, cache rate 0",
    "two-loops-hits": "two loops, cache rate 1"}
SHOWN = ("misses", "hits", "batch-1000")
FIGURES = {"calls_per_second": "requests/s", "cpu_seconds_per_1000": "CPU"}
# Figures of a whole service for which less is better: scenario and figure, and the words for a rival that has less.
LESS = {
    ("half-load", "p99_ms"): "A lower p99 at half load", ("start", "idle_mib"): "Less idle memory",
    ("start", "ready_ms"): "A shorter start"}


def rivals(content):
    """The block of README.md: the rivals, the figures in which one is ahead or close, the floor of large batches."""
    medians = {
        (scenario["name"], name): entry
        for scenario in content["scenarios"] for name, entry in scenario["peers"].items()}
    facts = {name: fact for name, fact in content["rivals"].items() if name != "floor"}
    header = ["", *(f"requests/s, {LOADS[load]}" for load in SHOWN), *(f"CPU µs, {LOADS[load]}" for load in SHOWN),
              "p99 ms at half load", "idle MiB", "start ms", "installed MiB"]
    rows = [row(name, fact, medians) for name, fact in facts.items()]
    parts = [where(content), rows_to_markdown("", header, rows), *contested(facts, medians), *floor(content, medians)]
    return "\n\n".join(parts)


def where(content):
    machine = content["machine"]
    overrides = "".join(f", with {name}={value}" for name, value in content["overrides"].items())
    return (
        f"The table shows the medians of {content['rounds']} rounds on {machine['cores']} cores of {machine['cpu']}, "
        f"{content['date'][:10]}. In each round each server got each load for {content['seconds']} s{overrides}. The "
        "number in brackets compares Bungalow with that server; above 1, Bungalow is better.")


def row(name, fact, medians):
    if fact["failed"]:
        return [fact["title"], f"not measured: {fact['failed'].replace('|', '/')}", *[""] * 9]
    cells = [cell(medians.get((load, name)), figure) for figure in FIGURES for load in SHOWN]
    return [fact["title"], *cells, *(shown(medians, key, name) for key in LESS), f"{fact['installed_mib']:.0f}"]


def cell(entry, figure):
    if entry is None:
        return "–"
    value = entry["median"][figure]
    text = grouped(value) if figure == "calls_per_second" else f"{value * 1000:.1f}"
    ratio = entry.get("bungalow_ratio")
    return f"{text} ({ratio[figure]['median']:.2f} ×)" if ratio else text


def shown(medians, key, name):
    entry = medians.get((key[0], name))
    return f"{entry['median'][key[1]]:.{2 if key[1] == 'p99_ms' else 0}f}" if entry else "–"


def contested(facts, medians):
    """The figures in which a ratio is below `WON`: none is left out."""
    parts = [
        f"{fact['title']}: a round was measured again, because {reason}."
        for fact in facts.values() for reason in fact["repeated"]]
    others = {name: fact for name, fact in facts.items() if name != "bungalow" and not fact["failed"]}
    rows = []
    for figure, word in FIGURES.items():
        for load, words in LOADS.items():
            ratios = [median_ratio(medians.get((load, name)), figure) for name in others]
            rows.append((f"{word}, {words}", ratios))
    rows = [(title, ratios) for title, ratios in rows if any(map(is_contested, ratios))]
    columns = [index for index in range(len(others)) if any(is_contested(ratios[index]) for _, ratios in rows)]
    if rows:
        titles = [fact["title"] for fact in others.values()]
        shown = [
            [title, *(f"{ratios[index]:.3f}" if ratios[index] else "not measured" for index in columns)]
            for title, ratios in rows]
        parts += [
            "In each row of the next table, at least one server is ahead of Bungalow (a ratio below 1), or behind it "
            f"by less than 5 % (a ratio below {WON}):",
            rows_to_markdown("", ["", *(titles[index] for index in columns)], shown)]
    ahead = {text: [fact["title"] for name, fact in others.items() if less(medians, key, name)]
             for key, text in LESS.items()}
    if "bungalow" in facts:
        ahead["A smaller installation"] = [
            fact["title"] for fact in others.values() if fact["installed_mib"] < facts["bungalow"]["installed_mib"]]
    parts.append("\n".join(f"- {text} than Bungalow: {', '.join(titles)}." for text, titles in ahead.items() if titles))
    return [part for part in parts if part]


def median_ratio(entry, figure):
    return entry and entry.get("bungalow_ratio") and entry["bungalow_ratio"][figure]["median"]


def is_contested(ratio):
    return bool(ratio) and ratio < WON


def less(medians, key, name):
    theirs, ours = medians.get((key[0], name)), medians.get((key[0], "bungalow"))
    return theirs and ours and theirs["median"][key[1]] < ours["median"][key[1]]


def floor(content, medians):
    """The cost of a batch of 1 000, compared with md5 and the kernel's copies alone."""
    ours, least = (medians.get(("batch-1000", name)) for name in ("bungalow", "floor"))
    if not ours or not least:
        return []
    our_ms, least_ms = (entry["median"]["cpu_seconds_per_1000"] for entry in (ours, least))
    ratio = least["bungalow_ratio"]["cpu_seconds_per_1000"]["median"]
    return [
        f"A batch of 1 000 takes Bungalow {our_ms:.3f} ms of CPU. A program in C that only computes the md5 of such a "
        f"batch, and receives and sends as many bytes as Bungalow, takes {least_ms:.3f} ms. Bungalow takes "
        f"{1 / ratio:.2f} times as long."]


def others(contents):
    """The block of docs/measuring.md: figures of the simulator and of the search for recipes."""
    return NOT_MEASURED if not contents else "\n\n".join(
        f"`{content['command']}` on {content['machine']['cores']} cores of {content['machine']['cpu']}, "
        f"{content['date'][:10]}:\n\n" + rows_to_markdown("", ["", *content["columns"]], [
            [title, *map(str, values)] for title, values in content["rows"].items()])
        for content in contents)


def publish(name, command, columns, rows):
    """Writes another program's figures, and the block that shows them."""
    content = {**machine.where(), "command": command, "columns": columns, "rows": rows}
    (RESULTS / f"{name}.json").write_text(json.dumps(content, indent=1) + "\n", encoding="utf-8")
    put("others")


def is_there(name):
    return (RESULTS / f"{name}.json").exists()


def read(name):
    return json.loads((RESULTS / f"{name}.json").read_text(encoding="utf-8"))


BLOCKS = {
    "rivals": ("README.md", lambda: rivals(read("rivals")) if is_there("rivals") else NOT_MEASURED),
    "others": ("docs/measuring.md", lambda: others([
        read(name) for name in ("simulate", "recipes") if is_there(name)])),
}


def block_pattern(name):
    begin, end = f"<!-- {name}: made from Benchmarks/results -->\n", f"<!-- end of {name} -->"
    return re.compile(f"(?<={begin}).*?(?={end})", re.DOTALL)


def in_file(name):
    """The block as the document has it."""
    found = block_pattern(name).search((ROOT / BLOCKS[name][0]).read_text(encoding="utf-8"))
    return found and found[0].rstrip("\n")


def put(name):
    """Rewrites the document's block."""
    path = ROOT / BLOCKS[name][0]
    text = BLOCKS[name][1]() + "\n"
    path.write_text(block_pattern(name).sub(lambda _: text, path.read_text(encoding="utf-8")), encoding="utf-8")
