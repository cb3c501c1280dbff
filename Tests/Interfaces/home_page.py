"""The page / as a person uses it."""

import json

FIELDS = ["MedInc", "HouseAge", "AveRooms", "AveBedrms", "Population", "AveOccup", "Latitude", "Longitude"]
SUBMIT = "#house button.main"


def text(chromium, selector):
    return chromium.run(f"document.querySelector({json.dumps(selector)}).innerText")


def submit(chromium):
    """Sends the form and waits for its price or its error."""
    chromium.run("document.querySelector('#price').textContent = ''; document.querySelector('#failure').hidden = true")
    chromium.run("for (const each of document.querySelectorAll('.error')) each.hidden = true")
    chromium.click(SUBMIT)
    chromium.wait(
        "document.querySelector('#price').textContent || !document.querySelector('#failure').hidden"
        " || document.querySelector('.error:not([hidden])')")


def said(chromium, *expected):
    """The number of hosts that the page used, and its errors other than the statuses that a test expects."""
    hosts = {url.split("/")[2] for url in chromium.requests if not url.startswith("data:")}
    complaints = [each for each in chromium.complaints if not any(status in each for status in expected)]
    return len(hosts), complaints
