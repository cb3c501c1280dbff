"""/openapi.json against the real responses of running servers: every route, every status, bodies and header fields."""

import json
import re
import signal
import socket

import openapi_spec_validator
import pytest
from jsonschema import Draft202012Validator
from referencing import Registry, Resource
from referencing.jsonschema import DRAFT202012

from testkit.server import HOUSE

DOCUMENT = "urn:openapi"
VERSION = "6d8d321e9462a021"
INFER = "/v2/models/housing/infer"
MODEL = "/v2/models/housing/versions/{version}"
HOUSES = json.loads(HOUSE)


def tensor(**change):
    tensor = {"name": "input", "shape": [1, 8], "datatype": "FP64", "data": list(HOUSES[0].values()), **change}
    return json.dumps({"id": "a", "inputs": [tensor]}).encode()


def house(**change):
    return json.dumps([{**HOUSES[0], **change}]).encode()


class Description:
    """The service's own description, and the checks of responses against it."""

    def __init__(self, server):
        status, headers, text = server.ask("/openapi.json")
        assert (status, headers["Content-Type"]) == (200, "application/json")
        self.document = json.loads(text)
        resource = Resource.from_contents(self.document, default_specification=DRAFT202012)
        self.registry = Registry().with_resource(DOCUMENT, resource)

    def validate(self, value, *path):
        """Checks a value against the schema at a place of the document."""
        pointer = "/".join(str(key).replace("~", "~0").replace("/", "~1") for key in path)
        schema = {"$ref": f"{DOCUMENT}#/{pointer}"}
        errors = [error.message for error in Draft202012Validator(schema, registry=self.registry).iter_errors(value)]
        assert not errors, (path, errors, value)

    def place(self, *path):
        """The path in the document to the value at a path, with references followed."""
        place, part = [], self.document
        for key in path:
            place, part = [*place, key], part[key]
            while isinstance(part, dict) and "$ref" in part:
                place, part = part["$ref"][2:].split("/"), self.document
                for inner in place:
                    part = part[inner]
        return place, part

    def check(self, method, path, status, headers, text):
        """Checks a response against its description."""
        responses = self.document["paths"][path][method]["responses"]
        assert str(status) in responses, f"{method} {path} returns {status}, which is not described"
        place, response = self.place("paths", path, method, "responses", str(status))
        for name in response.get("headers", {}):
            assert headers[name] is not None, (path, status, name)
            where, said = self.place(*place, "headers", name)
            value = int(headers[name]) if said["schema"].get("type") == "integer" else headers[name]
            self.validate(value, *where, "schema")
        if "content" not in response:
            assert text == b""
            return
        kind = headers["Content-Type"].split(";")[0]
        assert kind in response["content"]
        body = json.loads(text) if kind == "application/json" else text.decode()
        self.validate(body, *place, "content", kind, "schema")


@pytest.fixture(scope="module")
def description(server):
    return Description(server)


def operations(document):
    return [(method, path, each) for path, methods in document["paths"].items() for method, each in methods.items()]


# proves: C4.2
def test_the_description_is_openapi_3_1_and_needs_no_other_host(description):
    openapi_spec_validator.validate(description.document)
    assert description.document["openapi"].startswith("3.1.")
    text = json.dumps(description.document)
    assert "http://" not in text and "https://" not in text


# proves: C4.2
def test_the_routes_that_the_server_counts_are_described_and_no_others(server, description):
    counted = set(re.findall(r'bungalow_request_duration_seconds_count\{route="(.*?)"\}', server.call("/metrics")[1]))
    described = {path.replace("/versions/{version}", "") for path in description.document["paths"]}
    assert described == counted - {"other"} and len(described) > 15


def test_the_batch_limit_is_the_one_that_the_server_was_started_with(start, description):
    def limit(document):
        return document["components"]["schemas"]["Batch"]["maxItems"]

    other = Description(start(MAX_BATCH_RECORDS="7"))
    assert (limit(description.document), limit(other.document)) == (1000, 7)


# proves: C6.16
def test_both_formats_of_the_metrics_are_described(server, description):
    for kind in description.document["paths"]["/metrics"]["get"]["responses"]["200"]["content"]:
        answer = server.ask("/metrics", headers={"Accept": kind})
        assert answer[1].get_content_type() == kind
        description.check("get", "/metrics", *answer)


def test_each_path_has_the_methods_that_it_is_described_with(server, description):
    for path, methods in description.document["paths"].items():
        status, headers, _ = server.ask(path.replace("{version}", VERSION), method="OPTIONS")
        allowed = set(headers["Allow"].lower().split(", "))
        assert (status, allowed - {"options", "head"}) == (204, set(methods)), path


def test_examples_match_their_schemas_and_the_real_responses(server, description):
    for method, path, operation in operations(description.document):
        body = None
        if content := operation.get("requestBody", {}).get("content"):
            ((kind, media),) = content.items()
            description.validate(media["example"], "paths", path, method, "requestBody", "content", kind, "schema")
            body = json.dumps(media["example"]).encode()
        status, headers, text = server.ask(path.replace("{version}", VERSION), body)
        assert status == 200, path
        description.check(method, path, status, headers, text)
        media = operation["responses"]["200"]["content"].get("application/json", {})
        if "example" not in media:
            continue
        place = ("paths", path, method, "responses", "200", "content", "application/json", "schema")
        description.validate(media["example"], *place)
        # A version describes this very process.
        if path != "/version":
            assert json.loads(text) == media["example"], path


WRONG = [
    b"", b"{", b"{}", b"1", b"[]", b"[1]", b"[{}]", house(MedInc=-1), house(MedInc=True), house(MedInc=None),
    house(MedInc="many"), house(MedInc="1e999"), house(MedInc=[1]), house(Latitude=91), house(Longitude="-181"),
    house(MedInc=1.7e308, AveBedrms=1.7e308), b"[" + b"{}," * 200 + b"{}]", b"[" + b"1," * 1000 + b"1]",
]


@pytest.mark.parametrize("path", ["/predict", "/score"])
def test_every_kind_of_422_is_as_described(server, description, path):
    kinds = set()
    for body in WRONG:
        status, headers, text = server.ask(path, body)
        assert status == 422, body
        description.check("post", path, status, headers, text)
        kinds |= {item["type"] for item in json.loads(text)["detail"]}
    detail = description.document["components"]["schemas"]["ValidationError"]["properties"]["detail"]
    assert kinds == set(detail["items"]["properties"]["type"]["enum"])


# proves: T4
def test_bodies_that_the_schema_accepts_are_scored_and_others_are_rejected(server, description):
    schema = ("paths", "/predict", "post", "requestBody", "content", "application/json", "schema")
    taken = [house(MedInc="8.3252"), house(MedInc="1e2", Latitude="-90.0", Longitude="180"), house(Other=[None])]
    for body in taken:
        description.validate(json.loads(body), *schema)
        assert server.ask("/predict", body)[0] == 200, body
    # No schema can express what overflows only in the model.
    for body in (body for body in WRONG if body not in (b"", b"{") and b"1.7e+308" not in body):
        with pytest.raises(AssertionError):
            description.validate(json.loads(body), *schema)


@pytest.mark.parametrize("path", [INFER, MODEL + "/infer"])
def test_inference_responses_are_as_described(server, description, path):
    columns = [
        {"name": name, "shape": [1, 1], "datatype": "FP64", "data": [[value]]} for name, value in HOUSES[0].items()
    ]
    good = [tensor(), tensor(data=[list(HOUSES[0].values())]), json.dumps({"inputs": columns}).encode()]
    bad = [b"", b"[]", b"{}", tensor(datatype="BYTES"), tensor(shape=[8]), tensor(data=[-1] * 8), tensor(name=1)]
    for body, wanted in [(body, 200) for body in good] + [(body, 400) for body in bad]:
        status, headers, text = server.ask(path.replace("{version}", VERSION), body)
        assert status == wanted, body
        description.check("post", path, status, headers, text)
        if status == 200:
            description.validate(json.loads(body), "components", "schemas", "InferenceRequest")


# proves: C4.2
def test_statuses_that_any_route_can_have_are_as_described(start, server, description, tmp_path):
    """Each of them on a route of either form of errors, if it can occur there."""
    keys = tmp_path / "keys"
    keys.write_text("key\n")
    keyed = start(API_KEYS_FILE=str(keys))
    short = start(BODY_TIMEOUT_SECONDS="1")
    big = b" " * ((1 << 20) + 1)
    seen = set()

    def check(server, method, path, wanted, body=None, **headers):
        answer = server.ask(path.replace("{version}", "1"), body, headers=headers)
        assert answer[0] == wanted, (path, answer)
        description.check(method, path, *answer)
        seen.add(wanted)

    for path in ("/predict", "/score", INFER):
        check(keyed, "post", path, 401, HOUSE)
        check(server, "post", path, 413, big)
        check(server, "post", path, 415, HOUSE, **{"Content-Encoding": "gzip"})
        check(server, "post", path, 431, HOUSE, **{"X-Long": "x" * 40_000})
    check(keyed, "get", "/test", 401)
    for path in (MODEL, MODEL + "/ready"):
        check(server, "get", path, 404)
    check(server, "post", MODEL + "/infer", 404, tensor())
    check(server, "post", INFER, 400, tensor(), **{"Inference-Header-Content-Length": "9"})
    for path in ("/", "/docs", "/openapi.json"):
        check(server, "get", path, 304, **{"If-None-Match": server.ask(path)[1]["ETag"]})
    for path in ("/predict", INFER):
        for wanted, sent in [(400, ""), (408, "Host: a\r\nContent-Length: 9\r\n")]:
            answer = raw(short, f"POST {path} HTTP/1.1\r\n{sent}\r\n")
            assert answer[0] == wanted
            description.check("post", path, *answer)
            seen.add(wanted)
    seen.add(check_saturation(start, description))
    described = {status for _, _, each in operations(description.document) for status in each["responses"]}
    assert {str(status) for status in seen} | {"200", "422"} == described


def check_saturation(start, description):
    """503 for one request too many, and for readiness while the server stops."""
    busy = start(
        REPLICA_MAX_CONCURRENT_REQUESTS="1", MAX_QUEUED_REQUESTS="0", SYNTHETIC_SLEEP_MS="600000",
        DRAIN_DELAY_SECONDS="600")
    host, port = busy.url.removeprefix("http://").split(":")
    with socket.create_connection((host, int(port))) as first:
        first.sendall(b"GET /test HTTP/1.1\r\nHost: a\r\n\r\n")
        while "bungalow_in_flight_requests 1" not in busy.call("/metrics")[1]:
            pass
        for method, path, body in [("post", "/predict", HOUSE), ("get", "/test", None), ("post", INFER, tensor())]:
            answer = busy.ask(path, body)
            assert answer[0] == 503
            description.check(method, path, *answer)
        busy.process.send_signal(signal.SIGTERM)
        for path in ("/readyz", "/v2/health/ready", "/v2/models/housing/ready"):
            while (answer := busy.ask(path))[0] == 200:
                pass
            assert answer[0] == 503
            description.check("get", path, *answer)
    busy.end()
    return 503


def raw(server, request):
    """The status, the header fields and the body of the response to a request that no client would send."""
    host, port = server.url.removeprefix("http://").split(":")
    with socket.create_connection((host, int(port)), timeout=30) as connection:
        connection.sendall(request.encode())
        connection.shutdown(socket.SHUT_WR) if "Content-Length" not in request else None
        answer = b""
        while part := connection.recv(1 << 16):
            answer += part
    head, body = answer.split(b"\r\n\r\n", 1)
    status, *fields = head.decode().split("\r\n")
    return int(status.split()[1]), dict(field.split(": ", 1) for field in fields), body
