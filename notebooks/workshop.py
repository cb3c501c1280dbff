"""What the notebooks share: their own server, the commands of this repository, and the style of plots."""

import atexit
import json
import os
import re
import subprocess
import sys
import urllib.request
from pathlib import Path
from tempfile import TemporaryDirectory

import matplotlib.pyplot as plt
from matplotlib.ticker import LogLocator, NullFormatter

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from testkit.server import Server  # noqa: E402 (it is found by the line above)

BLUE, ORANGE, GREEN, GREY = "#0072b2", "#d55e00", "#009e73", "#8c8c8c"

VOID, UNPROVEN = 3, 4

plt.rcParams.update({
    "axes.axisbelow": True,
    "axes.grid": True,
    "axes.prop_cycle": plt.cycler(color=[BLUE, ORANGE, GREEN, GREY]),
    "axes.spines.right": False,
    "axes.spines.top": False,
    "axes.titlelocation": "left",
    "figure.dpi": 90,
    "figure.constrained_layout.use": True,
    "font.size": 9,
    "grid.color": "#e4e4e4",
    "legend.frameon": False,
})


class WorkshopError(Exception):
    """One line for people."""


def setting(name, default):
    """An environment variable as a value of the default's type; the default if it is unset or empty."""
    text = os.environ.get(name, "")
    try:
        return type(default)(text) if text else default
    except ValueError:
        raise WorkshopError(f"{name}={text} is not allowed: use a number, such as {default}") from None


def results(name):
    """The folder for a notebook's files: RESULTS, or results/notebooks/NAME in the repository."""
    folder = Path(os.environ.get("RESULTS") or ROOT / "results/notebooks" / name).resolve()
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def program(name):
    """The path of bungalow-server or bungalow: BUNGALOW_SERVER or BUNGALOW, or else the release build."""
    path = Path(os.environ.get(name.upper().replace("-", "_")) or ROOT / ".build/release" / name)
    if not path.exists():
        raise WorkshopError(f"{name} is not built: run script/build --product {name}, or script/notebook")
    return path


def start_server(**environment):
    """Starts a server on a free port of this machine, with a cache of its own; returns its address.

    CACHE_URL chooses another cache, such as redis://localhost:6379. The server ends with the notebook's kernel.
    """
    cache = os.environ.get("CACHE_URL") or f"sqlite:{private_folder()}/predictions.sqlite"
    server = Server(program("bungalow-server"), {"CACHE_URL": cache, **environment})
    atexit.register(server.end)
    return server.url


def version(target):
    """The response to /version, which needs no key."""
    try:
        with urllib.request.urlopen(f"{target}/version", timeout=10) as response:
            return json.load(response)
    except (OSError, ValueError) as error:
        reason = getattr(error, "reason", error)
        raise WorkshopError(f"TARGET={target} is not Bungalow, or cannot be reached: {reason}") from None


def private_folder():
    """A folder that only this user can read, and that is removed with the notebook's kernel."""
    folder = TemporaryDirectory()
    atexit.register(folder.cleanup)
    return folder.name


def private_file(text):
    """The name of a file in such a folder, with this text."""
    path = Path(private_folder()) / "file"
    path.write_text(text)
    return str(path)


def run(*command, **environment):
    """Runs a command of this repository with these variables, and prints its output.

    A run that is VOID (3) or UNPROVEN (4) reports that itself. Any other exit code except 0 raises WorkshopError.
    """
    known = {**os.environ, "CLIENT_NAME": "notebook", **{name: str(value) for name, value in environment.items()}}
    done = subprocess.run(
        [str(ROOT / command[0]), *map(str, command[1:])], cwd=ROOT, env=known, stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    print(narrow(without_places(done.stdout)).rstrip())
    if done.returncode not in (0, VOID, UNPROVEN):
        raise WorkshopError(f"{Path(command[0]).name} ended with exit code {done.returncode}")


def quietly(*command):
    """A command's stdout, for further processing; raises CalledProcessError if the command fails."""
    done = subprocess.run([*map(str, command)], check=True, capture_output=True, text=True)
    return done.stdout


def narrow(text):
    """Locust's tables without the space for long names, so that they fit a page."""
    return re.sub(r" {60}(?= )|-{60}(?=-)", "", text)


def plain_ticks(axis):
    """Plain numbers on a logarithmic axis: 0.5, 1, 2, 5, 10."""
    axis.set_major_locator(LogLocator(subs=(1, 2, 5)))
    axis.set_major_formatter("{x:g}")
    axis.set_minor_formatter(NullFormatter())


def without_places(text):
    """A path relative to the repository, since notebooks are shared with others."""
    text = re.sub(r"(?:/[\w.-]+)*/results/notebooks/", "results/notebooks/", text)
    return text.replace(f"{ROOT}/", "").replace(str(ROOT), ".")
