"""A scripted Kubernetes API server for the real kubectl: reads its responses from a file and prints the requests.

usage: kubernetes_api.py SCRIPT

SCRIPT is JSON: from a path without its query to a list of responses; the last one is repeated. A response has "body"
(JSON) or "text", and may have "status" (200), and "hold": true, which keeps the connection open until the client
goes. Prints "listening PORT", then a line for each request.
"""
import http.server
import json
import sys

with open(sys.argv[1], encoding="utf-8") as file:
    answers = json.load(file)


class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        path = self.path.split("?")[0]
        print("GET", self.path, flush=True)
        left = answers.get(path)
        if left is None:
            body = {"kind": "Status", "apiVersion": "v1", "status": "Failure", "reason": "NotFound", "code": 404,
                    "message": f"{path} is not in the script"}
            return self.answer({"status": 404, "body": body})
        return self.answer(left.pop(0) if len(left) > 1 else left[0])

    def answer(self, answer):
        is_json = "body" in answer
        data = (json.dumps(answer["body"]) if is_json else answer["text"]).encode()
        self.send_response(answer.get("status", 200))
        self.send_header("Content-Type", "application/json" if is_json else "text/plain")
        if not answer.get("hold"):
            self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)
        self.wfile.flush()
        if answer.get("hold"):
            self.close_connection = True
            self.connection.recv(1)

    def log_message(self, *arguments):
        pass


server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
server.daemon_threads = True
print("listening", server.server_port, flush=True)
server.serve_forever()
