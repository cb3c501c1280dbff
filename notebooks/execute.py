"""Executes notebooks and saves the results: script/notebook calls it.

    python notebooks/execute.py [--save] NAME…

The executed copy goes to results/notebooks/NAME.ipynb, and a page of it to NAME.html. With --save the outputs go into
the notebook itself too.
"""

import argparse
import os
import re
import sys
import time
from pathlib import Path

import nbformat
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError
from nbconvert import HTMLExporter
from traitlets.config import Config

HERE = Path(__file__).resolve().parent
OUTPUT = HERE.parent / "results/notebooks"
# Metadata from a kernel differs between Python versions, and means nothing for the notebook.
METADATA = {
    "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
    "language_info": {"name": "python"},
}
# No scripts, and nothing from other hosts.
POLICY = "default-src 'none'; img-src data:; style-src 'unsafe-inline'"


def names():
    return sorted(path.stem for path in HERE.glob("*.ipynb"))


def load(name):
    return nbformat.read(HERE / f"{name}.ipynb", as_version=4)


def execute(notebook, seconds=None, environment=None, began=lambda number, cell: None):
    """Executes the cells in order, each for at most `seconds`; raises CellExecutionError for the first that fails."""
    client = NotebookClient(
        notebook, timeout=seconds, kernel_name="python3", record_timing=False,
        # Kernel and client communicate over local ports, which other users of the machine could reach.
        config=Config({"KernelManager": {"transport_encryption": "required"}}),
        resources={"metadata": {"path": str(HERE)}},
        on_cell_start=lambda cell, cell_index: began(cell_index + 1, cell))
    try:
        client.execute(env={**os.environ, **(environment or {})})
    finally:
        notebook.metadata = nbformat.from_dict(METADATA)
    return notebook


def page(notebook):
    """The notebook as a page that contacts no other host."""
    exporter = HTMLExporter(template_name="lab", embed_images=True)
    html, _ = exporter.from_notebook_node(notebook)
    # The template's scripts would load support for formulas and diagrams, which the notebooks do not have.
    html = re.sub(r"<script\b.*?</script>", "", html, flags=re.DOTALL)
    return html.replace("<head>", f'<head><meta http-equiv="Content-Security-Policy" content="{POLICY}">', 1)


def shown(path):
    return path.relative_to(Path.cwd()) if path.is_relative_to(Path.cwd()) else path


def run(name, save):
    """Executes one notebook, shows where it is, and returns whether all cells ran."""
    notebook, began = load(name), time.monotonic()

    def tell(number, cell):
        if cell.cell_type == "code":
            print(f"{name}: cell {number} of {len(notebook.cells)}, {time.monotonic() - began:.0f} s", file=sys.stderr)

    fault = None
    try:
        execute(notebook, began=tell)
    except CellExecutionError as error:
        fault = f"{error.ename}: {error.evalue}"
    OUTPUT.mkdir(parents=True, exist_ok=True)
    executed, html = OUTPUT / f"{name}.ipynb", OUTPUT / f"{name}.html"
    nbformat.write(notebook, executed)
    html.write_text(page(notebook), encoding="utf-8")
    if fault:
        print(f"script/notebook: {name} failed, {fault}. The cells so far are in {shown(html)}", file=sys.stderr)
        return False
    if save:
        nbformat.write(notebook, HERE / f"{name}.ipynb")
    print(f"executed {shown(executed)}\npage     {shown(html)}")
    return True


def main():
    parser = argparse.ArgumentParser(prog="script/notebook")
    parser.add_argument("names", nargs="+", choices=names(), metavar="NAME", help=f"one of {', '.join(names())}")
    parser.add_argument("--save", action="store_true", help="put the outputs into the notebook itself")
    arguments = parser.parse_args()
    done = [run(name, arguments.save) for name in arguments.names]
    return 0 if all(done) else 1


if __name__ == "__main__":
    sys.exit(main())
