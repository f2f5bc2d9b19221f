#!/usr/bin/env python3
"""What signed-in people notice of a flood of sign-ins with wrong passwords (S58): see README.md."""

import argparse
import collections
import itertools
import json
import os
import re
import subprocess
import sys
import time
import urllib.parse

from parts import HOST, Browser, Doorward, Figures, Processes, find, need, release_binary, upstream_app, wrk

# Connections that ask again 5 to 35 ms after each answer: people, not a race for the processor, and not all at once.
PACED = "function delay() return math.random(5, 35) end\n"

# Many clients that post a wrong password about once a second each, under a name of its own each time, so that no wait after
# wrong passwords takes the load away.
FLOOD = """
local posted, seen_by = {first}, nil
seen = {{}}
function setup(thread) seen_by = thread end
function delay() return math.random(1, {span}) end
function request()
    posted = posted + 1
    return (({request}):gsub("nobody000000", string.format("nobody%06d", posted % 1000000)))
end
function response(status, headers)
    local key = tostring(status)
    for name in pairs(headers) do if name:lower() == "retry-after" then key = key .. " Retry-After" end end
    seen[key] = (seen[key] or 0) + 1
end
function done()
    for key, count in pairs(seen_by:get("seen")) do print("answered " .. count .. " " .. key) end
end
"""
# Enough to fill the queue with some and to have the others ask in vain.
CLIENTS = 300
# Until the queue is full, in seconds.
FILLS = 3


def main():
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--seconds", type=int, default=4, help="of each measurement (4)")
    options.add_argument("--rounds", type=int, default=7, help="quiet and flooded, in turn (7)")
    options.add_argument("--rate", type=int, default=200, help="sign-ins a second, about (200)")
    options.add_argument("--connections", type=int, default=32, help="of people who are signed in (32)")
    options = options.parse_args()
    need("nginx", "wrk")
    with Processes() as processes:
        doorward = Doorward(processes, release_binary(), upstream_app(processes))
        cookie = f"Cookie: {doorward.sign_in()}"
        script = doorward.folder / "paced.lua"
        script.write_text(PACED)

        def measure():
            return wrk(doorward.port, options.seconds, [cookie], options.connections, script, path="/page")

        measure()
        quiet, beside, flooded, answers = [], [], [], collections.Counter()
        for _ in range(options.rounds):
            quiet.append(measure())
            with Computing():
                beside.append(measure())
            with Flood(doorward, options) as flood:
                flooded.append(measure())
            answers += flood.answers
    report([Figures.median(of) for of in (quiet, beside, flooded)], answers)


class Computing:
    """Computes on every processor where nobody else wants it, and has nothing to do with doorward: what the machine makes of that."""

    def __enter__(self):
        loop = "import os; os.sched_setscheduler(0, os.SCHED_IDLE, os.sched_param(0))\nwhile True: pass"
        command = ["timeout", "60", sys.executable, "-c", loop]
        self.processes = [subprocess.Popen(command) for _ in range(os.cpu_count())]
        time.sleep(0.5)

    def __exit__(self, *_):
        for process in self.processes:
            process.terminate()
            process.wait()


class Flood:
    """Posts wrong passwords, whatever the answers, each on a connection of its own. Costs little itself: a real one comes from elsewhere."""

    floods = itertools.count(1)

    def __init__(self, doorward, options):
        self.answers, port = collections.Counter(), doorward.port
        browser = Browser(port)
        page = browser.get("/_doorward/login")
        token = re.search(r'name="csrf" value="([^"]*)"', page)[1]
        form = {"csrf": token, "rd": "/", "username": "nobody000000", "password": "not the password"}
        body = urllib.parse.urlencode(form)
        cookies = "; ".join(f"{name}={value}" for name, value in browser.cookies.items())
        request = (
            f"POST /_doorward/login HTTP/1.1\r\nHost: {HOST}:{port}\r\nConnection: close\r\nCookie: {cookies}\r\n"
            f"Sec-Fetch-Site: same-origin\r\nContent-Type: application/x-www-form-urlencoded\r\n"
            f"Content-Length: {len(body)}\r\n\r\n{body}"
        )
        # Anything from none to this is waited, and those whose password is hashed wait for that, too.
        span = 1400 * CLIENTS // options.rate
        first = next(self.floods) * 50_000
        # What JSON quotes Lua reads, too.
        script = FLOOD.format(request=json.dumps(request), first=first, span=span)
        path = doorward.folder / "flood.lua"
        path.write_text(script)
        lasts = f"-d{FILLS + options.seconds + 2}"
        self.command = [find("wrk"), "-t1", f"-c{CLIENTS}", lasts, "--timeout", "10", "-s", str(path), f"http://127.0.0.1:{port}/"]

    def __enter__(self):
        self.process = subprocess.Popen(self.command, stdout=subprocess.PIPE, text=True)
        time.sleep(FILLS)
        return self

    def __exit__(self, *_):
        said, _ = self.process.communicate()
        for count, answer in re.findall(r"^answered (\d+) (.*)$", said, re.MULTILINE):
            self.answers[answer] += int(count)


def report(rows, answers):
    print(f"{'signed in':32}{'req/s':>9}{'p50 ms':>9}{'p99 ms':>9}   p99, to quiet")
    for name, of in zip(("quiet", "beside what computes for itself", "flooded"), rows):
        failed = f"  {of.failed} FAILED" if of.failed else ""
        print(f"{name:32}{of.rate:9.0f}{of.p50:9.2f}{of.p99:9.2f}{of.p99 / rows[0].p99:9.2f}{failed}")
    print("the flood was answered: " + ", ".join(f"{count} × {answer}" for answer, count in answers.most_common()))


if __name__ == "__main__":
    main()
