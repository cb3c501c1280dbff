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
    ("half-load", "p99_ms"): "a lower p99 at half load", ("start", "idle_mib"): "less idle memory",
    ("start", "ready_ms"): "a shorter start"}


def rivals(content):
    """The block of README.md: one table, the figures in which Bungalow is not ahead, and the floor of large batches."""
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
        f"{machine['cores']} cores of {machine['cpu']}, {content['date'][:10]}, {content['rounds']} interleaved rounds "
        f"of {content['seconds']} s a load{overrides}; medians, and in brackets Bungalow against it (above 1, Bungalow "
        "is better):")


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
    """The figures in which a rival is ahead, and those in which Bungalow is by less than 5 %: none is left out."""
    lines = [
        f"- {fact['title']}: a round was measured again, since {reason}."
        for fact in facts.values() for reason in fact["repeated"]]
    for name, fact in facts.items():
        if name == "bungalow" or fact["failed"]:
            continue
        ratios = {
            f"{word}, {LOADS[load]}": medians[load, name]["bungalow_ratio"][figure]["median"]
            for load in LOADS for figure, word in FIGURES.items()
            if medians.get((load, name), {}).get("bungalow_ratio")}
        ahead = [f"{what} ({ratio:.2f} ×)" for what, ratio in ratios.items() if ratio < 1]
        close = [f"{what} ({ratio:.2f} ×)" for what, ratio in ratios.items() if 1 <= ratio < WON]
        ahead += [text for key, text in LESS.items() if less(medians, key, name)]
        if "bungalow" in facts and fact["installed_mib"] < facts["bungalow"]["installed_mib"]:
            ahead.append("a smaller installation")
        if ahead:
            lines.append(f"- {fact['title']} is ahead of Bungalow: {'; '.join(ahead)}.")
        if close:
            lines.append(f"- {fact['title']} is behind Bungalow by less than 5 %: {'; '.join(close)}.")
    return ["\n".join(lines)] if lines else []


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
        f"A batch of 1 000 takes {our_ms:.3f} ms of CPU; md5 of the printed records and the kernel's copies of the "
        f"same bytes alone take {least_ms:.3f} ms in C: {1 / ratio:.2f} × that floor."]


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
