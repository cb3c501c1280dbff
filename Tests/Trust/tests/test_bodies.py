"""What script/test runs of the fuzz: script/trust runs it with a million bodies."""

import random

from bodies import fuzz
from servers import start

from testkit.server import built_server


# proves: C1.24, C2.1, C2.8, C2.11, T1
def test_50_000_generated_bodies_are_answered_as_the_contract_in_Python_answers_them(capsys):
    seed = random.getrandbits(32)
    with start(built_server()) as server:
        figures = fuzz(server.port, seed, 50_000)
    with capsys.disabled():
        print(f"\n{figures}")
