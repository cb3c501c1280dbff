"""The part of the fuzzing that script/test runs; script/trust uses a million bodies."""

import random

from bodies import fuzz
from servers import start

from testkit.server import built_server


# proves: C1.24, C2.1, C2.8, C2.11, T1
def test_50_000_generated_bodies_get_the_responses_of_the_contract_in_python(capsys):
    seed = random.getrandbits(32)
    with start(built_server()) as server:
        figures = fuzz(server.port, seed, 50_000)
    with capsys.disabled():
        print(f"\n{figures}")
