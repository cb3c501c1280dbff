"""Calls GET /test once before siege does, and prints the answer to GET /version as JSON: null where there is none.

    API_KEY=… version.py TARGET

siege itself says of a server that is not there what it says of a slow one, and leaks a descriptor a call.
"""

import http.client
import json
import os
import sys
import time
import urllib.error
import urllib.request

# A server that is just starting refuses connections for a moment.
GRACE_SECONDS, PAUSE_SECONDS, TIMEOUT_SECONDS = 5, 0.1, 5


def reason_of(error):
    """Why a call was not answered, in one line."""
    return str(getattr(error.reason, "strerror", None) or error.reason) if hasattr(error, "reason") else str(error)


def call(url):
    key = os.environ.get("API_KEY")
    request = urllib.request.Request(url, headers={"Authorization": f"Bearer {key}"} if key else {})
    return urllib.request.urlopen(request, timeout=TIMEOUT_SECONDS)


def reach(url):
    """Waits a moment for a server that answers."""
    deadline = time.monotonic() + GRACE_SECONDS
    while True:
        try:
            call(url).close()
            return
        except urllib.error.HTTPError as error:
            # A server that is busy says so; one that has no such path will never have it.
            if error.code >= 500 or error.code in (408, 429):
                return
            sys.exit(f"loadtest/siege/phases: GET {url}: status {error.code} {error.reason}")
        except TimeoutError:
            return
        except (OSError, http.client.HTTPException) as error:
            if time.monotonic() > deadline:
                sys.exit(f"loadtest/siege/phases: GET {url}: {reason_of(error)}")
        time.sleep(PAUSE_SECONDS)


def version(target):
    try:
        with call(f"{target}/version") as answer:
            found = json.load(answer)
            return found if isinstance(found, dict) else None
    except (OSError, ValueError, http.client.HTTPException):
        return None


if __name__ == "__main__":
    reach(f"{sys.argv[1]}/test")
    print(json.dumps(version(sys.argv[1])))
