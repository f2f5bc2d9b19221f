#!/usr/bin/env python3
"""What signed-in people notice of a flood of sign-ins with wrong passwords (S58): see README.md."""

import argparse
import asyncio
import collections
import itertools
import os
import re
import subprocess
import sys
import threading
import time
import urllib.parse

from parts import HOST, Browser, Doorward, Figures, Processes, need, release_binary, upstream_app, wrk

# A connection that asks again 20 ms after each answer: people, not a race for the processor.
PACED = "function delay() return 20 end\n"


def main():
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--seconds", type=int, default=5, help="of each measurement (5)")
    options.add_argument("--rounds", type=int, default=3, help="quiet and flooded, in turn (3)")
    options.add_argument("--rate", type=int, default=200, help="sign-ins a second (200)")
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
            with Flood(doorward.port, options.rate) as flood:
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
    """Posts wrong passwords at a steady rate, whatever the answers, each on a connection of its own."""

    def __init__(self, port, rate):
        self.port, self.rate, self.answers, self.over = port, rate, collections.Counter(), threading.Event()
        browser = Browser(port)
        page = browser.get("/_doorward/login")
        token = re.search(r'name="csrf" value="([^"]*)"', page)[1]
        form = {"csrf": token, "rd": "/", "username": "nobody000000", "password": "not the password"}
        body = urllib.parse.urlencode(form)
        cookies = "; ".join(f"{name}={value}" for name, value in browser.cookies.items())
        # Each with a name of its own, so that no wait after wrong passwords takes the load away.
        self.names = itertools.count()
        self.request = (
            f"POST /_doorward/login HTTP/1.1\r\nHost: {HOST}:{port}\r\nConnection: close\r\nCookie: {cookies}\r\n"
            f"Sec-Fetch-Site: same-origin\r\nContent-Type: application/x-www-form-urlencoded\r\n"
            f"Content-Length: {len(body)}\r\n\r\n{body}"
        ).encode()

    def __enter__(self):
        self.thread = threading.Thread(target=lambda: asyncio.run(self._run()))
        self.thread.start()
        time.sleep(1)  # the queue fills
        return self

    def __exit__(self, *_):
        self.over.set()
        self.thread.join()

    async def _run(self):
        tasks, started, sent = set(), time.monotonic(), 0
        while not self.over.is_set():
            while sent < (time.monotonic() - started) * self.rate:
                task = asyncio.create_task(self._post())
                tasks.add(task)
                task.add_done_callback(tasks.discard)
                sent += 1
            await asyncio.sleep(0.005)
        await asyncio.gather(*tasks)

    async def _post(self):
        try:
            reader, writer = await asyncio.open_connection("127.0.0.1", self.port)
            name = f"nobody{next(self.names) % 1_000_000:06}".encode()
            writer.write(self.request.replace(b"nobody000000", name))
            answer = (await reader.read()).decode(errors="replace")
            writer.close()
        except OSError as error:
            self.answers[type(error).__name__] += 1
            return
        head = answer.split("\r\n\r\n")[0]
        retry = "Retry-After" if re.search(r"^retry-after: \d+", head, re.IGNORECASE | re.MULTILINE) else ""
        self.answers[f"{head.split(' ')[1]} {retry}".strip()] += 1


def report(rows, answers):
    print(f"{'signed in':32}{'req/s':>9}{'p50 ms':>9}{'p99 ms':>9}   p99, to quiet")
    for name, of in zip(("quiet", "beside what computes for itself", "flooded"), rows):
        failed = f"  {of.failed} FAILED" if of.failed else ""
        print(f"{name:32}{of.rate:9.0f}{of.p50:9.2f}{of.p99:9.2f}{of.p99 / rows[0].p99:9.2f}{failed}")
    print("the flood was answered: " + ", ".join(f"{count} × {answer}" for answer, count in answers.most_common()))


if __name__ == "__main__":
    main()
