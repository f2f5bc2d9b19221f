#!/usr/bin/env python3
"""doorward beside what a user would run instead, in one run, on loopback: see README.md."""

import argparse

from parts import (
    Doorward,
    Figures,
    Nginx,
    Processes,
    free_port,
    need,
    processor_seconds,
    release_binary,
    status,
    until,
    upstream_app,
    wrk,
)


def main():
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--seconds", type=int, default=5, help="of each measurement (5)")
    options.add_argument("--rounds", type=int, default=3, help="of all measurements, in turn (3)")
    options.add_argument("--connections", type=int, default=64)
    options.add_argument("--no-access-logs", action="store_true", help="for nginx and doorward alike")
    options = options.parse_args()
    need("nginx", "wrk")
    with Processes() as processes:
        measured = contestants(processes, not options.no_access_logs)
        runs = {name: [] for name in measured}
        for _ in range(options.rounds):
            for name, (servers, port, path, headers) in measured.items():
                wrk(port, path, 1, headers, options.connections)
                before = processor_seconds(servers)
                figures = wrk(port, path, options.seconds, headers, options.connections)
                used = processor_seconds(servers) - before
                figures.processor = used * 1_000_000 / (figures.rate * options.seconds)
                runs[name].append(figures)
        table({name: Figures.median(of) for name, of in runs.items()})


def contestants(processes, access_logs):
    app = upstream_app(processes)
    plain, asking, daemon = free_port(), free_port(), free_port()
    saying_yes = f"server {{ listen 127.0.0.1:{daemon}; return 204; }}"
    asked_daemon = Nginx(processes, saying_yes, workers=1, access_log=False)
    passing = 'proxy_pass http://app; proxy_http_version 1.1; proxy_set_header Connection "";'
    asked = 'proxy_pass http://daemon; proxy_http_version 1.1; proxy_set_header Connection "";'
    nginx = f"""
        upstream app {{ server 127.0.0.1:{app}; keepalive 512; keepalive_requests 1000000000; }}
        upstream daemon {{ server 127.0.0.1:{daemon}; keepalive 512; keepalive_requests 1000000000; }}
        server {{ listen 127.0.0.1:{plain}; location / {{ {passing} }} }}
        server {{
            listen 127.0.0.1:{asking};
            location / {{ auth_request /ask; {passing} }}
            location = /ask {{ internal; {asked} proxy_pass_request_body off; proxy_set_header Content-Length ""; }}
        }}
    """
    gateway = Nginx(processes, nginx, access_log=access_logs)
    for port in (plain, asking):
        until("nginx", lambda port=port: status(port, "/page") == 200 or None)
    doorward = Doorward(processes, release_binary(), app, log="info" if access_logs else "warn")
    cookie = f"Cookie: {doorward.sign_in()}"
    return {
        "nginx, plain proxy": ([gateway], plain, "/page", []),
        "nginx, auth_request to a daemon": ([gateway, asked_daemon], asking, "/page", []),
        "doorward, signed in": ([doorward], doorward.port, "/page", [cookie]),
        "doorward, bypass": ([doorward], doorward.port, "/public/page", []),
        "doorward, its sign-in page": ([doorward], doorward.port, "/_doorward/login", []),
    }


def table(figures):
    base = next(iter(figures.values()))
    columns = f"{'req/s':>9}{'p50 ms':>9}{'p99 ms':>9}{'CPU µs':>9}"
    print(f"{'':34}{columns}   req/s and CPU, of nginx")
    for name, of in figures.items():
        failed = f"  {of.failed} FAILED" if of.failed else ""
        measured = f"{of.rate:9.0f}{of.p50:9.2f}{of.p99:9.2f}{of.processor:9.1f}"
        print(f"{name:34}{measured}{of.rate / base.rate:9.2f}{of.processor / base.processor:9.2f}{failed}")


if __name__ == "__main__":
    main()
