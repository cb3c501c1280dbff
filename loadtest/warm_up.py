"""Makes the hot records hot: posts them until every response of several rounds is a HIT."""

import time

from counters import CountersError
from records import hot_body
from target import post


def warm_up(settings, url, nonce, counts):
    """Adds the requests' outcomes to `counts`."""
    if settings.cache_rate.hot == 0:
        return
    bodies = [settings.payload] if settings.payload else [hot_body(k, nonce) for k in range(settings.hot_records)]
    deadline = time.monotonic() + settings.warm_seconds
    clean, last = 0, ""
    while clean < settings.warm_rounds:
        clean += 1
        for body in bodies:
            outcome, _, text = post(url, body, settings)
            counts[outcome] += 1
            if outcome != "hit":
                clean, last = 0, text
        if time.monotonic() > deadline:
            raise CountersError(
                f"after {settings.warm_seconds:g} s the hot records are still not hits at {url}: {last}"
            )
        if clean == 0:
            time.sleep(0.01)
