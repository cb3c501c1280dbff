"""What must hold before a figure counts: each raises a Failure that says who, where and what."""
from .failure import Failure

# Of the calls of one round.
BYPASS_TOLERANCE = 0.01


def expected_status(scenario, peer):
    return 422 if scenario.refused and peer.validates else 200


def check_vectors(peer, differences):
    """Another peer that differs is labelled in the tables; Bungalow is what the vectors are for."""
    if peer.is_ours and differences:
        raise Failure(f"{peer.name} fails its own vectors: {'; '.join(differences)}")


def check_answers(scenario, peer, result):
    """Every call was answered, and answered as it should be: with 2xx, or with 422 where batches are refused."""
    refusals = result.requests if expected_status(scenario, peer) == 422 else 0
    of_422 = refusals if result.status_422 is None else result.status_422
    if result.requests == 0 or result.failures or result.not_2xx != refusals or of_422 != refusals:
        counted = "" if result.status_422 is None else f", {of_422} of them 422,"
        raise Failure(
            f"{peer.name}, {scenario.name}: {result.requests} answers, {result.failures} lost, "
            f"{result.not_2xx} not 2xx{counted} where {refusals} were expected")


def check_log(scenario, peer, answered, logged):
    """A peer that scores has logged each call that was answered since its start, with the status it had to have."""
    if peer.scores and logged < answered:
        raise Failure(
            f"{peer.name}, {scenario.name}: only {logged} of {answered} calls logged with status "
            f"{expected_status(scenario, peer)}")


def check_bypasses(scenario, peer, calls, bypasses):
    """Bungalow answers without its cache when that is slow or away: such calls are no hits and no misses."""
    if bypasses > BYPASS_TOLERANCE * calls:
        raise Failure(
            f"{peer.name}, {scenario.name}: {bypasses} of {calls} calls were answered without the cache (BYPASS)")
