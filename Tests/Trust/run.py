"""Runs the checks of script/trust: a line for each, a summary at the end, exit code 1 if one failed."""

import argparse
import dataclasses
import os
import pathlib
import random
import resource
import sys
import tempfile
import time

import bodies
import check
import comparison
import hostility
import interface
import logs
import long_load_tests
import overload
import reader
import redis_faults
import rolling
import sanitizers
import siege_table
import soak
import tables

CHECKS = {
    # proves: T1
    "bodies": (bodies.check, "mutated JSON bodies get the contract's responses"),
    # proves: T2
    "reader": (reader.under_address_sanitizer, "the JSON reader under AddressSanitizer"),
    # proves: T2
    "valgrind": (reader.under_valgrind, "the JSON reader and its libraries under valgrind"),
    # proves: T4
    "interface": (interface.check, "schemathesis against /openapi.json"),
    # proves: T5
    "slow": (hostility.slow, "clients that send a byte at long intervals"),
    # proves: T6, T7
    "idle": (hostility.idle, "10 000 connections that do nothing"),
    # proves: T8
    "heads": (hostility.heads, "huge and many header fields"),
    # proves: T9, T10
    "framing": (hostility.framing, "bad chunks, two lengths at once"),
    # proves: T13
    "pipelining": (hostility.pipelining, "floods of pipelined requests"),
    # proves: T15
    "vanishing": (hostility.vanishing, "clients that never read, or vanish"),
    # proves: T16
    "descriptors": (hostility.descriptors, "more clients than open files"),
    # proves: T24, T25, T26, T27, T28, T29, T30, T32
    "redis": (redis_faults.check, "every way in which Redis fails"),
    # proves: T17
    "overload": (overload.check, "twice the rate that can be served"),
    # proves: T17
    "saturation": (long_load_tests.saturation, "Locust finds saturation at the same rate three times"),
    # proves: C6.14
    "light": (long_load_tests.light_request, "calibrate's cost of a light request holds at another rate"),
    # proves: C5.10
    "smoke": (long_load_tests.smoke, "script/smoke fails a server that has become slower"),
    # proves: C5.10
    "siege": (siege_table.check, "siege's transactions a minute match the simulator"),
    # proves: T47
    "logs": (logs.check, "mutated logs: no id gets another's time, and nothing incomplete is called complete"),
    # proves: T36
    "rolling": (rolling.check, "haproxy's replicas replaced under load"),
    # proves: T42
    "threads": (sanitizers.threads, "the tests under ThreadSanitizer"),
    # proves: T42
    "addresses": (sanitizers.addresses, "the tests under AddressSanitizer"),
    # proves: T46
    "tables": (tables.check, "mutated results of load tests prove nothing"),
    # proves: C5.10
    "compare": (comparison.check, "bungalow report --against: one build twice, and one that takes 1 ms longer"),
    # proves: T43
    "soak": (soak.check, "half an hour at half load"),
}


def arguments():
    parser = argparse.ArgumentParser(prog="script/trust", description=__doc__)
    names = "\n".join(f"  {name:<12} {what}" for name, (_, what) in CHECKS.items())
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.epilog = f"checks:\n{names}\n\nTRUST_SECONDS sets how long each of the long loads lasts."
    parser.add_argument("names", nargs="*", metavar="NAME", help="the checks to run; all of them without one")
    parser.add_argument("--quick", action="store_true", help="fewer cases and shorter loads")
    parser.add_argument("--seed", type=int, help="the random seed, as printed by an earlier run")
    options = parser.parse_args()
    unknown = [name for name in options.names if name not in CHECKS]
    if unknown:
        parser.error(f"no check is called {unknown[0]}; use {', '.join(CHECKS)}")
    return options


def run(name, settings):
    """Runs one check and prints its line; returns PASS, FAIL or SKIP."""
    began = time.monotonic()
    try:
        # No check sees another's leftovers.
        with tempfile.TemporaryDirectory(prefix=f"bungalow-{name}-") as folder:
            own = dataclasses.replace(settings, folder=pathlib.Path(folder))
            verdict, said = "PASS", CHECKS[name][0](own)
    except check.Skip as reason:
        verdict, said = "SKIP", str(reason)
    except check.Failure as failure:
        verdict, said = "FAIL", str(failure)
    except Exception as error:  # a check that crashes has shown nothing
        verdict, said = "FAIL", f"{type(error).__name__}: {error}"
    check.Progress.clear()
    print(f"{name:<12} {verdict}  {time.monotonic() - began:7.1f} s  {said}", flush=True)
    return verdict


def main():
    options = arguments()
    # Ten thousand clients live in this process, and as many connections in the server.
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    seconds = os.environ.get("TRUST_SECONDS")
    began = time.monotonic()
    settings = check.Settings(
        binary=pathlib.Path(os.environ["BUNGALOW_SERVER"]).resolve(),
        folder=pathlib.Path(tempfile.gettempdir()),
        seed=random.getrandbits(32) if options.seed is None else options.seed,
        quick=options.quick,
        seconds=int(seconds) if seconds else None,
    )
    verdicts = [run(name, settings) for name in options.names or CHECKS]
    counts = {verdict: verdicts.count(verdict) for verdict in ("PASS", "FAIL", "SKIP")}
    print(f"{counts['PASS']} passed, {counts['FAIL']} failed, {counts['SKIP']} skipped in "
          f"{time.monotonic() - began:.0f} s{' (quick)' if options.quick else ''}")
    sys.exit(1 if counts["FAIL"] else 0)


if __name__ == "__main__":
    main()
