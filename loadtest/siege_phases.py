"""Runs siege in phases and sums up its log. siege/phases starts it and lists the variables."""

import http.client
import json
import os
import re
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from pathlib import Path

import program
import siege_summary
from progress import Progress, duration
from settings import SettingsError, client_of, first_key, folder_of, make_room, name_of, number, target_of

CONFIGURATION = Path(__file__).resolve().parent / "siege/siege.conf"
# The most seconds that a client pauses : the number of clients.
QUIET_FIRST = ["100:20"] * 5 + ["50:20"] * 2 + ["10:20"] * 2 + ["3:20"]
HEAVY = ["1:20"] * 5 + ["1:30"] * 5
QUIET_AGAIN = ["3:20"] + ["60:20"] * 2 + ["80:20"] * 7
PHASE_SECONDS = 60
MOST_MESSAGES = 5
# A server that is just starting refuses connections for a moment.
GRACE_SECONDS, PAUSE_SECONDS, TIMEOUT_SECONDS = 5, 0.1, 5


def phases_of(environment):
    text = environment.get("PHASES") or " ".join(QUIET_FIRST + HEAVY + QUIET_AGAIN)
    phases = [re.fullmatch(r"(\d{1,6}(?:\.\d*)?|\.\d+):([1-9]\d{0,2})", phase) for phase in text.split()]
    if not all(phases):
        raise SettingsError(
            f"PHASES={text} is not allowed: use PAUSE:CLIENTS …, the most seconds between a client's requests, and 1 "
            "to 999 clients"
        )
    return [(f"{float(phase[1]):g}", phase[2]) for phase in phases]


def seconds_of(environment):
    """How long a phase lasts, in whole seconds, as siege requires."""
    factor = number(environment, "FACTOR", 1, most=9999)
    if factor == 0:
        raise SettingsError(f"FACTOR={environment['FACTOR']} is not allowed: use a number above 0")
    return max(1, int(PHASE_SECONDS * factor + 0.5))


def reason_of(error):
    """Why there was no response, in one line."""
    return str(getattr(error.reason, "strerror", None) or error.reason) if hasattr(error, "reason") else str(error)


def call(url, key):
    request = urllib.request.Request(url, headers={"Authorization": f"Bearer {key}"} if key else {})
    return urllib.request.urlopen(request, timeout=TIMEOUT_SECONDS)


def reach(url, key):
    """Waits a moment for a response: siege's output does not distinguish a missing server from a slow one."""
    deadline = time.monotonic() + GRACE_SECONDS
    while True:
        try:
            call(url, key).close()
            return
        except urllib.error.HTTPError as error:
            # A busy server may respond later; a server without the path never will.
            if error.code >= 500 or error.code in (408, 429):
                return
            sys.exit(f"loadtest/siege/phases: GET {url}: status {error.code} {error.reason}")
        except TimeoutError:
            return
        except (OSError, http.client.HTTPException) as error:
            if time.monotonic() > deadline:
                sys.exit(f"loadtest/siege/phases: GET {url}: {reason_of(error)}")
        time.sleep(PAUSE_SECONDS)


def version(target, key):
    """The response to GET /version; None if there is none."""
    try:
        with call(f"{target}/version", key) as response:
            found = json.load(response)
            return found if isinstance(found, dict) else None
    except (OSError, ValueError, http.client.HTTPException):
        return None


def progress_text(phase, phases, seconds):
    """The progress text of a phase; siege itself prints nothing before its end."""
    began = time.monotonic()

    def text():
        elapsed = min(time.monotonic() - began, seconds)
        left = (phases - phase + 1) * seconds - elapsed
        return f"phase {phase} of {phases}: {duration(elapsed)} of {duration(seconds)}; {duration(left)} left in all"

    return text


def run_phases(phases, seconds, url, log, options):
    """Runs siege for each phase; False if it stopped early."""
    with tempfile.TemporaryDirectory() as home:
        # siege logs local times, so the local time zone is set to UTC.
        environment = {**os.environ, "HOME": home, "TZ": "UTC"}
        for phase, (pause, clients) in enumerate(phases, 1):
            print(
                f"phase {phase}: {clients} clients, a request every 0 to {pause} s each, for {seconds} s",
                file=sys.stderr,
            )
            command = [
                "siege",
                f"--rc={CONFIGURATION}",
                f"--time={seconds}S",
                f"--concurrent={clients}",
                f"--delay={pause}",
                f"--log={log}",
                f"--mark=phase {phase} delay {pause} clients {clients}",
                *options,
                url,
            ]
            with Progress(progress_text(phase, len(phases), seconds)):
                done = subprocess.run(
                    command,
                    env=environment,
                    stdout=subprocess.DEVNULL,
                    stderr=subprocess.PIPE,
                    text=True,
                    errors="replace",
                    check=False,
                )
            if done.returncode != 0:
                print(*done.stderr.splitlines()[:MOST_MESSAGES], sep="\n", file=sys.stderr)
                print(
                    f"loadtest/siege/phases: siege ended with exit code {done.returncode} in phase {phase}",
                    file=sys.stderr,
                )
                return False
    return True


def main(environment):
    target, name, client = target_of(environment), name_of(environment, "siege"), client_of(environment)
    seconds, phases, key = seconds_of(environment), phases_of(environment), first_key(environment)
    folder = folder_of(environment)
    make_room(folder, f"{name}.siege.log", f"{name}.siege.json")
    log = folder.resolve() / f"{name}.siege.log"
    # siege accepts a header only as an argument, which other users of the machine can read.
    options = [f"--user-agent={client}", *([f"--header=Authorization: Bearer {key}"] if key else [])]
    reach(f"{target}/test", key)
    # The version is read before the load, which may end the server.
    described = version(target, key)
    is_whole = run_phases(phases, seconds, f"{target}/test", log, options)
    verdict = siege_summary.write(log, target, client, described)
    return verdict if is_whole else siege_summary.VOID


if __name__ == "__main__":
    program.exit_with("loadtest/siege/phases", lambda: main(os.environ))
