"""What a run is told in the environment, for all tools: README.md lists the variables and what they mean."""

import hashlib
import os
import socket
import urllib.parse
from dataclasses import dataclass
from pathlib import Path

from schedule import CacheRate
from verdict import CPU_LIMIT


class SettingsError(Exception):
    """One line for a person: which variable, its value, what is allowed."""


# Of a program that was told something that is not allowed.
USAGE_EXIT_CODE = 2


def number(environment, name, fallback, least=0.0, whole=False, most=None):
    text = environment.get(name) or str(fallback)
    try:
        # Python would take 1_000; k6 does not.
        value = (int(text) if whole else float(text)) if "_" not in text else None
    except ValueError:
        value = None
    if value is None or not least <= value < 1e9 or most is not None and value > most:
        kind = "whole number" if whole else "number"
        end = "on" if most is None else f"to {most:g}"
        raise SettingsError(f"{name}={text} is not allowed: use a {kind} from {least:g} {end}")
    return value


def check_address(name, text, schemes=("http", "https")):
    """The parts of a URL that names a host."""
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
    api_key: str | None
    client: str
    name: str
    folder: Path
    cpu_limit: float
    cache_url: str | None

    def plan(self):
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

    def file(self, kind):
        """A file of the run; all of them begin with its name."""
        return self.folder / f"{self.name}.{kind}"


def text_of(environment, name):
    """The content of the file that a variable names; None where it names none."""
    path = environment.get(name)
    try:
        return Path(path).read_text(encoding="utf-8") if path else None
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or "it is no text in UTF-8"
        raise SettingsError(f"{name}={path} cannot be read: {reason}") from None


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


def target_of(text):
    check_address("TARGET", text)
    return text.rstrip("/")


def check_model(model):
    if model not in ("closed", "open"):
        raise SettingsError(f"MODEL={model} is not allowed: use closed or open")
    return model


def check_name(name):
    if "/" in name or name.startswith("."):
        raise SettingsError(f"NAME={name} is not allowed: files begin with it, so use no / and no . at its start")
    return name


def check_thresholds(environment):
    """k6 reads them itself, and would tell of a broken one in a stack trace."""
    for name in ("P50_MS", "P90_MS", "P95_MS", "P99_MS", "P999_MS"):
        number(environment, name, 0)
    number(environment, "MAX_FAILED", 0, most=1)


def check_duration(settings):
    if settings.calls == settings.ramp_seconds == settings.hold_seconds == 0:
        raise SettingsError("HOLD_SECONDS=0 is not allowed with RAMP_SECONDS=0: nothing would be measured")


def read(environment=os.environ, **fallbacks):
    """Settings from the environment; `fallbacks` are the tool's own defaults, by variable."""

    def value(name, fallback):
        return environment.get(name) or fallbacks.get(name, fallback)

    def amount(name, fallback, least=0.0, whole=False):
        return number(environment, name, fallbacks.get(name, fallback), least, whole)

    payload = text_of(environment, "PAYLOAD_FILE")
    check_thresholds(environment)
    settings = Settings(
        target=target_of(value("TARGET", "http://127.0.0.1:8000")),
        replicas=value("REPLICAS", ""),
        cache_rate=cache_rate(value("CACHE_RATE", "0"), payload),
        hot_records=1 if payload else amount("HOT_RECORDS", 1, 1, whole=True),
        hot_skew=amount("HOT_SKEW", 0),
        wait_seconds=amount("WAIT_SECONDS", 5),
        warm_rounds=amount("WARM_ROUNDS", 3, 1, whole=True),
        warm_seconds=amount("WARM_SECONDS", 60),
        payload=payload,
        model=check_model(value("MODEL", "closed")),
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
        name=check_name(value("NAME", f"cache-{value('CACHE_RATE', '0')}")),
        folder=Path(value("RESULTS", "results")),
        cpu_limit=amount("CPU_LIMIT", CPU_LIMIT),
        cache_url=value("CACHE_URL", None),
    )
    check_duration(settings)
    return settings
