#!/usr/bin/env python3
"""Start-up time, memory when idle, and what an idle connection costs: see README.md."""

import argparse
import resource
import socket
import statistics

from parts import HOST, Doorward, Processes, need, release_binary, upstream_app

REQUEST = f"GET /public/page HTTP/1.1\r\nHost: {HOST}\r\n\r\n".encode()


def main():
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--connections", type=int, default=10_000, help="kept alive, one request each (10000)")
    options.add_argument("--starts", type=int, default=5, help="of which the median counts (5)")
    options = options.parse_args()
    need("nginx")
    files = options.connections + 200
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    if hard < files:
        raise SystemExit(f"the limit of open files is {hard}: too few for {options.connections} connections")
    resource.setrlimit(resource.RLIMIT_NOFILE, (files, hard))
    with Processes() as processes:
        app, binary = upstream_app(processes), release_binary()
        starts = []
        for _ in range(options.starts):
            with Processes() as one:
                starts.append(Doorward(one, binary, app).start_ms)
        print(f"from start to ready: {statistics.median(starts):.0f} ms (median of {options.starts})")
        doorward = Doorward(processes, binary, app)
        idle = doorward.memory_kib()
        print(f"idle: {idle / 1024:.1f} MiB")
        held = [connect(doorward.port) for _ in range(options.connections)]
        grown = doorward.memory_kib() - idle
        per_connection = f"{grown / len(held):.1f} KiB each"
        print(f"with {len(held)} idle connections: {(idle + grown) / 1024:.0f} MiB, {per_connection}")
        for connection in held:
            connection.close()


def connect(port):
    connection = socket.create_connection(("127.0.0.1", port), timeout=10)
    connection.sendall(REQUEST)
    answer = b""
    while len(answer.partition(b"\r\n\r\n")[2]) < 1024:
        if not (read := connection.recv(4096)):
            raise SystemExit(f"doorward closed a connection: {answer!r}")
        answer += read
    if not answer.startswith(b"HTTP/1.1 200"):
        raise SystemExit(f"not the page: {answer!r}")
    return connection


if __name__ == "__main__":
    main()
