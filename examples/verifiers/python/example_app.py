"""An app behind doorward: says who is asking. `python example_app.py PORT KEYID KEY`"""

import sys
from wsgiref.simple_server import make_server

from doorward import SignatureVerifier, WsgiDoorward


def app(environ, start_response):
    start_response("200 OK", [("Content-Type", "text/plain; charset=utf-8")])
    return [f"user={environ.get('REMOTE_USER', '')} header={environ.get('HTTP_REMOTE_USER', '')}\n".encode()]


if __name__ == "__main__":
    port, keyid, key = sys.argv[1:]
    protected = WsgiDoorward(app, signature=SignatureVerifier({keyid: bytes.fromhex(key)}))
    make_server("127.0.0.1", int(port), protected).serve_forever()
