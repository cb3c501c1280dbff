"""Makes the hot records hot: posts them until every answer of some rounds says HIT."""

import time
import urllib.error
import urllib.request

from calls import headers_of
from counters import CountersError
from records import hot_body


def post(url, body, settings):
    """The outcome of one call, and what to say of it."""
    request = urllib.request.Request(f"{url}/predict", body.encode(), headers_of(settings))
    try:
        with urllib.request.urlopen(request, timeout=settings.timeout_seconds) as answer:
            look_up = (answer.headers["X-Cache"] or "").lower()
            known = look_up in ("hit", "miss", "bypass")
            return look_up if known else "errors", f"X-Cache: {answer.headers['X-Cache']}"
    except urllib.error.HTTPError as error:
        return "refused" if error.code == 503 else "errors", f"status {error.code}"
    except TimeoutError:
        return "timeouts", "no answer in time"
    except urllib.error.URLError as error:
        return "timeouts" if isinstance(error.reason, TimeoutError) else "errors", str(error.reason)


def warm_up(settings, url, nonce, counts):
    """Adds to `counts` what became of the calls."""
    if settings.cache_rate.hot == 0:
        return
    bodies = [settings.payload] if settings.payload else [hot_body(k, nonce) for k in range(settings.hot_records)]
    deadline = time.monotonic() + settings.warm_seconds
    clean, last = 0, ""
    while clean < settings.warm_rounds:
        clean += 1
        for body in bodies:
            outcome, text = post(url, body, settings)
            counts[outcome] += 1
            if outcome != "hit":
                clean, last = 0, text
        if time.monotonic() > deadline:
            raise CountersError(
                f"after {settings.warm_seconds:g} s the hot records are still not hits at {url}: {last}"
            )
        if clean == 0:
            time.sleep(0.01)
