"""The parts of a measurement: nginx, doorward, a signed-in browser, wrk. Standard library only; loopback only."""

import contextlib
import email
import email.policy
import html
import http.client
import json
import os
import pathlib
import re
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.parse

PASSWORD = "correct horse battery staple"
HOST = "localhost"


def need(*programs):
    missing = [program for program in programs if not find(program)]
    if missing:
        sys.exit(f"missing: {', '.join(missing)} (on Debian: apt-get install nginx-light wrk)")


def find(program):
    return shutil.which(program, path=os.environ.get("PATH", "") + ":/usr/sbin:/sbin")


def release_binary():
    """The binary to measure: DOORWARD, or a release build of this checkout."""
    if given := os.environ.get("DOORWARD"):
        return given
    top = pathlib.Path(__file__).resolve().parents[2]
    subprocess.run(["cargo", "build", "--release", "--locked", "--bin", "doorward"], cwd=top, check=True)
    target = pathlib.Path(os.environ.get("CARGO_TARGET_DIR", top / "target"))
    return str(target / "release" / "doorward")


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def until(what, condition, seconds=15):
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        with contextlib.suppress(OSError):
            if (result := condition()) is not None:
                return result
        time.sleep(0.02)
    sys.exit(f"{what} did not come within {seconds} s")


class Processes(contextlib.ExitStack):
    """Ends everything that it started, in the opposite order, by process id."""

    def start(self, *command, **options):
        process = subprocess.Popen(command, **options)
        self.callback(self._end, process)
        return process

    @staticmethod
    def _end(process):
        process.terminate()
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()

    def folder(self):
        return pathlib.Path(self.enter_context(tempfile.TemporaryDirectory(prefix="doorward-bench-")))


class Nginx:
    """An nginx of our own, with only what `servers` says in it."""

    def __init__(self, processes, servers, workers="auto", access_log=True):
        folder = processes.folder()
        folder.chmod(0o755)  # its workers run as another user when it is started as root
        log = folder / "access.log" if access_log else "off"
        paths = "".join(
            f"{kind}_temp_path {folder}/{kind};" for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
        )
        user = "user root;" if os.geteuid() == 0 else ""
        (folder / "nginx.conf").write_text(f"""
            daemon off; {user} worker_processes {workers}; pid {folder}/pid; error_log {folder}/error.log;
            worker_rlimit_nofile 40000;
            events {{ worker_connections 16384; }}
            http {{ {paths} access_log {log}; keepalive_requests 1000000000; {servers} }}
        """)
        command = [find("nginx"), "-e", str(folder / "error.log"), "-c", str(folder / "nginx.conf")]
        self.process = processes.start(*command, stderr=subprocess.DEVNULL)


def upstream_app(processes):
    """A tiny app: one file of 1 KiB under any name. Says its port."""
    port, folder = free_port(), processes.folder()
    folder.chmod(0o755)
    (folder / "page").write_bytes(b"x" * 1024)
    server = f"server {{ listen 127.0.0.1:{port}; root {folder}; location / {{ try_files /page =404; }} }}"
    Nginx(processes, server, workers=1, access_log=False)
    until("the app", lambda: status(port, "/page") == 200 or None)
    return port


def status(port, path, headers=None):
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
    connection.request("GET", path, headers={"Host": HOST, **(headers or {})})
    code = connection.getresponse().status
    connection.close()
    return code


class Doorward:
    """A doorward in front of `app`, with one account."""

    def __init__(self, processes, binary, app, log="info", extra=""):
        self.port, self.folder, self.binary = free_port(), processes.folder(), binary
        (self.folder / "mails").mkdir()
        self.configuration = self.folder / "doorward.yaml"
        self.configuration.write_text(f"""
listen: [{{ address: "127.0.0.1:{self.port}" }}]
portal: {{ origin: "http://{HOST}:{self.port}", name: Wiki }}
secret_file: secret
accounts: {{ database: "sqlite://doorward.db" }}
mail: {{ from: "no-reply@example.org", files: mails }}
limits: {{ sign_in: 1000/1s, verify: 1000/1s, resend: 1000/1s, code_request: 1000/1s }}
log: {{ format: json, filter: "{log}" }}
{extra}
sites:
  - host: {HOST}
    upstreams: ["http://127.0.0.1:{app}"]
    rules: [{{ path: "/public/**", policy: bypass }}, {{ policy: two_factor }}]
""")
        self.run("accounts", "add", "ada", "--email", "ada@example.org", "--name", "Ada Lovelace", "--password-stdin")
        self.log = open(self.folder / "log", "ab")
        processes.callback(self.log.close)
        started = time.monotonic()
        self.process = processes.start(
            binary, "serve", "-c", str(self.configuration), "--json", stdout=subprocess.PIPE, stderr=self.log
        )
        line = self.process.stdout.readline()
        self.start_ms = (time.monotonic() - started) * 1000
        if not line or not json.loads(line)["ready"]:
            sys.exit(f"doorward did not start:\n{(self.folder / 'log').read_text()}")

    def run(self, *arguments):
        command = [self.binary, *arguments, "-c", str(self.configuration)]
        subprocess.run(command, input=f"{PASSWORD}\n".encode(), stdout=subprocess.DEVNULL, check=True)

    def memory_kib(self):
        text = pathlib.Path(f"/proc/{self.process.pid}/status").read_text()
        return int(re.search(r"VmRSS:\s+(\d+)", text)[1])

    def sign_in(self):
        """Signs in as a person does, and says the `Cookie` header of that browser."""
        browser = Browser(self.port)
        form = browser.get("/_doorward/login")
        browser.post("/_doorward/login", form, username="ada", password=PASSWORD)
        code = until("the mail with the code", self._code)
        form = browser.get("/_doorward/code")
        browser.post("/_doorward/code", form, code=code)
        cookie = f"doorward={browser.cookies['doorward']}"
        if status(self.port, "/page") == 200 or status(self.port, "/page", {"Cookie": cookie}) != 200:
            sys.exit("signing in did not open what is closed without it")
        return cookie

    def _code(self):
        for mail in (self.folder / "mails").glob("*.eml"):
            message = email.message_from_bytes(mail.read_bytes(), policy=email.policy.default)
            if found := re.search(r"\b(\d{6})\b|\b(\d{3} \d{3})\b", message.get_body(("plain",)).get_content()):
                return found[0].replace(" ", "")
        return None


class Browser:
    """Keeps cookies, and posts the forms that it was shown."""

    def __init__(self, port):
        self.port, self.cookies = port, {}

    def get(self, path):
        return self._send("GET", path, None)[1]

    def post(self, path, page, **typed):
        hidden = dict(re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)"', page))
        fields = {name: html.unescape(value) for name, value in hidden.items()} | typed
        answer, text = self._send("POST", path, urllib.parse.urlencode(fields))
        if answer != 303:
            sys.exit(f"{path} answered {answer}: {re.sub('<[^>]*>', ' ', text)}")

    def _send(self, method, path, body):
        headers = {"Host": f"{HOST}:{self.port}", "Accept": "text/html", "Sec-Fetch-Site": "same-origin"}
        if self.cookies:
            headers["Cookie"] = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
        if body is not None:
            headers["Content-Type"] = "application/x-www-form-urlencoded"
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        connection.request(method, path, body, headers)
        response = connection.getresponse()
        text = response.read().decode()
        for line in response.headers.get_all("Set-Cookie") or []:
            name, value = line.split(";")[0].split("=", 1)
            self.cookies[name] = value
        connection.close()
        return response.status, text


def processor_seconds(servers):
    """What these processes and their children have used of the processors so far."""
    wanted, used = {server.process.pid for server in servers}, 0
    for stat in pathlib.Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError):
            fields = stat.read_text().rpartition(")")[2].split()
            if int(stat.parent.name) in wanted or int(fields[1]) in wanted:
                used += int(fields[11]) + int(fields[12])
    return used / os.sysconf("SC_CLK_TCK")


class Figures:
    """What wrk said: requests a second, and latencies in milliseconds; and microseconds of processor a request."""

    def __init__(self, rate, p50, p99, failed, processor=0.0):
        self.rate, self.p50, self.p99, self.failed, self.processor = rate, p50, p99, failed, processor

    @classmethod
    def median(cls, runs):
        names = ("rate", "p50", "p99", "processor")
        middle = {name: statistics.median(getattr(run, name) for run in runs) for name in names}
        return cls(**middle, failed=sum(run.failed for run in runs))


def wrk(port, path, seconds, headers=(), connections=64, script=None):
    command = [find("wrk"), "-t1", f"-c{connections}", f"-d{seconds}s", "--latency", "-H", f"Host: {HOST}"]
    for header in headers:
        command += ["-H", header]
    if script:
        command += ["-s", str(script)]
    said = subprocess.run([*command, f"http://127.0.0.1:{port}{path}"], capture_output=True, text=True, check=True)
    text = said.stdout
    failed = re.search(r"Non-2xx or 3xx responses: (\d+)", text)
    return Figures(
        rate=float(re.search(r"Requests/sec:\s+([\d.]+)", text)[1]),
        p50=milliseconds(re.search(r"^ +50% +(\S+)", text, re.MULTILINE)[1]),
        p99=milliseconds(re.search(r"^ +99% +(\S+)", text, re.MULTILINE)[1]),
        failed=int(failed[1]) if failed else 0,
    )


def milliseconds(text):
    number, unit = re.fullmatch(r"([\d.]+)(us|ms|s|m)", text).groups()
    return float(number) * {"us": 0.001, "ms": 1, "s": 1000, "m": 60000}[unit]
