"""A function behind the Lambda Invoke API: it reports every invocation, and fails the first `failures` ones."""

import json
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from program import report

failures = int(json.loads(sys.argv[2])["failures"])
counting = threading.Lock()


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_POST(self):
        global failures
        body = self.rfile.read(int(self.headers["Content-Length"]))
        with counting:
            fails = failures > 0
            failures -= 1
        report("invoked", path=self.path, body=body.decode(), failed=fails)
        answer = b'{"errorMessage":"not now","errorType":"Error"}' if fails else b"null"
        self.send_response(200)
        if fails:
            self.send_header("X-Amz-Function-Error", "Unhandled")
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)

    def log_message(self, *arguments):
        pass


server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
report("listening", url=f"http://127.0.0.1:{server.server_port}")
server.serve_forever()
