"""What / and /docs do with requests that are late, overtaken, rejected or impossible, in a real browser."""

import json
import re
import signal
import urllib.parse

import pytest
from home_page import SUBMIT, said, submit, text

from testkit.server import HOUSE

SAMPLE = "$413,909"


def is_busy(chromium, region="#answer"):
    return chromium.run(f"document.querySelector('{region}').ariaBusy") == "true"


def test_the_response_to_an_older_submission_never_replaces_that_to_a_newer_one(start, chromium, tmp_path):
    # The older one runs the model, for a second and a half; the newer one is in the cache.
    slow = start(CACHE_URL=f"sqlite:{tmp_path}/entries.sqlite", SYNTHETIC_SLEEP_MS="1500")
    slow.call("/predict", HOUSE)
    chromium.open(slow.url)
    chromium.write("#MedInc", "2")
    chromium.click(SUBMIT)
    assert is_busy(chromium)
    chromium.write("#MedInc", "8.3252")
    chromium.click(SUBMIT)
    chromium.wait(f"document.querySelector('#price').textContent === '{SAMPLE}'")
    assert not is_busy(chromium)
    # Both have ended, and their handlers have run.
    while chromium.ended.count(f"{slow.url}/predict") < 2:
        chromium.run("1")
    chromium.run("new Promise((done) => setTimeout(done))")
    assert (text(chromium, "#price"), text(chromium, "#cache")) == (SAMPLE, "HIT")
    assert said(chromium) == (1, [])


def test_a_price_is_marked_as_old_while_the_form_holds_another_house(server, chromium):
    chromium.open(server.url)
    submit(chromium)
    is_old = "document.querySelector('#price').classList.contains('old')"
    fresh = text(chromium, "#verdict")
    assert not chromium.run(is_old)
    chromium.write("#MedInc", "2")
    assert chromium.run(is_old) and "earlier values" in text(chromium, "#verdict")
    chromium.write("#MedInc", "8.3252")
    assert not chromium.run(is_old) and text(chromium, "#verdict") == fresh


def test_after_an_error_nothing_of_an_earlier_response_is_left(caching, chromium):
    chromium.open(caching.url)
    submit(chromium)
    assert text(chromium, "#price") == SAMPLE and text(chromium, "#query-key")
    chromium.write("#MedInc", "-1")
    submit(chromium)
    assert text(chromium, "#MedInc-error") and text(chromium, "#price") == "$ –"
    assert not chromium.run("document.querySelector('#facts').checkVisibility()")
    assert "no price" in text(chromium, "#verdict")
    chromium.write("#MedInc", "8.3252")
    submit(chromium)
    assert text(chromium, "#price") == SAMPLE and text(chromium, "#cache") == "HIT"


@pytest.mark.parametrize("income, shown", [("1e308", "× 10³¹²"), ("1e8", "× 10¹²"), ("100", "$4,")])
def test_a_price_of_any_size_can_be_read(server, chromium, income, shown):
    chromium.open(server.url)
    chromium.write("#MedInc", income)
    submit(chromium)
    price = text(chromium, "#price")
    assert shown in price and "∞" not in price and len(price) < 20


def test_a_frozen_server_is_reported_and_found_again(start, chromium):
    frozen = start()
    chromium.open(frozen.url)
    chromium.wait("document.querySelectorAll('.curve').length > 0")
    submit(chromium)
    chromium.run("Calls.patience = 300; LiveCharts.intervalOfFailures = 100")
    frozen.process.send_signal(signal.SIGSTOP)
    try:
        chromium.click(SUBMIT)
        chromium.wait("!document.querySelector('#failure').hidden && !document.querySelector('#live-failure').hidden")
    finally:
        frozen.process.send_signal(signal.SIGCONT)
    assert text(chromium, "#failure") == "The server did not respond within 0.3 s."
    assert "did not respond within 0.3 s." in text(chromium, "#live-failure")
    assert text(chromium, "#price") == "$ –" and not is_busy(chromium)
    chromium.run("Calls.patience = 60_000")
    submit(chromium)
    assert text(chromium, "#price") == SAMPLE
    chromium.wait("document.querySelector('#live-failure').hidden")


def test_the_charts_continue_with_a_restarted_server(start, chromium):
    old = start()
    chromium.open(old.url)
    chromium.wait("document.querySelectorAll('.curve').length > 0")
    chromium.run("LiveCharts.interval = LiveCharts.intervalOfFailures = 50")
    old.stop()
    chromium.wait("!document.querySelector('#live-failure').hidden")
    # Known replicas would have to be missing for longer than the test may last.
    chromium.run("FollowedReplica.patience = Infinity")
    new = start(port=urllib.parse.urlsplit(old.url).port)
    instance = json.loads(new.call("/version")[1])["instance"]
    chromium.wait(f"document.querySelector('#replica').textContent.startsWith('Instance {instance} ')")
    chromium.wait("document.querySelectorAll('.curve').length > 0")
    assert chromium.run("document.querySelector('#live-failure').hidden")
    assert chromium.run("document.querySelector('#instances-part').hidden")


def in_view(selector):
    """Whether all of an element is on the screen, as an expression."""
    return f"""(({{top, bottom, left, right}}) =>
        top >= 0 && left >= 0 && bottom <= innerHeight && right <= innerWidth
    )(document.querySelector('{selector}').getBoundingClientRect())"""


@pytest.mark.parametrize("width, height", [(390, 844), (320, 568), (360, 640), (844, 390), (1280, 720)])
@pytest.mark.parametrize("button", [SUBMIT, "#random"])
def test_the_price_comes_into_view_after_its_button(server, chromium, width, height, button):
    chromium.window(width, height)
    chromium.open(server.url)
    chromium.click(button)
    chromium.wait("!document.querySelector('#facts').hidden")
    # It scrolls smoothly.
    chromium.wait(f"{in_view('#price')} && {in_view('#verdict')}")
    assert chromium.run("document.documentElement.scrollWidth <= innerWidth")


def test_a_refused_form_stays_where_it_is(server, chromium):
    chromium.window(390, 844)
    chromium.open(server.url)
    chromium.write("#Longitude", "east")
    submit(chromium)
    assert chromium.run(in_view("#Longitude")) and text(chromium, "#Longitude-error")


def burst(chromium):
    """Sends the 200 requests and returns what the page reports about them."""
    chromium.click("#burst")
    chromium.wait("document.querySelector('#burst-outcome').textContent")
    assert not chromium.run("document.querySelector('#burst').disabled")
    assert text(chromium, "#burst") == "Send 200 requests"
    return text(chromium, "#burst-outcome")


@pytest.mark.parametrize("width", [320, 390, 1280])
def test_the_outcome_of_200_requests_is_beside_their_button(caching, chromium, width):
    chromium.window(width, 844)
    chromium.open(caching.url)
    pattern = r"200 of 200 requests were scored in [\d.]+ .{1,2}: (?:\d+ (?:from the cache|computed)(?:, |\.))+"
    report = re.fullmatch(pattern, burst(chromium))
    counts = [int(count) for count in re.findall(r"(\d+) (?:from|computed)", report[0])]
    assert sum(counts) == 200 and said(chromium) == (1, [])
    assert chromium.run(in_view("#burst")) and chromium.run(in_view("#burst-outcome"))
    assert chromium.run("document.documentElement.scrollWidth <= innerWidth")


def test_without_a_cache_200_requests_are_reported_as_computed(server, chromium):
    chromium.open(server.url)
    assert burst(chromium).endswith(": 200 computed without a cache.")


def test_rejected_requests_are_counted_beside_the_button(start, chromium, tmp_path):
    busy = start(
        REPLICA_MAX_CONCURRENT_REQUESTS="1", MAX_QUEUED_REQUESTS="1", SYNTHETIC_SLEEP_MS="5", QUEUE_DEADLINE_MS="1")
    chromium.open(busy.url)
    sentence = burst(chromium)
    good, refused = (int(re.search(words, sentence)[1]) for words in (r"^(\d+) of 200", r"(\d+) refused with 503"))
    assert good + refused == 200 and refused > 0
    keys = tmp_path / "keys"
    keys.write_text("secret\n")
    keyed = start(API_KEYS_FILE=str(keys))
    chromium.open(keyed.url)
    sentence = burst(chromium)
    assert sentence.startswith("0 of 200 requests were scored in ") and "This server asks for a key." in sentence
    assert re.search(r"(\d) refused with 401\. (\d+) got no response\.", sentence) and text(chromium, "#key-error")


def test_requests_to_a_server_that_ends_are_counted_beside_the_button(start, chromium):
    # All requests take seconds, so that the server ends among them however late the page is checked.
    ending = start(SYNTHETIC_SLEEP_MS="300")
    chromium.open(ending.url)
    chromium.click("#burst")
    chromium.wait("parseInt(document.querySelector('#burst').textContent) >= 16")
    ending.stop()
    chromium.wait("document.querySelector('#burst-outcome').textContent")
    sentence = text(chromium, "#burst-outcome")
    good, lost = (int(re.search(words, sentence)[1]) for words in (r"^(\d+) of 200", r"(\d+) got no response\."))
    assert good + lost == 200 and "The server did not respond: " in sentence, sentence


@pytest.mark.parametrize("key, sign", [("ключ", "“к” (U+043A)"), ("a🔑", "“🔑” (U+1F511)")])
def test_a_key_that_no_header_field_can_carry_is_one_clear_sentence(server, chromium, key, sign):
    sentence = f"The API key holds {sign}, which no header field can carry. Write it in ASCII."
    chromium.open(server.url)
    chromium.run("document.querySelector('#key-part').open = true")
    chromium.write("#key", key)
    submit(chromium)
    assert text(chromium, "#key-error") == sentence
    assert chromium.run("document.activeElement.id") == "key"
    chromium.open(server.url + "/docs")
    chromium.wait("document.querySelector('#predict')")
    chromium.write("#key", key)
    chromium.click("#predict summary")
    chromium.wait("document.querySelector('#predict form')")
    chromium.click("#predict form button")
    chromium.wait("document.querySelector('#predict [role=status] .banner')")
    assert text(chromium, "#predict [role=status]") == sentence
    assert said(chromium) == (1, [])


def test_docs_name_a_header_field_that_cannot_be_sent(server, chromium):
    chromium.open(server.url + "/docs")
    chromium.wait("document.querySelector('#predict')")
    chromium.click("#predict summary")
    chromium.wait("document.querySelector('#predict form')")
    name = chromium.run("document.querySelector('#predict form input').id")
    chromium.write(f"#{name}", "ид")
    chromium.click("#predict form button")
    chromium.wait("document.querySelector('#predict [role=status] .banner')")
    field = name.removeprefix("predict-")
    assert text(chromium, "#predict [role=status]").startswith(f"{field} holds “и” (U+0438), ")
    assert said(chromium) == (1, [])


def test_docs_show_a_response_unchanged(server, chromium):
    house = HOUSE.replace(b'"HouseAge":42', b'"HouseAge":1e16').replace(b'"Latitude":37.88', b'"Latitude":-0.0')
    came = server.call("/predict", house)[1]
    assert "-0.0" in came and "1e+16" in came
    chromium.open(server.url + "/docs")
    chromium.wait("document.querySelector('#predict')")
    chromium.click("#predict summary")
    chromium.wait("document.querySelector('#predict-body')")
    chromium.write("#predict-body", house.decode())
    chromium.click("#predict form button")
    chromium.wait("document.querySelectorAll('#predict [role=status] pre').length === 2")
    assert chromium.run("[...document.querySelectorAll('#predict [role=status] pre')].at(-1).textContent") == came


# proves: T23
def test_docs_show_markup_in_a_response_as_text(server, chromium):
    markup = "<img src=x id=came-in onerror=alert(1)>"
    chromium.open(server.url + "/docs")
    chromium.wait("document.querySelector('#predict')")
    chromium.click("#predict summary")
    chromium.wait("document.querySelector('#predict-body')")
    chromium.write("#predict-body", json.dumps([{"MedInc": markup}]))
    chromium.click("#predict form button")
    chromium.wait("document.querySelectorAll('#predict [role=status] pre').length === 2")
    assert markup in text(chromium, "#predict [role=status]")
    assert chromium.run("document.querySelector('#came-in')") is None
    assert said(chromium, "422") == (1, [])
