"""/ and /docs in a real browser: what people see, do and hear, and that no other host is used."""

import http.client
import json
import pathlib
import urllib.parse

import pytest
from home_page import FIELDS, said, submit, text

from testkit.server import HOUSE


# proves: C4.1
def test_the_form_shows_a_price_then_a_hit_with_key_and_times(caching, chromium):
    chromium.open(caching.url)
    assert [chromium.run(f"document.querySelector('#{name}').value") for name in FIELDS] == [
        str(value) for value in json.loads(HOUSE)[0].values()]
    submit(chromium)
    assert text(chromium, "#price") == "$413,909" and text(chromium, "#cache") == "MISS"
    key = text(chromium, "#query-key")
    assert key == json.loads(caching.call("/predict", HOUSE)[1])["query_key"]
    submit(chromium)
    assert text(chromium, "#cache") == "HIT" and text(chromium, "#query-key") == key
    times = text(chromium, "#timing")
    assert all(f"{stage} " in times for stage in ("validate", "cache", "score"))
    assert text(chromium, "#round-trip").endswith("s")
    assert len(text(chromium, "#model")) == 16 and len(text(chromium, "#request-id")) == 36
    assert said(chromium) == (1, [])


# proves: C4.1
def test_an_error_is_beside_its_field_and_goes_when_it_is_mended(server, chromium):
    chromium.open(server.url)
    for name, value in [("MedInc", "-1"), ("AveRooms", "many"), ("Latitude", "90.5"), ("Longitude", "")]:
        chromium.write(f"#{name}", value)
    submit(chromium)
    errors = {name: text(chromium, f"#{name}-error") for name in FIELDS}
    assert {name: error for name, error in errors.items() if error} == {
        "MedInc": "Input should be greater than or equal to 0",
        "AveRooms": "Input should be a valid number, unable to parse string as a number",
        "Latitude": "Input should be less than or equal to 90",
        "Longitude": "Field required",
    }
    invalid = "[...document.querySelectorAll('[aria-invalid=true]')].map((field) => field.name)"
    assert chromium.run(invalid) == ["MedInc", "AveRooms", "Latitude", "Longitude"]
    assert chromium.run("document.activeElement.name") == "MedInc"
    for name, value in zip(FIELDS, json.loads(HOUSE)[0].values()):
        chromium.write(f"#{name}", str(value))
    submit(chromium)
    assert text(chromium, "#price") == "$413,909" and chromium.run(invalid) == []
    assert said(chromium, "422") == (1, [])


def test_the_keyboard_is_enough(server, chromium):
    chromium.open(server.url)
    reached = []
    for _ in range(16):
        chromium.press("Tab", 9)
        reached.append(chromium.run("document.activeElement.id || document.activeElement.innerText"))
    wanted = [*FIELDS, "API key", "Estimate the price", "random", "burst"]
    assert [each for each in reached if each in wanted] == wanted
    chromium.run("document.querySelector('#MedInc').focus()")
    chromium.press("Enter", 13, "\r")
    chromium.wait("document.querySelector('#price').textContent === '$413,909'")


def test_a_screen_reader_gets_names_hints_errors_and_values(server, chromium):
    chromium.open(server.url)
    nodes = chromium.send("Accessibility.getFullAXTree")["nodes"]
    spoken = [
        (node["role"]["value"], node.get("name", {}).get("value", ""), node.get("description", {}).get("value", ""))
        for node in nodes if not node["ignored"]]
    boxes = {name: hint for role, name, hint in spoken if role == "textbox"}
    assert len(boxes) >= 8 and all(boxes.values()) and boxes["Median income"] == "10 000 USD a year, 0 or more"
    buttons = {name for role, name, _ in spoken if role == "button"}
    assert {"Estimate the price", "Another house", "Send 200 requests"} <= buttons
    pictures = [name for role, name, _ in spoken if role in ("image", "img")]
    assert len(pictures) == 6 and all(": " in name for name in pictures)
    assert chromium.run("document.documentElement.lang") == "en"
    assert {"banner", "main", "navigation"} <= {role for role, _, _ in spoken}
    # The price and the outcome of 200 requests are read out; the charts' values, which change each second, are not.
    assert [role for role, _, _ in spoken].count("status") == 2
    assert chromium.run("document.querySelector('#charts').querySelector('output, [role=status], [aria-live]')") is None


# proves: C4.1
def test_charts_draw_what_happens(caching, chromium):
    chromium.open(caching.url)
    chromium.wait("document.querySelectorAll('.curve').length > 0")
    chromium.click("#burst")
    chromium.wait("document.querySelectorAll('.curve').length >= 7 && !document.querySelector('#burst').disabled")
    highest = chromium.run("[...document.querySelectorAll('.chart')].map((chart) => chart.getAttribute('aria-label'))")
    assert [label.split(":")[0] for label in highest] == [
        "Requests a second", "Latency", "Hit rate", "In flight", "Rejected a second", "Busy cores"]
    assert not highest[0].endswith(" 0") and "p50" in highest[1] and "p99" in highest[1] and highest[2].endswith("%")
    instance = json.loads(caching.call("/version")[1])["instance"]
    assert instance in text(chromium, "#replica")
    assert said(chromium) == (1, [])


# proves: C4.1
def test_the_page_names_one_replica_and_drops_samples_of_others(server, chromium):
    chromium.open(server.url)
    chromium.wait("document.querySelectorAll('.curve').length > 0")
    # What a balancer does: each poll reaches another replica; the first one is followed.
    followed = chromium.run("""(() => {
        const replica = new FollowedReplica();
        const sample = (instance, calls, time) => new Scrape([
            `bungalow_build_info{version="1",model_version="2",config="3",instance="${instance}"} 1`,
            `bungalow_requests_total{route="/predict",status="200"} ${calls}`,
            `bungalow_in_flight_requests 0`].join("\\n"), time);
        const taken = [["a", 10, 0], ["b", 9000, 1000], ["a", 30, 2000], ["b", 9500, 3000], ["a", 70, 4000]]
            .map((each) => replica.take(sample(...each)));
        const rates = replica.changes.map((change) => change.rate);
        const see = (name, times) => {
            for (let time = 1; time <= times; time++) replica.take(sample(name, 9500, replica.last.time + time));
            return replica.instance;
        };
        const { patience, patienceWithNewcomer } = FollowedReplica;
        const known = [see("b", patience - 1), see("b", 1), [...replica.known.keys()]];
        // A replica that is new, and the only one to respond, is the followed one, restarted.
        const alone = [see("c", patienceWithNewcomer - 1), see("c", 1), [...replica.known.keys()]];
        const among = [see("d", 1), see("e", 1), see("d", patienceWithNewcomer), [...replica.known.keys()]];
        return [taken, rates, known, alone, among];
    })()""")
    assert followed == [
        [True, False, True, False, True], [10, 20],
        ["a", "b", ["b"]], ["b", "c", ["c"]], ["c", "c", "c", ["c", "e", "d"]]]


def test_without_metrics_the_form_works_and_the_page_says_why_there_are_no_charts(server, chromium):
    # What a gateway that hides /metrics does.
    hide = "fetch = (ask => (url, ...rest) => ask(url === '/metrics' ? '/hidden' : url, ...rest))(fetch)"
    chromium.send("Page.addScriptToEvaluateOnNewDocument", source=hide)
    chromium.open(server.url)
    chromium.wait("!document.querySelector('#live-failure').hidden")
    assert "It responds with 404." in text(chromium, "#live-failure")
    submit(chromium)
    assert text(chromium, "#price") == "$413,909"
    assert said(chromium, "404") == (1, [])


# proves: T20, T22
def test_a_key_is_asked_for_used_and_not_kept(start, chromium, tmp_path):
    keys = tmp_path / "keys"
    keys.write_text("secret\n")
    keyed = start(API_KEYS_FILE=str(keys))
    chromium.open(keyed.url)
    submit(chromium)
    assert "asks for a key" in text(chromium, "#key-error")
    assert chromium.run("document.activeElement.id") == "key"
    chromium.write("#key", "secret")
    submit(chromium)
    assert text(chromium, "#price") == "$413,909"
    kept = "JSON.stringify(localStorage) + JSON.stringify(sessionStorage) + document.cookie"
    assert chromium.run(kept) == "{}{}"
    assert said(chromium, "401") == (1, [])


@pytest.mark.parametrize("path", ["/", "/docs"])
@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
def test_pages_fit_a_phone_in_both_themes(server, chromium, path, dark):
    chromium.window(320, 640, dark)
    chromium.open(server.url + path)
    chromium.wait("document.querySelector('.curve, .operation')")
    chromium.run("for (const each of document.querySelectorAll('details')) each.open = true")
    if path == "/docs":
        count = "document.querySelectorAll('{}').length"
        chromium.wait(f"{count.format('details form')} === {count.format('details')}")
        chromium.click("#predict form button")
        chromium.wait("document.querySelector('#predict [role=status] pre')")
    else:
        submit(chromium)
    assert chromium.run("document.documentElement.scrollWidth") == 320
    # WCAG's contrast of text: 4.5 at least.
    contrast = chromium.run("""(() => {
        const light = (color) => {
            const [red, green, blue] = color.match(/[0-9.]+/g).slice(0, 3).map((part) => part / 255)
                .map((part) => part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4);
            return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
        };
        const background = (element) => {
            const color = getComputedStyle(element).backgroundColor;
            return color === "rgba(0, 0, 0, 0)" ? background(element.parentElement) : color;
        };
        const texts = "h1, h2, p, a, label, button, summary, code, figcaption, dt, .method, .badge";
        return [...document.querySelectorAll(texts)]
            .filter((element) => element.innerText && element.checkVisibility())
            .map((element) => {
                const [one, other] = [getComputedStyle(element).color, background(element)].map(light);
                return [(Math.max(one, other) + 0.05) / (Math.min(one, other) + 0.05), element.outerHTML];
            })
            .filter(([ratio]) => ratio < 4.5);
    })()""")
    assert contrast == []


# proves: C4.2
def test_docs_show_every_operation_and_send_a_request(server, chromium):
    chromium.open(server.url + "/docs")
    chromium.wait("document.querySelector('#predict')")
    document = json.loads(server.call("/openapi.json")[1])
    wanted = {each["operationId"] for methods in document["paths"].values() for each in methods.values()}
    assert set(chromium.run("[...document.querySelectorAll('details.operation')].map((each) => each.id)")) == wanted
    schemas = document["components"]["schemas"]
    assert chromium.run("document.querySelectorAll('#schemas .operation').length") == len(schemas)
    chromium.click("#predict summary")
    chromium.wait("document.querySelector('#predict form')")
    chromium.click("#predict form button")
    chromium.wait("document.querySelectorAll('#predict [role=status] pre').length === 2")
    shown = text(chromium, "#predict [role=status]")
    assert "200 OK" in shown and "4.139092164701125" in shown and "x-cache: BYPASS" in shown
    # Everything can be opened.
    chromium.run("for (const each of document.querySelectorAll('details.operation')) each.open = true")
    chromium.wait(f"document.querySelectorAll('details.operation form').length === {len(wanted)}")
    assert said(chromium) == (1, [])


# proves: T20
@pytest.mark.parametrize("path", ["/", "/docs"])
def test_the_policy_allows_only_what_the_page_itself_contains(server, chromium, path):
    policy = server.ask(path)[1]["Content-Security-Policy"]
    assert policy.startswith("default-src 'none'; ") and "unsafe" not in policy and "http" not in policy
    chromium.open(server.url + path)
    chromium.run("""(() => {
        const script = document.createElement("script");
        script.textContent = "window.cameIn = true";
        const button = document.createElement("div");
        document.body.append(script, button);
        button.innerHTML = '<p onclick="window.cameIn = true" style="color: red">x</p>';
        button.firstChild.click();
    })()""")
    assert chromium.run("window.cameIn") is None
    assert chromium.run("fetch('http://127.0.0.2:1/').then(() => 'sent', () => 'refused')") == "refused"
    # The browser reports it at least three times: script, style or handler, connection.
    chromium.wait("document.readyState === 'complete'")
    assert len([each for each in chromium.complaints if "Content Security Policy" in each]) >= 3


# proves: T21
def test_a_page_of_another_origin_can_neither_read_a_response_nor_send_a_key(start, chromium):
    ours, others = start(), start()

    def send(headers, mode="cors"):
        return chromium.run(f"""fetch({json.dumps(ours.url + '/predict')}, {{
            method: "POST", mode: "{mode}", body: {json.dumps(HOUSE.decode())}, headers: {json.dumps(headers)},
        }}).then((answer) => answer.type, () => "refused")""")

    def answered(method_status):
        return f'bungalow_requests_total{{route="/predict",status="{method_status}"}}' in ours.call("/metrics")[1]

    # A page without a policy of its own, of another port and so of another origin.
    chromium.open(others.url + "/version")
    assert send({"Authorization": "Bearer secret"}) == "refused"
    assert answered(204) and not answered(200) and not answered(401)
    assert send({}) == "refused"
    assert send({}, "no-cors") == "opaque"
    assert answered(200)
    assert chromium.run("document.cookie") == ""


def test_pages_are_sent_once_and_head_says_what_get_does(server):
    for path in ("/", "/docs", "/openapi.json"):
        status, headers, text = server.ask(path)
        assert (status, headers["Cache-Control"], headers["X-Content-Type-Options"]) == (200, "no-cache", "nosniff")
        again = server.ask(path, method="HEAD")
        assert (again[0], again[2]) == (200, b"") and again[1]["Content-Length"] == str(len(text))
        tag = headers["ETag"]
        for known in (tag, f"W/{tag}", f'"other", {tag}', "*"):
            assert server.ask(path, headers={"If-None-Match": known})[::2] == (304, b"")
        for other in ('"other"', '"a,*,b"'):
            assert server.ask(path, headers={"If-None-Match": other})[0] == 200
        # A list may come in several fields.
        client = http.client.HTTPConnection(urllib.parse.urlsplit(server.url).netloc, timeout=30)
        client.putrequest("GET", path)
        for known in (tag, '"other"'):
            client.putheader("If-None-Match", known)
        client.endheaders()
        assert client.getresponse().status == 304
        client.close()


# proves: T20
def test_pages_name_no_other_host():
    for file in (pathlib.Path(__file__).parents[2] / "Sources/Server/Resources").iterdir():
        text = file.read_text().replace("http://www.w3.org/2000/svg", "")
        assert "http:" not in text and "https:" not in text, file.name
