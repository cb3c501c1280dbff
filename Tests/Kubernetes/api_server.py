"""The part of a Kubernetes API server that kubectl needs to apply manifests: objects in memory, no controllers.

It keeps the objects it is sent, merges patches, and records each request that changes something. It has only the rules
that the tests are about: a Deployment without replicas gets 1, and a Job's template never changes.
"""

import http.server
import json
import threading

# kind: group and version, plural, whether it is in a namespace.
KINDS = {
    "ConfigMap": ("v1", "configmaps", True),
    "Deployment": ("apps/v1", "deployments", True),
    "HorizontalPodAutoscaler": ("autoscaling/v2", "horizontalpodautoscalers", True),
    "Job": ("batch/v1", "jobs", True),
    "Namespace": ("v1", "namespaces", False),
    "PodDisruptionBudget": ("policy/v1", "poddisruptionbudgets", True),
    "Service": ("v1", "services", True),
    "ServiceAccount": ("v1", "serviceaccounts", True),
}


def discovery(path):
    """The response to /api, /apis and each group's version; None for any other path."""
    groups = sorted({version for version, _, _ in KINDS.values() if "/" in version})
    if path == "/api":
        return {"kind": "APIVersions", "versions": ["v1"]}
    if path == "/apis":
        listed = []
        for group, version in (each.split("/") for each in groups):
            only = {"groupVersion": f"{group}/{version}", "version": version}
            listed.append({"name": group, "versions": [only], "preferredVersion": only})
        return {"kind": "APIGroupList", "apiVersion": "v1", "groups": listed}
    version = path.removeprefix("/apis/").removeprefix("/api/")
    verbs = ["create", "delete", "get", "list", "patch"]
    resources = [
        {"name": plural, "singularName": kind.lower(), "namespaced": is_namespaced, "kind": kind, "verbs": verbs}
        for kind, (of, plural, is_namespaced) in KINDS.items()
        if of == version
    ]
    return {"kind": "APIResourceList", "groupVersion": version, "resources": resources} if resources else None


def merge(value, patch):
    """JSON merge patch (RFC 7396); for fields outside lists, a strategic patch is the same."""
    if not isinstance(patch, dict):
        return patch
    merged = dict(value) if isinstance(value, dict) else {}
    for key, each in patch.items():
        if each is None:
            merged.pop(key, None)
        elif not key.startswith("$"):
            merged[key] = merge(merged.get(key), each)
    return merged


def default(stored):
    """Adds the server's defaults."""
    if stored["kind"] == "Deployment":
        stored["spec"].setdefault("replicas", 1)
    return stored


class Server(http.server.ThreadingHTTPServer):
    """The server, for the length of a `with`; `changes` lists method, path and body of each request that changed it."""

    daemon_threads = True

    def __init__(self):
        super().__init__(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server_port}"
        self.objects = {}
        self.changes = []
        threading.Thread(target=self.serve_forever, daemon=True).start()

    def __exit__(self, *arguments):
        self.shutdown()
        super().__exit__(*arguments)


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def answer(self, body, status=200):
        data = json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def fail(self, status, reason, message):
        failure = {"kind": "Status", "apiVersion": "v1", "status": "Failure", "reason": reason, "code": status}
        self.answer({**failure, "message": message}, status)

    def change(self):
        """The path and the body of a request that changes something; records them."""
        path = self.path.split("?")[0]
        text = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        body = json.loads(text) if text else None
        self.server.changes.append((self.command, path, body))
        return path, body

    def do_GET(self):
        path = self.path.split("?")[0]
        found = self.server.objects.get(path) or discovery(path)
        if found is None:
            return self.fail(404, "NotFound", f"{path} not found")
        return self.answer(found)

    def do_POST(self):
        path, body = self.change()
        body["metadata"]["uid"] = f"uid-{len(self.server.changes)}"
        self.server.objects[f"{path}/{body['metadata']['name']}"] = default(body)
        self.answer(body, 201)

    def do_PATCH(self):
        path, patch = self.change()
        stored = self.server.objects[path]
        if stored["kind"] == "Job" and "template" in patch.get("spec", {}):
            return self.fail(422, "Invalid", "spec.template: Invalid value: field is immutable")
        self.server.objects[path] = default(merge(stored, patch))
        return self.answer(self.server.objects[path])

    def do_DELETE(self):
        path, _ = self.change()
        if self.server.objects.pop(path, None) is None:
            return self.fail(404, "NotFound", f"{path} not found")
        return self.answer({"kind": "Status", "apiVersion": "v1", "status": "Success"})

    def log_message(self, *arguments):
        pass
