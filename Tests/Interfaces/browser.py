"""A headless Chromium, driven over a pipe.

The protocol is that of its developer tools: https://chromedevtools.github.io/devtools-protocol.
"""

import base64
import itertools
import json
import os
import select
import shutil
import subprocess
import time

NAMES = ("chromium", "google-chrome", "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome")
SECONDS = 60


def executable():
    return next(filter(None, map(shutil.which, NAMES)), None)


class Browser:
    """One browser with one page, which remembers which requests the page sent and which errors it reported."""

    def __init__(self, folder):
        to_browser, ours = os.pipe()
        self.incoming, from_browser = os.pipe()
        flags = [
            "--headless=new", "--remote-debugging-pipe", f"--user-data-dir={folder}", "--no-first-run", "--disable-gpu",
            "--disable-dev-shm-usage", "--disable-background-networking", "--disable-component-update",
            "--disable-sync", "--hide-scrollbars", "about:blank",
        ]
        if os.geteuid() == 0:
            flags.insert(0, "--no-sandbox")
        # The protocol's descriptors are 3 and 4.
        redirect = f'exec "$0" "$@" 3<&{to_browser} 4>&{from_browser}'
        self.process = subprocess.Popen(
            ["bash", "-c", redirect, executable(), *flags], pass_fds=(to_browser, from_browser),
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True)
        os.close(to_browser)
        os.close(from_browser)
        self.outgoing = ours
        self.numbers = itertools.count(1)
        self.buffer = b""
        self.requests, self.complaints = [], []
        self.under_way, self.ended = {}, []
        self.session = None
        targets = self.send("Target.getTargets")["targetInfos"]
        (page,) = [target["targetId"] for target in targets if target["type"] == "page"]
        self.session = self.send("Target.attachToTarget", targetId=page, flatten=True)["sessionId"]
        for domain in ("Page", "Runtime", "Network", "Log"):
            self.send(f"{domain}.enable")

    def close(self):
        os.close(self.outgoing)
        os.close(self.incoming)
        # Its children are of its own session, and it ends them when its pipe closes.
        try:
            self.process.wait(timeout=10)
        except subprocess.TimeoutExpired:
            os.killpg(self.process.pid, 9)
            self.process.wait()

    def send(self, method, **parameters):
        """Sends one command and returns its result."""
        number = next(self.numbers)
        message = {"id": number, "method": method, "params": parameters}
        if self.session:
            message["sessionId"] = self.session
        os.write(self.outgoing, json.dumps(message).encode() + b"\0")
        while True:
            answer = self.receive()
            if answer.get("id") == number:
                assert "error" not in answer, f"{method}: {answer['error']}"
                return answer["result"]
            self.note(answer)

    def receive(self):
        while b"\0" not in self.buffer:
            assert select.select([self.incoming], [], [], SECONDS)[0], "the browser says nothing"
            part = os.read(self.incoming, 1 << 16)
            assert part, "the browser has ended"
            self.buffer += part
        message, self.buffer = self.buffer.split(b"\0", 1)
        return json.loads(message)

    def note(self, event):
        method, parameters = event.get("method"), event.get("params", {})
        if method == "Network.requestWillBeSent":
            self.requests.append(parameters["request"]["url"])
            self.under_way[parameters["requestId"]] = parameters["request"]["url"]
        elif method in ("Network.loadingFinished", "Network.loadingFailed"):
            self.ended.append(self.under_way.pop(parameters["requestId"], None))
        elif method == "Log.entryAdded":
            self.complaints.append(parameters["entry"]["text"])
        elif method == "Runtime.consoleAPICalled":
            self.complaints.append(" ".join(str(each.get("value")) for each in parameters["args"]))
        elif method == "Runtime.exceptionThrown":
            self.complaints.append(parameters["exceptionDetails"].get("exception", {}).get("description"))

    def window(self, width, height, dark=False):
        screen = {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": width < 500}
        self.send("Emulation.setDeviceMetricsOverride", **screen)
        scheme = {"name": "prefers-color-scheme", "value": "dark" if dark else "light"}
        self.send("Emulation.setEmulatedMedia", features=[scheme])

    def open_within(self, width, url, dark=False):
        """Opens a page in a window of this width, which holds all of it."""
        self.window(width, 844, dark)
        self.open(url)
        assert self.run("document.documentElement.scrollWidth") <= width

    def open(self, url):
        answer = self.send("Page.navigate", url=url)
        assert "errorText" not in answer, answer["errorText"]
        self.wait("document.readyState === 'complete' && location.href !== 'about:blank'")

    def run(self, script):
        """The value of an expression, awaited if it is a promise."""
        answer = self.send("Runtime.evaluate", expression=script, returnByValue=True, awaitPromise=True)
        assert "exceptionDetails" not in answer, answer["exceptionDetails"]
        return answer["result"].get("value")

    def wait(self, condition):
        """Waits until an expression is true."""
        end = time.monotonic() + SECONDS
        while not self.run(f"Boolean({condition})"):
            assert time.monotonic() < end, f"timed out waiting for {condition}: {self.run('document.body.innerText')}"

    def press(self, key, code=None, text=None):
        """Presses and releases a key, as a person does."""
        parameters = {"key": key, "windowsVirtualKeyCode": code or 0}
        self.send("Input.dispatchKeyEvent", type="keyDown", **parameters, **({"text": text} if text else {}))
        self.send("Input.dispatchKeyEvent", type="keyUp", **parameters)

    def write(self, selector, text):
        """Replaces a field's text by typing."""
        self.run(f"(field => (field.focus(), field.select()))(document.querySelector({json.dumps(selector)}))")
        self.send("Input.insertText", text=text)

    def click(self, selector):
        """Clicks at the place of an element."""
        found = f"document.querySelector({json.dumps(selector)})"
        self.run(f"{found}.scrollIntoView({{block: 'center'}})")
        middle = "({x, y, width, height}) => [x + width / 2, y + height / 2]"
        box = self.run(f"({middle})({found}.getBoundingClientRect())")
        for kind in ("mousePressed", "mouseReleased"):
            self.send("Input.dispatchMouseEvent", type=kind, x=box[0], y=box[1], button="left", clickCount=1)

    def screenshot(self, path):
        """The whole page as a PNG."""
        picture = self.send("Page.captureScreenshot", captureBeyondViewport=True)["data"]
        with open(path, "wb") as file:
            file.write(base64.b64decode(picture))
