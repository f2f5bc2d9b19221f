"""An app that speaks gRPC over cleartext HTTP/2: PORT. Its messages are bytes as they are."""

import sys
import time
from concurrent import futures

import grpc


def metadata(context):
    return {key: value for key, value in context.invocation_metadata()}


def who(request, context):
    """Says who asks, and shows a trailer."""
    known = metadata(context)
    context.set_trailing_metadata((("counted", str(len(request))),))
    return f"{known.get('remote-user', 'nobody')} {request.decode()}".encode()


def fail(request, context):
    context.set_trailing_metadata((("why", "because"),))
    context.abort(grpc.StatusCode.FAILED_PRECONDITION, "not now: " + request.decode())


def slow(request, context):
    while context.is_active():
        time.sleep(0.05)
    return b"too late"


def count(request, context):
    for number in range(int(request)):
        yield str(number).encode()


def add(requests, context):
    return str(sum(int(request) for request in requests)).encode()


def echo(requests, context):
    for request in requests:
        yield b"you said " + request


def headers(request, context):
    """All names of metadata that came, for tests of what must not."""
    return " ".join(sorted(metadata(context))).encode()


class Handlers(grpc.GenericRpcHandler):
    METHODS = {
        "/test.App/Who": grpc.unary_unary_rpc_method_handler(who),
        "/test.App/Fail": grpc.unary_unary_rpc_method_handler(fail),
        "/test.App/Slow": grpc.unary_unary_rpc_method_handler(slow),
        "/test.App/Count": grpc.unary_stream_rpc_method_handler(count),
        "/test.App/Add": grpc.stream_unary_rpc_method_handler(add),
        "/test.App/Echo": grpc.stream_stream_rpc_method_handler(echo),
        "/test.App/Headers": grpc.unary_unary_rpc_method_handler(headers),
        "/test.Open/Who": grpc.unary_unary_rpc_method_handler(who),
    }

    def service(self, details):
        return self.METHODS.get(details.method)


server = grpc.server(futures.ThreadPoolExecutor(16))
server.add_generic_rpc_handlers((Handlers(),))
assert server.add_insecure_port(f"127.0.0.1:{sys.argv[1]}")
server.start()
server.wait_for_termination()
