"""Everybody who is measured: how each is started, and what is asked of it."""

import dataclasses
import http.client
import os
import re
import socket
import ssl
import subprocess
import sys
import urllib.parse

from parts import (
    HOST,
    TOP,
    Doorward,
    Nginx,
    certificate,
    find,
    free_port,
    request,
    skipped,
    target_folder,
    tool,
    until,
    upstream_app,
)


@dataclasses.dataclass
class Asked:
    """Requests to one peer: a row of a table."""

    name: str
    peer: "Peer"
    url: str
    headers: list
    connections: int
    expect: int
    h2: bool

    def refused(self):
        """Why it cannot be measured."""
        if self.h2:
            if not find("h2load"):
                return "h2load is missing"
            if not speaks_h2(self.url):
                return "no HTTP/2 by ALPN"
        status = request(self.url, self.headers)
        return None if status == self.expect else f"answers {status} and not {self.expect}"


def speaks_h2(url):
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    context.set_alpn_protocols(["h2"])
    parsed = urllib.parse.urlsplit(url)
    try:
        with socket.create_connection((parsed.hostname, parsed.port), timeout=5) as plain:
            with context.wrap_socket(plain, server_hostname=HOST) as secured:
                return secured.selected_alpn_protocol() == "h2"
    except OSError:
        return False


class Peer:
    """A running proxy, with all processes that its answers cost."""

    def __init__(self, processes, port, tls_port=None, cookie=None):
        self.processes, self.port, self.tls_port, self.cookie = processes, port, tls_port, cookie

    def asks(self, name, path, cookie=True, page=False, connections=64, expect=200, tls=False, h2=False):
        secured = tls or h2
        if secured and not self.tls_port:
            return None
        headers = [f"Host: {HOST}"] if not secured else []
        if cookie and self.cookie:
            headers.append(f"Cookie: {self.cookie}")
        if page:
            headers += ["Sec-Fetch-Mode: navigate", "Sec-Fetch-Dest: document", "Accept: text/html"]
        origin = f"https://{HOST}:{self.tls_port}" if secured else f"http://127.0.0.1:{self.port}"
        return Asked(name, self, origin + path, headers, connections, expect, h2)


class Peers:
    """All of them, running. One that is missing is None and told of."""

    def __init__(self, processes, access_logs=True):
        self.all, self.access_logs = processes, access_logs
        self.pem = certificate(processes.folder())
        self.app = upstream_app(processes)
        self.doorward = self._doorward()
        self.doorward_tls = self._doorward(tls=True) if self.pem else None
        self.nginx, self.nginx_204, self.nginx_verify = self._nginx()
        self.haproxy = self._if("haproxy", self._haproxy)
        self.caddy = self._if("caddy", self._caddy)
        self.bare = self._bare()
        self.oauth2 = self._oauth2()

    @staticmethod
    def _if(program, start):
        if find(program):
            return start()
        skipped.append(f"{program}: not installed")
        return None

    def _doorward(self, tls=False, asked_by=None):
        log = "info" if self.access_logs else "warn"
        doorward = Doorward(self.all, tool("doorward"), self.app, log=log, tls=self.pem if tls else None, asked_by=asked_by)
        cookie = f"{doorward.cookie_name}={doorward.cookies(1)[0]}"
        port = doorward.port
        return Peer([doorward.process], port, port if tls else None, cookie)

    def _asked_alike(self, processes, port, tls_port=None):
        """Whoever asks for no cookie gets the request of a browser all the same: what doorward gets is longer otherwise."""
        return Peer(processes, port, tls_port, self.doorward.cookie)

    def _nginx(self):
        plain, plain_tls, asking, asking_tls, verifying, daemon = (free_port() for _ in range(6))
        saying_yes = f"server {{ listen 127.0.0.1:{daemon}; return 204; }}"
        yes = Nginx(self.all, saying_yes, workers=1, access_log=False)
        verify = self._doorward(asked_by="nginx")
        passing = 'proxy_pass http://app; proxy_http_version 1.1; proxy_set_header Connection "";'
        asks = 'proxy_http_version 1.1; proxy_set_header Connection ""; proxy_pass_request_body off; proxy_set_header Content-Length "";'
        keep = "keepalive 1024; keepalive_requests 1000000000;"
        tls = f"ssl_certificate {self.pem}; ssl_certificate_key {self.pem};"
        secured = lambda port: f"listen 127.0.0.1:{port} ssl http2; {tls}" if self.pem else ""
        told = "".join(
            f"auth_request_set $d{number} $upstream_http_{name}; proxy_set_header {header} $d{number};"
            for number, (name, header) in enumerate(TOLD)
        )
        gateway = Nginx(self.all, f"""
            upstream app {{ server 127.0.0.1:{self.app}; {keep} }}
            upstream daemon {{ server 127.0.0.1:{daemon}; {keep} }}
            upstream doorward {{ server 127.0.0.1:{verify.port}; {keep} }}
            server {{
                listen 127.0.0.1:{plain}; {secured(plain_tls)}
                location / {{ {passing} }}
            }}
            server {{
                listen 127.0.0.1:{asking}; {secured(asking_tls)}
                location / {{ auth_request /ask; {passing} }}
                location = /ask {{ internal; proxy_pass http://daemon; {asks} }}
            }}
            server {{
                listen 127.0.0.1:{verifying};
                location / {{ auth_request /ask; {told} {passing} }}
                location = /ask {{
                    internal; proxy_pass http://doorward/_doorward/verify; {asks}
                    proxy_set_header Host {HOST}:{verify.port};
                    proxy_set_header X-Original-URL $scheme://{HOST}:{verify.port}$request_uri;
                    proxy_set_header X-Original-Method $request_method; proxy_set_header X-Forwarded-For $remote_addr;
                }}
            }}
        """, access_log=self.access_logs)
        for port in (plain, asking):
            until("nginx", lambda port=port: request(f"http://127.0.0.1:{port}/page") == 200 or None)
        alone = [gateway.process]
        return (
            self._asked_alike(alone, plain, plain_tls if self.pem else None),
            self._asked_alike([*alone, yes.process], asking, asking_tls if self.pem else None),
            Peer([*alone, *verify.processes], verifying, cookie=verify.cookie),
        )

    def _haproxy(self):
        port, folder = free_port(), self.all.folder()
        (folder / "haproxy.cfg").write_text(f"""
global
    nbthread {os.cpu_count()}
    maxconn 4000
defaults
    mode http
    timeout connect 5s
    timeout client 60s
    timeout server 60s
frontend front
    bind 127.0.0.1:{port}
    default_backend app
backend app
    http-reuse always
    server app 127.0.0.1:{self.app}
""")
        process = self.all.start(find("haproxy"), "-db", "-f", str(folder / "haproxy.cfg"), stderr=subprocess.DEVNULL)
        until("HAProxy", lambda: request(f"http://127.0.0.1:{port}/page") == 200 or None)
        return self._asked_alike([process], port)

    def _caddy(self):
        port, folder = free_port(), self.all.folder()
        verify = self._doorward(asked_by="caddy")
        copied = " ".join(header for _, header in TOLD)
        (folder / "Caddyfile").write_text(f"""
{{
    admin off
    auto_https off
}}
http://:{port} {{
    bind 127.0.0.1
    route {{
        request_header Host {HOST}:{verify.port}
        forward_auth 127.0.0.1:{verify.port} {{
            uri /_doorward/verify
            header_up X-Forwarded-Host {HOST}:{verify.port}
            copy_headers {copied}
        }}
        reverse_proxy 127.0.0.1:{self.app}
    }}
}}
""")
        environment = os.environ | {"XDG_DATA_HOME": str(folder), "XDG_CONFIG_HOME": str(folder)}
        command = [find("caddy"), "run", "--adapter", "caddyfile", "--config", str(folder / "Caddyfile")]
        process = self.all.start(*command, stderr=subprocess.DEVNULL, env=environment)
        until("Caddy", lambda: request(f"http://127.0.0.1:{port}/page") is not None or None)
        return Peer([process, *verify.processes], port, cookie=verify.cookie)

    def _bare(self):
        port = free_port()
        process = self.all.start(tool("bare_pingora"), f"127.0.0.1:{port}", f"127.0.0.1:{self.app}", stderr=subprocess.DEVNULL)
        until("Pingora", lambda: request(f"http://127.0.0.1:{port}/page") == 200 or None)
        return self._asked_alike([process], port)

    def _oauth2(self):
        """oauth2-proxy with a list of passwords: its usual cookie, without a provider to sign in at."""
        program = find("oauth2-proxy") or install_oauth2_proxy()
        if not program:
            return None
        port, folder = free_port(), self.all.folder()
        # "doorward" as SHA-1, the quickest that it knows: asked once, at sign-in.
        (folder / "htpasswd").write_text("ada:{SHA}jVc4aIcZHrPENHfvaAgsxlolhOM=\n")
        process = self.all.start(
            program, f"--http-address=127.0.0.1:{port}", f"--upstream=http://127.0.0.1:{self.app}",
            f"--htpasswd-file={folder}/htpasswd", "--client-id=x", "--client-secret=x", "--provider=github",
            "--email-domain=*", "--cookie-secret=0123456789abcdef0123456789abcdef", "--cookie-secure=false",
            "--redirect-url=http://localhost/oauth2/callback", f"--request-logging={str(self.access_logs).lower()}",
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )
        until("oauth2-proxy", lambda: request(f"http://127.0.0.1:{port}/ping") == 200 or None)
        cookie = oauth2_sign_in(port)
        if not cookie:
            skipped.append("oauth2-proxy: did not sign in")
            return None
        return Peer([process], port, cookie=cookie)


# What doorward says of a request that may go on, and the header in which the app gets it.
TOLD = [
    (name.lower().replace("-", "_"), name)
    for name in (
        "Remote-User", "Remote-Email", "Remote-Name", "Remote-Groups", "X-Doorward-Assertion",
        "Signature-Input", "Signature", "Cookie",
    )
]


def oauth2_sign_in(port):
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
    form = urllib.parse.urlencode({"username": "ada", "password": "doorward", "rd": "/"})
    headers = {"Host": HOST, "Content-Type": "application/x-www-form-urlencoded"}
    connection.request("POST", "/oauth2/sign_in", form, headers)
    answer = connection.getresponse()
    answer.read()
    found = [line.split(";")[0] for line in answer.headers.get_all("Set-Cookie") or []]
    found = [cookie for cookie in found if re.match(r"_oauth2_proxy(_\d+)?=.", cookie)]
    return "; ".join(found) or None


def install_oauth2_proxy():
    """Builds it under the target folder, where Go is at hand."""
    go = find("go")
    if not go:
        skipped.append("oauth2-proxy: neither installed nor Go to build it")
        return None
    folder = target_folder() / "bench-go"
    program = folder / "bin" / "oauth2-proxy"
    if program.exists():
        return str(program)
    print("building oauth2-proxy (some minutes, once)", file=sys.stderr)
    environment = os.environ | {"GOPATH": str(folder), "GOBIN": str(folder / "bin"), "GOFLAGS": "-modcacherw"}
    done = subprocess.run(
        [go, "install", "github.com/oauth2-proxy/oauth2-proxy/v7@v7.15.6"], cwd=TOP, env=environment,
        capture_output=True, text=True, check=False,
    )
    if done.returncode != 0:
        skipped.append(f"oauth2-proxy: {(done.stderr.strip().splitlines() or ['not built'])[-1]}")
        return None
    return str(program)
