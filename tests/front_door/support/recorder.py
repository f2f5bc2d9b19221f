"""Listens on a free port, says which, and writes each whole request that it gets as a line of JSON to a file."""

import json
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

lock = threading.Lock()
records = open(sys.argv[1], "a", buffering=1, encoding="utf-8")


class Recorder(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    timeout = 20

    def __getattr__(self, name):
        if name.startswith("do_"):
            return self.record
        raise AttributeError(name)

    def record(self):
        body = self.body()
        if body is None:
            self.close_connection = True
            return
        line = {"method": self.command, "target": self.path, "body": body.decode("latin-1")}
        with lock:
            records.write(json.dumps(line) + "\n")
        answer = self.path.encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(answer)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(answer)

    def body(self):
        """The body; None when it does not come to its end."""
        if "chunked" in self.headers.get("Transfer-Encoding", ""):
            return self.chunks()
        length = int(self.headers.get("Content-Length", 0))
        body = self.rfile.read(length)
        return body if len(body) == length else None

    def chunks(self):
        body = b""
        while True:
            size = self.rfile.readline()
            if not size.endswith(b"\r\n"):
                return None
            chunk = self.rfile.read(int(size.split(b";")[0], 16) + 2)
            if not chunk.endswith(b"\r\n"):
                # The last one is followed by trailers to an empty line.
                while size.split(b";")[0].strip(b"0\r\n") == b"" and chunk not in (b"", b"\r\n"):
                    chunk = self.rfile.readline()
                if chunk != b"\r\n":
                    return None
            if size.split(b";")[0].strip(b"0\r\n") == b"":
                return body
            body += chunk[:-2]

    def log_message(self, *_):
        pass


ThreadingHTTPServer.request_queue_size = 256
server = ThreadingHTTPServer(("127.0.0.1", 0), Recorder)
server.daemon_threads = True
print(server.server_port, flush=True)
server.serve_forever()
