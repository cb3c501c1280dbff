"""A Kubernetes API server for the real kubectl that plays a cluster under load: pods come, serve, log, restart and end.

usage: kubernetes_exercise.py EXERCISE

EXERCISE is JSON: "pods" at the start, "before" (requests of each by then), "setup" (steps that have happened by then:
[name, argument …]), "rate" (requests a second), "steps" ([second, name, argument …], counted from the first look at the
pods), and rights as "verb resource[.group] namespace|cluster": "denied", or "allowed", beside which all are denied.

    scale N        the deployment has N pods from now on; pods end as .k8s lets them, in less time
    rollout        each pod is replaced: a new one is ready before the old one ends
    kill           the first pod's container dies by SIGKILL, with requests that it never logged, and is started again
    restart        the first pod's container has died by SIGKILL and runs again, at once
    force          the first pod and its object are gone at once
    outage N       for N seconds the API server closes each connection; streams end as if they were complete
    rotate         the node begins a new log file for each container: older lines are not returned any more
    lose N         the next N requests are counted and their lines are lost
    stop           no more requests

Request ids name the container and count its requests, so that a recording can be checked without the counters.
GET /truth returns what each container has served, and whether it has ended.
"""
import contextlib
import datetime
import http.server
import itertools
import json
import sys
import threading
import time
import urllib.parse
import uuid

START_DELAY, READY_DELAY = 0.3, 0.7
# How long an ending pod responds, how long its process lasts after that, and its object after the process.
DRAIN, EXIT, REMOVAL = 6.0, 0.5, 1.0
lock = threading.RLock()
changed = threading.Condition(lock)
versions = itertools.count(100)


def zulu(seconds, fraction=False):
    text = datetime.datetime.fromtimestamp(int(seconds), datetime.UTC).strftime("%Y-%m-%dT%H:%M:%S")
    return f"{text}.{int(seconds % 1 * 1e9):09d}Z" if fraction else text + "Z"


class Container:
    numbers = itertools.count(1)

    def __init__(self, restarts, pod, age=0):
        self.pod, self.restarts, self.number, self.instance = pod, restarts, next(self.numbers), uuid.uuid4().hex
        self.started, self.ended, self.exit_code = time.time() - age, None, None
        self.lines, self.first, self.count, self.answers = [], 0, 0, True
        self.log("listening on 0.0.0.0:8000", age=age)

    def log(self, *lines, age=0):
        now = time.time() - age
        # Some runtimes give all lines of one write the same time.
        self.lines += [(zulu(now, fraction=True), line) for line in lines]

    def serve(self, is_logged=True, age=0):
        self.count += 1
        if not is_logged:
            return
        local = datetime.datetime.fromtimestamp(time.time() - age, datetime.UTC)
        self.log(
            f'127.0.0.1 - - [{local.strftime("%d/%b/%Y:%H:%M:%S")} +0000] "POST /predict HTTP/1.1" 200 412 "-" "-"',
            f"X-Ms-Request-Id: {self.number:08x}-0000-4000-8000-{self.count:012x}", "Prediction took 0.1000 ms",
            age=age)

    def end(self, code):
        self.ended, self.exit_code, self.answers = time.time(), code, False

    def state(self):
        if self.ended is None:
            return {"running": {"startedAt": zulu(self.started)}}
        reason = "Completed" if self.exit_code == 0 else "Error"
        return {"terminated": {"exitCode": self.exit_code, "startedAt": zulu(self.started),
                               "finishedAt": zulu(self.ended), "reason": reason}}


class Pod:
    numbers = itertools.count(1)

    def __init__(self, is_old=False):
        self.name, self.uid = f"bungalow-6fc5cf8df6-{next(self.numbers):05d}", str(uuid.uuid4())
        self.containers, self.deleted, self.version = [], None, next(versions)
        self.ready = time.time() + (0 if is_old else READY_DELAY)
        if is_old:
            self.containers.append(Container(0, self, age=60))
        else:
            later(START_DELAY, self.start)

    def touch(self):
        self.version = next(versions)
        history.append((self.version, "DELETED" if self not in pods else "MODIFIED", self.object()))
        changed.notify_all()

    def start(self):
        self.containers.append(Container(len(self.containers), self))
        self.touch()

    def takes_load(self):
        is_served = self.deleted is None or time.time() - self.deleted < 0.5
        return is_served and self.containers and self.containers[-1].answers and time.time() >= self.ready

    def delete(self):
        self.deleted = time.time()
        self.touch()
        later(DRAIN, self.close)

    def close(self):
        self.containers[-1].answers = False
        later(EXIT, self.exit)

    def exit(self):
        self.containers[-1].end(0)
        self.touch()
        later(REMOVAL, self.remove)

    def remove(self):
        if self in pods:
            pods.remove(self)
        self.touch()

    def object(self):
        metadata = {"name": self.name, "namespace": "serving", "uid": self.uid, "resourceVersion": str(self.version),
                    "annotations": {"kubectl.kubernetes.io/default-container": "server"}}
        if self.deleted:
            metadata["deletionTimestamp"] = zulu(self.deleted)
        status = {"phase": "Pending"}
        if self.containers:
            last = self.containers[-1]
            container = {"name": "server", "restartCount": last.restarts, "state": last.state(),
                         "containerID": f"containerd://{last.number}"}
            if last.restarts:
                container["lastState"] = self.containers[-2].state()
            status = {"phase": "Running" if last.ended is None else "Succeeded", "containerStatuses": [container]}
        return {"kind": "Pod", "apiVersion": "v1", "metadata": metadata, "status": status,
                "spec": {"containers": [{"name": "server", "ports": [{"name": "http", "containerPort": 8000}]}]}}


def later(seconds, work):
    def run():
        with lock:
            work()
    timer = threading.Timer(seconds, run)
    timer.daemon = True
    timer.start()


def scale(count):
    alive = [pod for pod in pods if pod.deleted is None]
    for pod in alive[count:]:
        pod.delete()
    for _ in range(count - len(alive)):
        add()


def add():
    pod = Pod()
    pods.append(pod)
    everyone.append(pod)
    pod.touch()


def rollout():
    old = [pod for pod in pods if pod.deleted is None]
    for pod in old:
        add()
        later(READY_DELAY + 0.3, pod.delete)


def kill():
    pod = pods[0]
    for _ in range(3):
        pod.containers[-1].serve(is_logged=False)
    pod.containers[-1].end(137)
    pod.touch()
    later(0.5, pod.start)


def restart():
    pods[0].containers[-1].end(137)
    pods[0].start()


def force():
    pod = pods.pop(0)
    pod.containers[-1].end(137)
    pod.touch()


def rotate():
    for pod in pods:
        for container in pod.containers:
            container.first = len(container.lines)


class Play:
    outage_until, to_lose, is_serving, begin = 0, 0, True, None


def outage(seconds):
    Play.outage_until = time.time() + seconds


def lose(count):
    Play.to_lose += count


def stop():
    Play.is_serving = False


def look():
    if Play.begin is None:
        Play.begin = time.time()
        for second, name, *arguments in exercise.get("steps", []):
            later(second, lambda name=name, arguments=arguments: globals()[name](*arguments))


def load():
    due = time.time()
    while True:
        due += 1 / exercise["rate"]
        time.sleep(max(due - time.time(), 0))
        with lock:
            ready = [pod for pod in pods if pod.takes_load()]
            if ready and Play.is_serving:
                ready[next(turns) % len(ready)].containers[-1].serve(is_logged=Play.to_lose == 0)
                Play.to_lose = max(Play.to_lose - 1, 0)
                changed.notify_all()


class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        url = urllib.parse.urlsplit(self.path)
        query = dict(urllib.parse.parse_qsl(url.query))
        print("GET", self.path, flush=True)
        with lock:
            if time.time() < Play.outage_until:
                return
            answer = self.find(url.path, query)
        if callable(answer):
            with contextlib.suppress(OSError):
                answer()
        else:
            self.send(*answer)

    def find(self, path, query):
        parts = path.strip("/").split("/")
        if path == "/truth":
            containers = [container for pod in everyone for container in pod.containers]
            return 200, {"containers": [
                {"number": each.number, "pod": each.pod.name, "count": each.count, "logged": len(each.lines) // 3,
                 "exit": each.exit_code} for each in containers]}
        if path in DISCOVERY:
            return 200, DISCOVERY[path]
        if parts[:3] == ["api", "v1", "namespaces"] and len(parts) == 4:
            # kubectl requests it if a pod is not found.
            return 200, {"kind": "Namespace", "apiVersion": "v1", "metadata": {"name": parts[3]}}
        if refused := self.refused(parts, query):
            return refused
        if parts[-1] == "deployments":
            return 200, {"metadata": {}, "items": [DEPLOYMENT]}
        if parts[-2] == "deployments":
            return 200, DEPLOYMENT
        if parts[1] == "metrics.k8s.io":
            return 200, {"metadata": {}, "items": []}
        if path == PODS:
            look()
            if query.get("watch"):
                return lambda: self.watch(int(query.get("resourceVersion", 0)), float(query.get("timeoutSeconds", 60)))
            return 200, {"kind": "PodList", "apiVersion": "v1", "items": [pod.object() for pod in pods],
                         "metadata": {"resourceVersion": str(next(versions))}}
        name = parts[5].split(":")[0]
        pod = next((pod for pod in pods if pod.name == name), None)
        if pod is None:
            return status(404, "NotFound", f'pods "{name}" not found')
        if len(parts) == 6:
            return 200, pod.object()
        return self.log(pod, query) if parts[6] == "log" else self.metrics(pod)

    def refused(self, parts, query):
        resource, name, scope = parts[-1], parts[-1], "at the cluster scope"
        if "namespaces" in parts:
            after = parts[parts.index("namespaces") + 2:]
            resource, name = after[0] + ("/" + after[2] if len(after) > 2 else ""), after[1] if len(after) > 1 else ""
            scope = 'in the namespace "serving"'
        is_list = parts[-1] in ("pods", "deployments")
        verb = "watch" if query.get("watch") else "list" if is_list else "get"
        group = parts[1] if parts[0] == "apis" else ""
        of_group = "." + group if group else ""
        right = f'{verb} {resource}{of_group} {"cluster" if scope.startswith("at") else "namespace"}'
        if right not in exercise.get("denied", []) and right in exercise.get("allowed", [right]):
            return None
        kind = resource.split("/")[0] + of_group
        object = f'{kind} "{name}"' if verb == "get" else kind
        return status(403, "Forbidden", f'{object} is forbidden: User "student" cannot {verb} resource "{resource}" '
                                        f'in API group "{group}" {scope}')

    def metrics(self, pod):
        container = pod.containers[-1] if pod.containers else None
        if container is None or not container.answers:
            return status(503, "ServiceUnavailable", "error trying to reach service: connection refused")
        return 200, ("# TYPE bungalow_requests_total counter\n"
                     f'bungalow_requests_total{{route="/predict",status="200"}} {container.count}\n'
                     f'bungalow_build_info{{version="1",instance="{container.instance}"}} 1\n')

    def log(self, pod, query):
        containers = pod.containers[:-1] if query.get("previous") else pod.containers
        if not containers:
            return status(400, "BadRequest", 'container "server" is waiting to start' if not pod.containers else
                          f'previous terminated container "server" in pod "{pod.name}" not found')
        return lambda: self.stream(pod, containers[-1], query)

    def stream(self, pod, container, query):
        def chosen(lines):
            since = query.get("sinceTime")
            return [line for line in lines if not since or line[0][:19] >= since[:19]]

        with lock:
            position = len(container.lines)
            lines = chosen(container.lines[container.first:])
            if "tailLines" in query:
                count = int(query["tailLines"])
                lines = lines[-count:] if count else []
        self.begin("text/plain")
        while True:
            text = "".join((time + " " if query.get("timestamps") else "") + line + "\n" for time, line in lines)
            self.wfile.write(text.encode()[:int(query.get("limitBytes", 1 << 40))])
            self.wfile.flush()
            if not query.get("follow"):
                return
            with changed:
                while len(container.lines) == position:
                    if container.ended or time.time() < Play.outage_until:
                        return
                    changed.wait(0.1)
                if time.time() < Play.outage_until:
                    return
                lines = chosen(container.lines[position:])
                position = len(container.lines)

    def watch(self, version, seconds):
        self.begin("application/json")
        end = time.time() + seconds
        while time.time() < end:
            with changed:
                events = [event for event in history if event[0] > version]
                if not events:
                    changed.wait(0.1)
                if time.time() < Play.outage_until:
                    return
            for number, kind, pod in events:
                version = number
                self.wfile.write((json.dumps({"type": kind, "object": pod}) + "\n").encode())
            self.wfile.flush()

    def begin(self, kind):
        self.send_response(200)
        self.send_header("Content-Type", kind)
        self.end_headers()
        self.wfile.flush()

    def send(self, code, body):
        is_json = not isinstance(body, str)
        data = (json.dumps(body) if is_json else body).encode()
        self.send_response(code)
        self.send_header("Content-Type", "application/json" if is_json else "text/plain")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, *arguments):
        pass


def status(code, reason, message):
    return code, {"kind": "Status", "apiVersion": "v1", "status": "Failure", "code": code, "reason": reason,
                  "message": message}


PODS = "/api/v1/namespaces/serving/pods"
DEPLOYMENT = {"metadata": {"name": "bungalow", "namespace": "serving"},
              "spec": {"selector": {"matchLabels": {"app": "bungalow"}}}}
RESOURCES = [{"name": name, "singularName": "", "namespaced": True, "kind": "Pod", "verbs": ["get", "list"]}
             for name in ("pods", "pods/log")]
DISCOVERY = {"/api": {"kind": "APIVersions", "versions": ["v1"]},
             "/apis": {"kind": "APIGroupList", "apiVersion": "v1", "groups": []},
             "/api/v1": {"kind": "APIResourceList", "groupVersion": "v1", "resources": RESOURCES}}

if __name__ == "__main__":
    exercise = json.loads(sys.argv[1])
    turns, history = itertools.count(), []
    pods = [Pod(is_old=True) for _ in range(exercise.get("pods", 1))]
    everyone = list(pods)
    for each in pods:
        for _ in range(exercise.get("before", 0)):
            each.containers[0].serve(age=30)
    for name, *arguments in exercise.get("setup", []):
        with lock:
            globals()[name](*arguments)
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    print("listening", server.server_port, flush=True)
    threading.Thread(target=load, daemon=True).start()
    server.serve_forever()
