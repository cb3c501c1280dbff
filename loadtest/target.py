"""Checks the server under test before a run: does it respond to a request, and what does it report at /version?"""

import http.client
import json
import time
import urllib.error
import urllib.request

from counters import CountersError, fetch
from records import cold_body, new_nonce

PAUSE_SECONDS = 0.1
LOOK_UPS = ("hit", "miss", "bypass")
# Statuses that say "later", not "never".
PASSING = (408, 429)
HINTS = {
    400: "the body is not allowed: see PAYLOAD_FILE",
    401: "the server wants a key: see API_KEY_FILE",
    403: "the key is not allowed: see API_KEY_FILE",
    404: "TARGET is a server's address without a path",
    405: "TARGET is a server's address without a path",
    413: "the body is too large: see PAYLOAD_FILE",
    422: "the body is not allowed: see PAYLOAD_FILE",
}


class Unredirected(urllib.request.HTTPRedirectHandler):
    """Treats a redirection as any other response; k6 and Locust do not follow redirections either."""

    def redirect_request(self, *_):
        return None


OPENER = urllib.request.build_opener(Unredirected)


def post(url, body, settings):
    """The outcome of one request, its status (None without a response), and a text that describes it."""
    try:
        request = urllib.request.Request(f"{url}/predict", body.encode(), settings.headers())
        with OPENER.open(request, timeout=settings.timeout_seconds) as answer:
            look_up = (answer.headers["X-Cache"] or "").lower()
            said = f"X-Cache: {answer.headers['X-Cache']}" if look_up else "status 200 without X-Cache"
            return look_up if look_up in LOOK_UPS else "errors", answer.status, said
    except urllib.error.HTTPError as error:
        return "refused" if error.code == 503 else "errors", error.code, f"status {error.code} {error.reason}"
    except TimeoutError:
        return "timeouts", None, "no response in time"
    except urllib.error.URLError as error:
        reason = getattr(error.reason, "strerror", None) or error.reason
        return "timeouts" if isinstance(error.reason, TimeoutError) else "errors", None, str(reason)
    except (OSError, http.client.HTTPException, ValueError) as error:
        return "errors", None, str(error) or type(error).__name__


def prepare(settings, url):
    """Sends one request before the counters are read, so that a run that would only produce errors is not begun.

    Returns the response to GET /version; None if there is none. Rejections and time-outs do not prevent the run. A
    server that is just starting refuses connections, so this is retried for `wait_seconds`.
    """
    body = settings.payload or cold_body(0, new_nonce())
    deadline = time.monotonic() + settings.wait_seconds
    while True:
        outcome, status, said = post(url, body, settings)
        is_useless = outcome == "bypass" and settings.cache_rate.hot > 0
        if (outcome != "errors" and not is_useless) or status in PASSING:
            return version(url)
        # If the server rejects the request itself, a retry would get the same response.
        is_final = status is not None and status < 500 and not is_useless
        if is_final or time.monotonic() > deadline:
            hint = HINTS.get(status, "the cache is off or down, so no request can be a hit" if is_useless else "")
            raise CountersError(f"POST {url}/predict: {said}" + (f" ({hint})" if hint else ""))
        time.sleep(PAUSE_SECONDS)


def version(url):
    """The response to GET /version; None if there is none."""
    try:
        answer = json.loads(fetch(f"{url}/version"))
        return answer if isinstance(answer, dict) else None
    except (OSError, ValueError):
        return None
