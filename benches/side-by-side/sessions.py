#!/usr/bin/env python3
"""What many sessions cost: memory, and time with a million of them in the database. See README.md."""

import argparse
import http.client
import random
import sqlite3

from parts import Doorward, Figures, Processes, need, processor_seconds, resident_kib, tool, upstream_app, wrk

# Every request comes from another browser than the one before.
TURNS = """
local cookies = {{}}
for line in io.lines("{file}") do cookies[#cookies + 1] = line end
local turn = {start}
request = function()
  turn = turn % #cookies + 1
  return wrk.format("GET", nil, {{ ["Host"] = wrk.headers["Host"], ["Cookie"] = cookies[turn] }})
end
"""


def main():
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--sessions", type=int, default=1_000_000, help="in the database (1000000)")
    options.add_argument("--browsers", type=int, default=10_000, help="that send requests in turn (10000)")
    options.add_argument("--seconds", type=int, default=4, help="of each measurement (4)")
    options.add_argument("--rounds", type=int, default=3, help="few sessions and many, in turn (3)")
    options = options.parse_args()
    need("nginx", "wrk")
    with Processes() as processes:
        app = upstream_app(processes)
        few = Crowd(processes, app, options.browsers)
        many = Crowd(processes, app, options.browsers, options.sessions)
        memory(few, options.browsers)
        many.all_come()
        measured = {f"{options.browsers} sessions": few, f"{options.sessions} sessions": many}
        runs = {name: [] for name in measured}
        for _ in range(options.rounds):
            for name, crowd in measured.items():
                runs[name].append(crowd.measure(options.seconds))
    report({name: Figures.median(of) for name, of in runs.items()})


class Crowd:
    """A doorward with many signed-in browsers."""

    def __init__(self, processes, app, browsers, sessions=0, extra=""):
        self.doorward = Doorward(processes, tool("doorward"), app, extra=extra)
        name = self.doorward.cookie_name
        self.cookies = [f"{name}={value}" for value in self.doorward.cookies(browsers)]
        (self.doorward.folder / "cookies").write_text("\n".join(self.cookies))
        if sessions > browsers:
            add_sessions(self.doorward.folder / "doorward.db", sessions - browsers)

    def come(self, cookies):
        """Each of these browsers asks once."""
        connection = http.client.HTTPConnection("127.0.0.1", self.doorward.port, timeout=30)
        for cookie in cookies:
            connection.request("GET", "/page", headers={"Host": "localhost", "Cookie": cookie})
            answer = connection.getresponse()
            answer.read()
            if answer.status != 200:
                raise SystemExit(f"a session opened nothing: {answer.status}")

    def all_come(self):
        self.come(self.cookies)

    def measure(self, seconds):
        script = self.doorward.folder / "turns.lua"
        file = self.doorward.folder / "cookies"
        script.write_text(TURNS.format(file=file, start=random.randrange(len(self.cookies))))
        # The others had their turn meanwhile, and this cache has grown old.
        wrk(self.doorward.port, 1, script=script, path="/page")
        before = processor_seconds([self.doorward])
        figures = wrk(self.doorward.port, seconds, script=script, path="/page")
        figures.processor = (processor_seconds([self.doorward]) - before) * 1e6 / (figures.rate * seconds)
        return figures


def add_sessions(database, count):
    """As many sessions of other browsers, each with a token that nobody knows."""
    with sqlite3.connect(database, timeout=60) as connection:
        columns = [row[1] for row in connection.execute("PRAGMA table_info(sessions)")]
        made = {"token_hash": "randomblob(32)", "id": "randomblob(16)", "family": "randomblob(16)"}
        values = ", ".join(made.get(column, column) for column in columns)
        connection.execute(f"""
            WITH RECURSIVE n(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM n WHERE n < {count})
            INSERT INTO sessions ({", ".join(columns)})
            SELECT {values} FROM n, (SELECT * FROM sessions LIMIT 1)
        """)


def memory(crowd, browsers):
    pid = crowd.doorward.process.pid
    # Connections, code and caches that one request needs as much as many.
    crowd.come(crowd.cookies[:200] * 5)
    before = resident_kib(pid)
    crowd.come(crowd.cookies[200:1000])
    at_1000 = resident_kib(pid)
    crowd.come(crowd.cookies[1000:])
    each = (resident_kib(pid) - before) * 1024 / (browsers - 200)
    print(f"memory: {at_1000 / 1024:.1f} MiB with 1000 sessions, {each:.0f} bytes for each session that is cached")


def report(rows):
    base = next(iter(rows.values()))
    print(f"{'signed in, 64 connections':34}{'req/s':>8}{'p50 ms':>8}{'p99 ms':>8}{'CPU µs':>8}   p99, of the first")
    for name, of in rows.items():
        failed = f"  {of.failed} FAILED" if of.failed else ""
        told = f"{of.rate:8.0f}{of.p50:8.2f}{of.p99:8.2f}{of.processor:8.1f}"
        print(f"{name:34}{told}{of.p99 / base.p99:11.2f}{failed}")


if __name__ == "__main__":
    main()
