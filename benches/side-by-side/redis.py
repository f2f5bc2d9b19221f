#!/usr/bin/env python3
"""What it costs to keep sessions in Redis, and a million of them there. See README.md."""

import argparse
import concurrent.futures
import subprocess

from parts import HOST, Figures, Processes, free_port, need, tool, until, upstream_app
from sessions import Crowd, report

# How many programs sign browsers in at once.
WRITERS = 2


def main():
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--sessions", type=int, default=1_000_000, help="in Redis (1000000)")
    options.add_argument("--browsers", type=int, default=10_000, help="that send requests in turn (10000)")
    options.add_argument("--seconds", type=int, default=4, help="of each measurement (4)")
    options.add_argument("--rounds", type=int, default=3, help="of each crowd, in turn (3)")
    options = options.parse_args()
    need("nginx", "wrk", "redis-server")
    browsers = options.browsers
    with Processes() as processes:
        app = upstream_app(processes)
        embedded = Crowd(processes, app, browsers)
        few = Crowd(processes, app, browsers, extra=state(processes))
        # As many more as two other nodes serve.
        sign_in(few, 2 * browsers)
        many = Crowd(processes, app, browsers, extra=state(processes))
        sign_in(many, options.sessions - browsers)
        measured = {
            f"embedded, {browsers} sessions": embedded,
            f"Redis, {3 * browsers} sessions": few,
            f"Redis, {options.sessions} sessions": many,
        }
        for crowd in measured.values():
            crowd.all_come()
        runs = {name: [] for name in measured}
        for _ in range(options.rounds):
            for name, crowd in measured.items():
                runs[name].append(crowd.measure(options.seconds))
    report({name: Figures.median(of) for name, of in runs.items()})


def state(processes):
    """Starts a Redis, and says the configuration that keeps sessions there."""
    port = free_port()
    command = ["redis-server", "--port", str(port), "--bind", "127.0.0.1", "--save", "", "--appendonly", "no"]
    processes.start(*command, "--dir", str(processes.folder()), stdout=subprocess.DEVNULL)
    until("Redis", lambda: answers(port))
    return f"state: {{ redis: {{ url: \"redis://127.0.0.1:{port}\" }} }}"


def answers(port):
    asked = subprocess.run(["redis-cli", "-p", str(port), "ping"], capture_output=True, text=True, check=False)
    return asked.stdout.strip() == "PONG" or None


def sign_in(crowd, count):
    """As many more sessions, of browsers that do not come."""
    one = [tool("sign_many_in"), str(crowd.doorward.configuration), HOST, str(count // WRITERS)]
    with concurrent.futures.ThreadPoolExecutor(WRITERS) as writers:
        for done in [writers.submit(subprocess.run, one, stdout=subprocess.DEVNULL, check=True) for _ in range(WRITERS)]:
            done.result()


if __name__ == "__main__":
    main()
