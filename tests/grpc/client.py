"""Calls an app over gRPC and TLS: ADDRESS HOST CERTIFICATE COOKIE. Prints what came of each call as JSON.

HOST is the name that the certificate is for; COOKIE is that of somebody who is signed in.
"""

import json
import sys
import threading

import grpc

address, host, certificate, cookie = sys.argv[1:]
with open(certificate, "rb") as file:
    credentials = grpc.ssl_channel_credentials(file.read())
channel = grpc.secure_channel(
    address,
    credentials,
    options=[("grpc.ssl_target_name_override", host), ("grpc.default_authority", host), ("grpc.enable_retries", 0)],
)
signed_in = (("cookie", cookie),)
PATIENCE = 15


def told(error):
    return {
        "code": error.code().name,
        "details": error.details(),
        "trailers": dict(error.trailing_metadata() or ()),
    }


def call(make, method, request, metadata=signed_in, timeout=PATIENCE):
    """One call, to its end."""
    try:
        if make in (channel.unary_unary, channel.stream_unary):
            answer, state = make(method).with_call(request, metadata=metadata, timeout=timeout)
            return {"code": "OK", "answer": answer.decode(), "trailers": dict(state.trailing_metadata())}
        return {"code": "OK", "answer": [one.decode() for one in make(method)(request, metadata=metadata, timeout=timeout)]}
    except grpc.RpcError as error:
        return told(error)


def conversation():
    """Each message is sent once the answer to the one before is there."""
    answered = threading.Semaphore(1)

    def messages():
        for number in range(5):
            answered.acquire()
            yield str(number).encode()

    heard = []
    try:
        for answer in channel.stream_stream("/test.App/Echo")(messages(), metadata=signed_in, timeout=PATIENCE):
            heard.append(answer.decode())
            answered.release()
    except grpc.RpcError as error:
        return told(error)
    return {"code": "OK", "answer": heard}


liar = (("cookie", cookie), ("remote-user", "root"), ("remote_user", "root"), ("x-remote.user", "root"))
print(
    json.dumps(
        {
            "unary": call(channel.unary_unary, "/test.App/Who", b"asks"),
            "liar": call(channel.unary_unary, "/test.App/Who", b"lies", metadata=liar),
            "large": call(channel.unary_unary, "/test.App/Who", b"x" * 300_000)["trailers"],
            "server_stream": call(channel.unary_stream, "/test.App/Count", b"500"),
            "client_stream": call(channel.stream_unary, "/test.App/Add", iter([b"1", b"2", b"39"])),
            "conversation": conversation(),
            "error": call(channel.unary_unary, "/test.App/Fail", b"later"),
            "deadline": call(channel.unary_unary, "/test.App/Slow", b"", timeout=0.5),
            "unknown": call(channel.unary_unary, "/test.App/None", b""),
            "headers": call(channel.unary_unary, "/test.App/Headers", b""),
            "stranger": call(channel.unary_unary, "/test.App/Who", b"asks", metadata=()),
            "stranger_stream": call(channel.stream_stream, "/test.App/Echo", iter([b"1"]), metadata=()),
            "open": call(channel.unary_unary, "/test.Open/Who", b"asks", metadata=()),
            "closed": call(channel.unary_unary, "/test.Closed/Who", b"asks"),
        }
    )
)
