"""What a run is told in the environment, for all tools: README.md lists the variables and what they mean."""

import os
import socket
from dataclasses import dataclass
from pathlib import Path

from schedule import CacheRate
from verdict import CPU_LIMIT


class SettingsError(Exception):
    """One line for a person: which variable, its value, what is allowed."""


def number(environment, name, fallback, least=0.0, whole=False):
    text = environment.get(name) or str(fallback)
    try:
        value = int(text) if whole else float(text)
    except ValueError:
        value = None
    if value is None or not least <= value < 1e9:
        kind = "whole number" if whole else "number"
        raise SettingsError(f"{name}={text} is not allowed: use a {kind} from {least:g} on")
    return value


@dataclass(frozen=True)
class Settings:
    target: str
    replicas: str
    cache_rate: CacheRate
    hot_records: int
    hot_skew: float
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
    api_key: str | None
    client: str
    name: str
    folder: Path
    cpu_limit: float


def text_of(environment, name):
    """The content of the file that a variable names; None where it names none."""
    path = environment.get(name)
    try:
        return Path(path).read_text(encoding="utf-8") if path else None
    except OSError as error:
        raise SettingsError(f"{name}={path} cannot be read: {error.strerror}") from None


def first_key(environment):
    """The first key of API_KEY_FILE, whose form is that of the server's API_KEYS_FILE."""
    text = text_of(environment, "API_KEY_FILE")
    if text is None:
        return None
    keys = [line.strip() for line in text.splitlines() if line.strip() and not line.strip().startswith("#")]
    if not keys:
        raise SettingsError(f"API_KEY_FILE={environment['API_KEY_FILE']} holds no key")
    return keys[0]


def cache_rate(text, payload):
    """The planned rate. A fixed body is a hot record of one's own."""
    try:
        return CacheRate(1, 1) if payload else CacheRate.parse(text)
    except ValueError as error:
        raise SettingsError(f"CACHE_RATE={error}") from None


def read(environment=os.environ, **fallbacks):
    """Settings from the environment; `fallbacks` are the tool's own defaults, by variable."""

    def value(name, fallback):
        return environment.get(name) or fallbacks.get(name, fallback)

    def amount(name, fallback, least=0.0, whole=False):
        return number(environment, name, fallbacks.get(name, fallback), least, whole)

    model = value("MODEL", "closed")
    if model not in ("closed", "open"):
        raise SettingsError(f"MODEL={model} is not allowed: use closed or open")
    payload = text_of(environment, "PAYLOAD_FILE")
    return Settings(
        target=value("TARGET", "http://127.0.0.1:8000").rstrip("/"),
        replicas=value("REPLICAS", ""),
        cache_rate=cache_rate(value("CACHE_RATE", "0"), payload),
        hot_records=1 if payload else amount("HOT_RECORDS", 1, 1, whole=True),
        hot_skew=amount("HOT_SKEW", 0),
        warm_rounds=amount("WARM_ROUNDS", 3, 1, whole=True),
        warm_seconds=amount("WARM_SECONDS", 60),
        payload=payload,
        model=model,
        users=amount("USERS", 100, 1, whole=True),
        rate=amount("RATE", 100, 1),
        calls=amount("CALLS", 0, whole=True),
        ramp_seconds=amount("RAMP_SECONDS", 60),
        hold_seconds=amount("HOLD_SECONDS", 300),
        down_seconds=amount("DOWN_SECONDS", 5),
        think_seconds=amount("THINK_TIME_MS", 0) / 1000,
        timeout_seconds=amount("TIMEOUT_SECONDS", 10, 0.001),
        api_key=first_key(environment),
        client=value("CLIENT_NAME", socket.gethostname()),
        name=value("NAME", f"cache-{value('CACHE_RATE', '0')}"),
        folder=Path(value("RESULTS", "results")),
        cpu_limit=amount("CPU_LIMIT", CPU_LIMIT),
    )
