"""The settings of a run, read from the environment, for all tools. README.md explains the variables.

k6 gets its settings from here as JSON. To run k6 on its own:
    python3 loadtest/settings.py >settings.json
    SETTINGS_FILE=$PWD/settings.json k6 run loadtest/cache-rate.js
"""

import hashlib
import json
import os
import socket
import sys
import urllib.parse
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from schedule import CacheRate
from verdict import CPU_LIMIT


class SettingsError(Exception):
    """One line for people: the variable, its value, and what is allowed."""


Environment = Mapping[str, str]
# The exit code after a value that is not allowed.
USAGE_EXIT_CODE = 2
# The hold is measured in at most this many parts, each at least a second long: they show how much it varied.
MOST_PARTS = 20
# k6's names for the percentiles that can have a threshold, by variable.
PERCENTILES = {"P50_MS": "p(50)", "P90_MS": "p(90)", "P95_MS": "p(95)", "P99_MS": "p(99)", "P999_MS": "p(99.9)"}


def number(
    environment: Environment, name: str, fallback: float, least: float = 0.0, most: float | None = None
) -> float:
    return _number(environment, name, str(fallback), least, most, "number", float)


def whole_number(environment: Environment, name: str, fallback: float, least: float = 0) -> int:
    return int(_number(environment, name, str(fallback), least, None, "whole number", int))


def _number(
    environment: Environment,
    name: str,
    fallback: str,
    least: float,
    most: float | None,
    kind: str,
    parse: type[int] | type[float],
) -> float:
    text = environment.get(name) or fallback
    try:
        # Python would take 1_000.
        value = parse(text) if "_" not in text else None
    except ValueError:
        value = None
    if value is None or not least <= value < 1e9 or (most is not None and value > most):
        end = "on" if most is None else f"to {most:g}"
        raise SettingsError(f"{name}={text} is not allowed: use a {kind} from {least:g} {end}")
    return value


def check_address(name: str, text: str, schemes: tuple[str, ...] = ("http", "https")) -> urllib.parse.SplitResult:
    """The parts of a URL, which must name a host."""
    try:
        parts = urllib.parse.urlsplit(text)
        is_known = parts.scheme in schemes and parts.hostname and (parts.port is None or parts.port > 0)
    except ValueError:
        is_known = False
    if not is_known or any(letter.isspace() for letter in text):
        raise SettingsError(f"{name}={text} is not allowed: use an address such as {schemes[0]}://HOST:PORT")
    return parts


@dataclass(frozen=True)
class Settings:
    target: str
    replicas: str
    cache_rate: CacheRate
    hot_records: int
    hot_skew: float
    wait_seconds: float
    warm_rounds: int
    warm_seconds: float
    payload: str | None
    model: str
    users: int
    rate: float
    calls: int
    ramp_seconds: float
    hold_seconds: float
    down_seconds: float
    think_seconds: float
    timeout_seconds: float
    thresholds: dict[str, list[str]]
    api_key: str | None
    client: str
    name: str
    folder: Path
    cpu_limit: float
    cache_url: str | None

    def plan(self) -> dict[str, str]:
        """What all processes of a run must agree on, by variable."""
        payload = self.payload and hashlib.sha256(self.payload.encode()).hexdigest()[:16]
        return {
            "CACHE_RATE": f"{float(self.cache_rate):g}",
            "HOT_RECORDS": str(self.hot_records),
            "HOT_SKEW": f"{self.hot_skew:g}",
            "CALLS": str(self.calls),
            "PAYLOAD_FILE": payload or "",
            "THINK_TIME_MS": f"{self.think_seconds * 1000:g}",
            "TIMEOUT_SECONDS": f"{self.timeout_seconds:g}",
        }

    def parts(self) -> int:
        """How many parts of equal length the hold has; 0 if a number of requests ends the run."""
        return 0 if self.calls else min(MOST_PARTS, int(self.hold_seconds))

    def file(self, kind: str) -> Path:
        """The path of a file of the run; all of them begin with its name."""
        return self.folder / f"{self.name}.{kind}"

    def headers(self) -> dict[str, str]:
        found = {"Content-Type": "application/json", "User-Agent": self.client}
        return found | ({"Authorization": f"Bearer {self.api_key}"} if self.api_key else {})

    def for_k6(self) -> dict[str, Any]:
        """What settings.js reads."""
        return {
            "url": f"{self.target}/predict",
            "headers": self.headers(),
            "payload": self.payload,
            "cacheRate": {"hot": self.cache_rate.hot, "period": self.cache_rate.period},
            "hotRecords": self.hot_records,
            "hotSkew": self.hot_skew,
            "warmRounds": self.warm_rounds,
            "warmSeconds": self.warm_seconds,
            "model": self.model,
            "users": self.users,
            "rate": self.rate,
            "calls": self.calls,
            "rampSeconds": self.ramp_seconds,
            "holdSeconds": self.hold_seconds,
            "downSeconds": self.down_seconds,
            "thinkSeconds": self.think_seconds,
            "timeoutSeconds": self.timeout_seconds,
            "thresholds": self.thresholds,
            "parts": self.parts(),
            "summaryFile": str(self.file("k6.json").resolve()),
        }


def text_of(environment: Environment, name: str) -> str | None:
    """The content of the file that a variable names; None if it is not set."""
    path = environment.get(name)
    try:
        return Path(path).read_text(encoding="utf-8") if path else None
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or "it is not UTF-8"
        raise SettingsError(f"{name}={path} is not allowed: use a file that can be read ({reason})") from None


def first_key(environment: Environment) -> str | None:
    """The first key of API_KEY_FILE, which has the format of the server's API_KEYS_FILE."""
    text = text_of(environment, "API_KEY_FILE")
    if text is None:
        return None
    keys = [line.strip() for line in text.splitlines() if line.strip() and not line.strip().startswith("#")]
    if not keys:
        path = environment["API_KEY_FILE"]
        raise SettingsError(f"API_KEY_FILE={path} is not allowed: use a file that holds a key")
    return keys[0]


def cache_rate(text: str, payload: str | None) -> CacheRate:
    """The planned rate. A fixed body is a hot record of its own."""
    try:
        return CacheRate(1, 1) if payload else CacheRate.parse(text)
    except ValueError as error:
        raise SettingsError(f"CACHE_RATE={error}") from None


def target_of(environment: Environment) -> str:
    text = environment.get("TARGET") or "http://127.0.0.1:8000"
    check_address("TARGET", text)
    return text.rstrip("/")


def client_of(environment: Environment) -> str:
    return environment.get("CLIENT_NAME") or socket.gethostname()


def name_of(environment: Environment, fallback: str) -> str:
    name = environment.get("NAME") or fallback
    if "/" in name or name.startswith("."):
        raise SettingsError(f"NAME={name} is not allowed: it begins file names, so use no / and no leading .")
    return name


def folder_of(environment: Environment) -> Path:
    return Path(environment.get("RESULTS") or "results")


def make_room(folder: Path, *names: str) -> None:
    """Makes the folder, and removes an earlier run's files of these names, lest they be taken for this run's."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for name in names:
            (folder / name).unlink(missing_ok=True)
        if not os.access(folder, os.W_OK):
            raise PermissionError(None, "Permission denied", str(folder))
    except OSError as error:
        raise SettingsError(
            f"RESULTS={folder} is not allowed: use a writable folder ({error.filename}: {error.strerror})"
        ) from None


def check_model(model: str) -> str:
    if model not in ("closed", "open"):
        raise SettingsError(f"MODEL={model} is not allowed: use closed or open")
    return model


def thresholds_of(environment: Environment) -> dict[str, list[str]]:
    """k6's thresholds: sustained latencies, and the share of requests without a 200. Crossing one is exit code 99."""
    found: dict[str, list[str]] = {}
    for name, percentile in PERCENTILES.items():
        limit = number(environment, name, 0)
        if environment.get(name):
            found.setdefault("latency_sustained", []).append(f"{percentile}<{limit}")
    share = number(environment, "MAX_FAILED", 0, most=1)
    if environment.get("MAX_FAILED"):
        found["failed"] = [f"rate<={share}"]
    return found


def check_duration(settings: Settings) -> None:
    if settings.calls == settings.ramp_seconds == settings.hold_seconds == 0:
        raise SettingsError("HOLD_SECONDS=0 is not allowed with RAMP_SECONDS=0: nothing would be measured")


def read(environment: Environment = os.environ, **fallbacks: Any) -> Settings:
    """The settings from the environment; `fallbacks` are the tool's own defaults, by variable."""

    def value(name: str, fallback: str) -> str:
        return environment.get(name) or fallbacks.get(name, fallback)

    def amount(name: str, fallback: float, least: float = 0.0) -> float:
        return number(environment, name, fallbacks.get(name, fallback), least)

    def count(name: str, fallback: int, least: int = 0) -> int:
        return whole_number(environment, name, fallbacks.get(name, fallback), least)

    payload = text_of(environment, "PAYLOAD_FILE")
    settings = Settings(
        target=target_of(environment),
        replicas=value("REPLICAS", ""),
        cache_rate=cache_rate(value("CACHE_RATE", "0"), payload),
        hot_records=1 if payload else count("HOT_RECORDS", 1, 1),
        hot_skew=amount("HOT_SKEW", 0),
        wait_seconds=amount("WAIT_SECONDS", 5),
        warm_rounds=count("WARM_ROUNDS", 3, 1),
        warm_seconds=amount("WARM_SECONDS", 60),
        payload=payload,
        model=check_model(value("MODEL", "closed")),
        users=count("USERS", 100, 1),
        rate=amount("RATE", 100, 1),
        calls=count("CALLS", 0),
        ramp_seconds=amount("RAMP_SECONDS", 60),
        hold_seconds=amount("HOLD_SECONDS", 300),
        down_seconds=amount("DOWN_SECONDS", 5),
        think_seconds=amount("THINK_TIME_MS", 0) / 1000,
        timeout_seconds=amount("TIMEOUT_SECONDS", 10, 0.001),
        thresholds=thresholds_of(environment),
        api_key=first_key(environment),
        client=client_of(environment),
        name=name_of(environment, fallbacks.get("NAME", f"cache-{value('CACHE_RATE', '0')}")),
        folder=folder_of(environment),
        cpu_limit=amount("CPU_LIMIT", CPU_LIMIT),
        cache_url=environment.get("CACHE_URL") or None,
    )
    check_duration(settings)
    return settings


if __name__ == "__main__":
    try:
        found = read()
        make_room(found.folder)
    except SettingsError as error:
        print(f"loadtest/settings.py: {error}", file=sys.stderr)
        sys.exit(USAGE_EXIT_CODE)
    print(json.dumps(found.for_k6(), indent=2))
