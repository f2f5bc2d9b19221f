"""The parts of a measurement: nginx, doorward, a signed-in browser, wrk and h2load. Standard library only; loopback
only."""

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
import ssl
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.parse

PASSWORD = "correct horse battery staple"
HOST = "localhost"
TOP = pathlib.Path(__file__).resolve().parents[2]
# Who is not measured, and why.
skipped = []
built = []


def need(*programs):
    missing = [program for program in programs if not find(program)]
    if missing:
        sys.exit(f"missing: {', '.join(missing)} (on Debian: apt-get install nginx-light wrk)")


def find(program):
    return shutil.which(program, path=os.environ.get("PATH", "") + ":/usr/sbin:/sbin")


def target_folder():
    return pathlib.Path(os.environ.get("CARGO_TARGET_DIR", TOP / "target"))


def release_binary():
    """The binary to measure: DOORWARD, or a release build of this checkout."""
    return os.environ.get("DOORWARD") or tool("doorward")


def tool(name):
    """doorward and what is measured beside it, from one release build of this checkout. DOORWARD names a folder with
    other builds of them."""
    given = os.environ.get("DOORWARD")
    if given:
        return str(pathlib.Path(given).parent / name)
    if not built:
        wanted = [part for bin in ("doorward", "bare_pingora", "sign_many_in") for part in ("--bin", bin)]
        command = ["cargo", "build", "--release", "--locked", "--features", "bench-tools", *wanted]
        subprocess.run(command, cwd=TOP, check=True)
        built.append(True)
    return str(target_folder() / "release" / name)


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
    """A tiny app: a file of 1 KiB under any name, and one of 64 KiB as `big`. Says its port."""
    port, folder = free_port(), processes.folder()
    folder.chmod(0o755)
    (folder / "page").write_bytes(b"x" * 1024)
    (folder / "big").write_bytes(b"x" * 65536)
    files = f"root {folder}; open_file_cache max=10; location / {{ try_files /page =404; }} location /big {{ }}"
    Nginx(processes, f"server {{ listen 127.0.0.1:{port}; {files} }}", workers=1, access_log=False)
    until("the app", lambda: status(port, "/page") == 200 or None)
    return port


def certificate(folder):
    """A key and a certificate for localhost, in one file; None where nothing makes one."""
    if not find("openssl"):
        skipped.append("TLS: openssl is missing")
        return None
    path = folder / "both.pem"
    command = [find("openssl"), "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"]
    command += ["-subj", f"/CN={HOST}", "-addext", f"subjectAltName=DNS:{HOST}", "-days", "2"]
    subprocess.run([*command, "-keyout", path, "-out", path.with_suffix(".crt")], capture_output=True, check=True)
    with open(path, "ab") as both:
        both.write(path.with_suffix(".crt").read_bytes())
    path.chmod(0o600)
    return path


def status(port, path, headers=None):
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
    connection.request("GET", path, headers={"Host": HOST, **(headers or {})})
    code = connection.getresponse().status
    connection.close()
    return code


def request(url, lines=()):
    """The status that one request is answered with; None when there is no answer."""
    parsed = urllib.parse.urlsplit(url)
    if parsed.scheme == "https":
        context = ssl.create_default_context()
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        connection = http.client.HTTPSConnection(parsed.hostname, parsed.port, timeout=5, context=context)
    else:
        connection = http.client.HTTPConnection(parsed.hostname, parsed.port, timeout=5)
    try:
        connection.request("GET", parsed.path, headers=dict(line.split(": ", 1) for line in lines))
        return connection.getresponse().status
    except (OSError, http.client.HTTPException):
        return None
    finally:
        connection.close()


class Doorward:
    """A doorward in front of `app`, with one account; or one that the proxy `asked_by` asks."""

    def __init__(self, processes, binary, app, log="info", extra="", tls=None, asked_by=None):
        scheme, self.cookie_name = ("https", "__Host-doorward") if tls else ("http", "doorward")
        listen = f", tls: {{ certificate: {tls}, key: {tls} }}" if tls else ""
        behind = f"forward_auth: {asked_by}" if asked_by else f'upstreams: ["http://127.0.0.1:{app}"]'
        extra += '\ntrusted_proxies: ["127.0.0.1"]' if asked_by else ""
        self.port, self.folder, self.binary = free_port(), processes.folder(), binary
        (self.folder / "mails").mkdir()
        self.configuration = self.folder / "doorward.yaml"
        self.configuration.write_text(f"""
listen: [{{ address: "127.0.0.1:{self.port}"{listen} }}]
portal: {{ origin: "{scheme}://{HOST}:{self.port}", name: Wiki }}
secret_file: secret
accounts: {{ database: "sqlite://doorward.db" }}
mail: {{ from: "no-reply@example.org", files: mails }}
connections: {{ total: 50000, per_address: 50000 }}
limits: {{ sign_in: 1000/1s, verify: 1000/1s, resend: 1000/1s, code_request: 1000/1s }}
log: {{ format: json, filter: "{log}" }}
{extra}
sites:
  - host: {HOST}
    {behind}
    rules:
      - {{ path: "/public/**", policy: bypass }}
      - {{ path: "/api/**", policy: two_factor, unauthenticated: "401" }}
      - {{ policy: two_factor }}
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

    def cookies(self, count):
        """The values of so many session cookies, each of a sign-in of its own."""
        command = [tool("sign_many_in"), str(self.configuration), HOST, str(count)]
        return subprocess.run(command, capture_output=True, text=True, check=True).stdout.split()

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
    wanted, used = {getattr(server, "process", server).pid for server in servers}, 0
    for stat in pathlib.Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError):
            fields = stat.read_text().rpartition(")")[2].split()
            if int(stat.parent.name) in wanted or int(fields[1]) in wanted:
                used += int(fields[11]) + int(fields[12])
    return used / os.sysconf("SC_CLK_TCK")


def resident_kib(*pids):
    """The memory of these processes and their children."""
    held = 0
    for stat in pathlib.Path("/proc").glob("[0-9]*/status"):
        with contextlib.suppress(OSError):
            facts = dict(re.findall(r"^(Pid|PPid|VmRSS):\s+(\d+)", stat.read_text(), re.MULTILINE))
            if int(facts["Pid"]) in pids or int(facts["PPid"]) in pids:
                held += int(facts.get("VmRSS", 0))
    return held


class Figures:
    """What a load generator said: requests a second, and latencies in milliseconds; and the microseconds of processor
    that a request took of those who answered it, and their memory in KiB."""

    def __init__(self, rate, p50, p99, failed, processor=0.0, memory=0, answered=0):
        self.rate, self.p50, self.p99, self.failed = rate, p50, p99, failed
        self.processor, self.memory, self.answered = processor, memory, answered

    @classmethod
    def median(cls, runs):
        names = ("rate", "p50", "p99", "processor", "memory")
        middle = {name: statistics.median(getattr(run, name) for run in runs) for name in names}
        return cls(**middle, failed=sum(run.failed for run in runs), answered=sum(run.answered for run in runs))


def wrk(where, seconds, headers=(), connections=64, script=None, path=None):
    """Loads `where`, a URL, or a port of this machine and a `path`."""
    url, lines = (f"http://127.0.0.1:{where}{path}", [f"Host: {HOST}"]) if path else (where, [])
    command = [find("wrk"), "-t1", f"-c{connections}", f"-d{max(1, round(seconds))}s", "--latency"]
    for header in [*lines, *headers]:
        command += ["-H", header]
    if script:
        command += ["-s", str(script)]
    text = subprocess.run([*command, url], capture_output=True, text=True, check=True).stdout
    failed = re.search(r"Non-2xx or 3xx responses: (\d+)", text)
    broken = re.search(r"Socket errors: connect (\d+), read (\d+), write (\d+), timeout (\d+)", text)
    failed = int(failed[1]) if failed else 0
    return Figures(
        rate=float(re.search(r"Requests/sec:\s+([\d.]+)", text)[1]),
        p50=milliseconds(re.search(r"^ +50% +(\S+)", text, re.MULTILINE)[1]),
        p99=milliseconds(re.search(r"^ +99% +(\S+)", text, re.MULTILINE)[1]),
        failed=failed + (sum(map(int, broken.groups())) if broken else 0),
        answered=failed,
    )


def h2load(url, seconds, headers=(), connections=64):
    """The same over HTTP/2, with one request at a time on each connection."""
    with tempfile.NamedTemporaryFile(prefix="doorward-bench-") as log:
        command = [find("h2load"), "-t1", f"-c{connections}", "-m1", f"-D{max(1, round(seconds))}", f"--log-file={log.name}"]
        for header in headers:
            command += ["-H", header]
        text = subprocess.run([*command, url], capture_output=True, text=True, check=True).stdout
        took = sorted(int(line.split("\t")[2]) / 1000 for line in open(log.name))
    failed = re.search(r"(\d+) failed, (\d+) errored", text)
    other = re.search(r"status codes: \d+ 2xx, (\d+) 3xx, (\d+) 4xx, (\d+) 5xx", text)
    at = lambda part: took[min(len(took) - 1, int(len(took) * part))] if took else 0.0
    return Figures(
        rate=float(re.search(r"finished in [^,]+, ([\d.]+) req/s", text)[1]),
        p50=at(0.5),
        p99=at(0.99),
        failed=sum(map(int, failed.groups())) + sum(map(int, other.groups())),
    )


def milliseconds(text):
    number, unit = re.fullmatch(r"([\d.]+)(us|ms|s|m)", text).groups()
    return float(number) * {"us": 0.001, "ms": 1, "s": 1000, "m": 60000}[unit]
