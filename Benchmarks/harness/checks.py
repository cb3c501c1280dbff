"""Checks that must pass before a figure counts: each raises a Failure that names peer, scenario and fault."""
from .failure import Failure

# As a share of one round's requests.
BYPASS_TOLERANCE = 0.01


def expected_status(scenario, peer):
    return 422 if scenario.refused and peer.validates else 200


def check_vectors(peer, differences):
    """Bungalow must match its own vectors. Another peer that differs is only labelled in the tables."""
    if peer.is_ours and differences:
        raise Failure(f"{peer.name} fails its own vectors: {'; '.join(differences)}")


def check_answers(scenario, peer, result):
    """Every request got the right response: 2xx, or 422 in scenarios of invalid batches."""
    refusals = result.requests if expected_status(scenario, peer) == 422 else 0
    of_422 = refusals if result.status_422 is None else result.status_422
    if result.requests == 0 or result.failures or result.not_2xx != refusals or of_422 != refusals:
        counted = "" if result.status_422 is None else f", {of_422} of them 422,"
        raise Failure(
            f"{peer.name}, {scenario.name}: {result.requests} responses, {result.failures} lost, "
            f"{result.not_2xx} not 2xx{counted} where {refusals} were expected")


def check_log(scenario, peer, answered, logged):
    """A peer that scores has logged each request that it responded to since its start, with the expected status."""
    if peer.scores and logged < answered:
        raise Failure(
            f"{peer.name}, {scenario.name}: only {logged} of {answered} requests logged with status "
            f"{expected_status(scenario, peer)}")


def check_bypasses(scenario, peer, calls, bypasses):
    """Bungalow responds without its cache if that is slow or unavailable: such requests are neither hits nor misses."""
    if bypasses > BYPASS_TOLERANCE * calls:
        raise Failure(
            f"{peer.name}, {scenario.name}: {bypasses} of {calls} requests bypassed the cache (BYPASS)")
