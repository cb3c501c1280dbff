"""The servers that are measured: how each is built and started, and which parts of the contract it implements."""
import getpass
import os
import platform
import shutil
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from testkit.processes import ROOT

from .failure import Failure
from .processes import run

SOURCES = ROOT / "Benchmarks/peers"
BUILT = ROOT / "Benchmarks/.build"
MODEL = ROOT / "Sources/Model/Resources/housing-model.json"
BUILD_SECONDS = 3600


@dataclass(frozen=True)
class Setting:
    """The settings that a server is started with."""

    port: int
    redis_port: int
    loops: int
    folder: Path
    cache: str = "redis"


@dataclass(frozen=True)
class Peer:
    name: str
    title: str
    build: Callable[[], None]
    command: Callable[[Setting], list]
    environment: Callable[[Setting], dict]
    # Whether it has query keys, predictions, a cache and a log; whether it rejects bad batches with 422.
    scores: bool = True
    validates: bool = True
    is_ours: bool = False
    ready_path: str = "/readyz"
    # Whether its responses have X-Cache; if not, Redis' counters show the result of a look-up.
    says_cache: bool = True
    # Whether it uses a good part of a core while idle.
    polls: bool = False


def build_bungalow():
    run("Bungalow's release build", [ROOT / "script/build", "--product", "bungalow-server"], BUILD_SECONDS)


def bungalow_environment(setting):
    caches = {
        "redis": f"redis://127.0.0.1:{setting.redis_port}",
        "sqlite": f"sqlite:{setting.folder / 'predictions.sqlite'}",
    }
    return {
        "PORT": str(setting.port), "CACHE_URL": caches[setting.cache], "EVENT_LOOPS": str(setting.loops),
        "DRAIN_DELAY_SECONDS": "0"}


def build_nio():
    run("the NIO peer's release build", [ROOT / "script/build", "--package-path", SOURCES / "nio"], BUILD_SECONDS)


def build_epoll():
    BUILT.mkdir(exist_ok=True)
    source = SOURCES / "epoll/main.c"
    run("the epoll peer's build", ["gcc", "-O2", "-Wall", "-o", BUILT / "epoll", source, "-lcrypto"], BUILD_SECONDS)


def build_go(name, *options):
    BUILT.mkdir(exist_ok=True)
    # Debian's packages are a GOPATH, so nothing is fetched.
    environment = {
        **os.environ, "GO111MODULE": "off", "GOPATH": "/usr/share/gocode", "GOFLAGS": "",
        "GOCACHE": str(BUILT / "go-cache")}
    command = ["go", "build", *options, "-o", BUILT / name, "."]
    run(f"the build of {name}", command, BUILD_SECONDS, cwd=SOURCES / "go", env=environment)


def build_rust():
    """Uses cargo from PATH and the sources of Debian's librust-*-dev packages: nothing is fetched."""
    BUILT.mkdir(exist_ok=True)
    configuration = BUILT / "cargo.toml"
    configuration.write_text(
        '[source.crates-io]\nreplace-with = "debian"\n[source.debian]\ndirectory = "/usr/share/cargo/registry"\n')
    # A lock file of a newer cargo could not be read, and only one version of each crate is installed.
    (SOURCES / "rust/Cargo.lock").unlink(missing_ok=True)
    command = ["cargo", "build", "--release", "--offline", "--quiet", "--config", configuration,
               "--target-dir", BUILT / "rust"]
    run("the Rust peer's build", command, BUILD_SECONDS, cwd=SOURCES / "rust")


def rust_environment(http):
    return lambda setting: {**peer_environment(setting), "HTTP": http}


def build_nginx():
    run("nginx", [nginx(), "-v"], 10)


def nginx():
    # Debian puts daemons in folders that are only in root's PATH.
    return shutil.which("nginx") or "/usr/sbin/nginx"


def nginx_command(setting):
    values = {
        "PORT": setting.port, "LOOPS": setting.loops, "FOLDER": setting.folder, "SOURCES": SOURCES / "nginx",
        "USER": getpass.getuser()}
    text = (SOURCES / "nginx/nginx.conf").read_text()
    for name, value in values.items():
        text = text.replace(f"@{name}@", str(value))
    configuration = setting.folder / "nginx.conf"
    configuration.write_text(text)
    return [nginx(), "-p", setting.folder, "-c", configuration, "-e", "stderr"]


def build_environment(name, folder):
    """Makes a virtual environment. The requirements are copied last, so an interrupted one is made again."""
    environment, requirements = folder / ".venv", folder / "requirements.txt"
    installed = environment / "requirements.txt"
    if installed.exists() and installed.read_bytes() == requirements.read_bytes():
        return
    # The system's Python may be older than the tests' environment requires.
    if sys.version_info < (3, 11):  # noqa: UP036
        raise Failure(f"Python 3.11 or later is needed for {name}, this is {platform.python_version()}")
    run(f"the environment of {name}", [sys.executable, "-m", "venv", "--clear", environment], BUILD_SECONDS)
    install = ["install", "--quiet", "--disable-pip-version-check", "--only-binary", ":all:", "--require-hashes"]
    run(f"the requirements of {name}", [environment / "bin/pip", *install, "-r", requirements], BUILD_SECONDS)
    shutil.copy(requirements, installed)


def fastapi_command(setting):
    return [
        SOURCES / "fastapi/.venv/bin/python", "-m", "uvicorn", "app:app", "--app-dir", SOURCES / "fastapi",
        "--host", "127.0.0.1", "--port", str(setting.port), "--workers", str(setting.loops),
        "--loop", "uvloop", "--http", "httptools", "--no-use-colors"]


def peer_environment(setting):
    return {
        "PORT": str(setting.port), "LOOPS": str(setting.loops), "GOMAXPROCS": str(setting.loops),
        "REDIS_PORT": str(setting.redis_port), "MODEL_PATH": str(MODEL), "PYTHONDONTWRITEBYTECODE": "1"}


def tuned_go_environment(setting):
    # Few bytes live long: Go's default of 100 % would collect garbage every few milliseconds.
    return {**peer_environment(setting), "GOGC": "400"}


PEERS = (
    Peer(
        "bungalow", "Bungalow", build_bungalow, lambda _: [ROOT / ".build/release/bungalow-server"],
        bungalow_environment, is_ours=True),
    Peer(
        "nio", "bare SwiftNIO handler (NIO's own HTTP pipeline: the ceiling)", build_nio,
        lambda _: [SOURCES / "nio/.build/release/Bare"], peer_environment, scores=False, validates=False),
    Peer(
        "epoll", "epoll in C (the floor of the machine)", build_epoll,
        lambda _: [BUILT / "epoll"], peer_environment, scores=False, validates=False),
    Peer("nginx", "nginx + lua + Redis", build_nginx, nginx_command, peer_environment, validates=False),
    Peer(
        "go", "Go: fasthttp + encoding/json + redigo", lambda: build_go("go", "-tags", "idiomatic"),
        lambda _: [BUILT / "go"], peer_environment),
    Peer(
        "go-fastjson", "Go: fasthttp + fastjson + redigo", lambda: build_go("go-fastjson"),
        lambda _: [BUILT / "go-fastjson"], tuned_go_environment),
    Peer(
        "fastapi", "FastAPI + scikit-learn", lambda: build_environment("the FastAPI peer", SOURCES / "fastapi"),
        fastapi_command, peer_environment),
)
