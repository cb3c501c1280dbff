"""Where a text stops being JSON, by contract.py: texts that end within a token are easy to get wrong."""

import contract
import pytest


@pytest.mark.parametrize(("body", "offset"), [
    (b'"a\t', 2),
    (b'"\x00', 1),
    (b'"a', 2),
    (b'"a\\', 3),
    (b'"\\u12', 5),
    (b'"\x7f', 2),
    (b'"\xc3', 2),
    (b'"\xc3\xa9', 3),
    (b'"\xff', 1),
    (b"[1\x00", 2),
    (b"[tru", 4),
    (b"[1.", 3),
    (b"[1", 2),
    (b"[1,", 3),
    (b"", 0),
])
def test_a_text_that_ends_within_a_token_stops_being_JSON_at_the_wrong_byte_or_at_its_end(body, offset):
    assert contract.first_error(body) == offset
