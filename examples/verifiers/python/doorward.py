"""Who doorward says is asking: checked, so that nobody who reaches this app another way can say it too.

Copy this file into your app. It needs Python 3.10 or later; assertions also need PyJWT with its `crypto` extra.

    app = WsgiDoorward(app, signature=SignatureVerifier({"KEYID": bytes.fromhex("KEY")}))

The middleware takes every identity header off the request, by every spelling that a server could fold to it, and puts
back those that are proven. The app then finds the user in `environ["REMOTE_USER"]` (WSGI), in `scope["doorward"]` (ASGI)
and in the identity headers. Whatever cannot be proven is nobody: no check that fails, or could not run, lets anybody in.
"""

from __future__ import annotations

import asyncio
import base64
import binascii
import hashlib
import heapq
import hmac
import json
import logging
import re
import sqlite3
import threading
import time
import urllib.parse
import urllib.request
from dataclasses import dataclass, field
from typing import Any, Callable, Iterable, Mapping, Protocol

log = logging.getLogger("doorward")


class Refused(Exception):
    """What the request carries proves nothing. The text says why, for the log."""


@dataclass(frozen=True)
class Identity:
    """Who is asking."""

    user: str
    email: str | None = None
    name: str | None = None
    groups: tuple[str, ...] = ()
    # The account's identifier, which stays when the user is renamed. Known from an assertion alone.
    subject: str | None = None
    # Everything that the assertion says.
    claims: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Names:
    """The headers that carry the identity, as `headers:` of the site has them in doorward's configuration."""

    user: str = "remote-user"
    email: str = "remote-email"
    name: str = "remote-name"
    groups: str = "remote-groups"
    assertion: str = "x-doorward-assertion"

    def __post_init__(self) -> None:
        for key, value in vars(self).items():
            object.__setattr__(self, key, value.lower())
        folded = frozenset(fold(name) for name in (*vars(self).values(), *_DEFAULTS))
        object.__setattr__(self, "_folded", folded)

    def is_identity(self, header: str) -> bool:
        """Whether an app could take this header for one of doorward's. CGI and WSGI know letters and digits alone."""
        folded = fold(header)
        return folded.startswith("x-doorward-") or folded in self._folded


_DEFAULTS = ("remote-user", "remote-email", "remote-name", "remote-groups")


def fold(header: str) -> str:
    """The header's name as CGI would fold it."""
    return re.sub("[^a-z0-9]", "-", header.lower())


@dataclass(frozen=True)
class Request:
    """A request as the app got it. `target` is path and query, not decoded; the headers' values are bytes."""

    method: str
    target: str
    headers: list[tuple[str, bytes]]

    def lines(self, header: str) -> list[tuple[str, bytes]]:
        """Every line whose name could be taken for `header`."""
        wanted = fold(header)
        return [(name, value.strip(b" \t")) for name, value in self.headers if fold(name) == wanted]

    def single(self, header: str) -> bytes:
        """The value of a header that is there once, by its own name."""
        lines = self.lines(header)
        if len(lines) != 1 or lines[0][0].lower() != header:
            raise Refused(f"there is not exactly one {header}")
        return lines[0][1]


# The signature (RFC 9421) ------------------------------------------------------------------------------------------


class Nonces(Protocol):
    """Remembers what was used. Processes that serve one app must share it, or each can be told a thing once."""

    def add(self, nonce: str, expires: int, now: float) -> bool:
        """Keeps `nonce` until it expires. False if it is there already, or there is no room: one atomic step."""


class MemoryNonces:
    """For an app that is one process. Full means refused, so that nobody can push out what is still good."""

    def __init__(self, limit: int = 100_000) -> None:
        self._limit = limit
        self._known: set[str] = set()
        self._by_expiry: list[tuple[int, str]] = []
        self._lock = threading.Lock()

    def add(self, nonce: str, expires: int, now: float) -> bool:
        with self._lock:
            while self._by_expiry and self._by_expiry[0][0] <= now:
                self._known.discard(heapq.heappop(self._by_expiry)[1])
            if nonce in self._known or len(self._known) >= self._limit:
                return False
            self._known.add(nonce)
            heapq.heappush(self._by_expiry, (expires, nonce))
            return True


class SqliteNonces:
    """For an app of several processes on one machine, such as the workers of gunicorn: a file that they share."""

    def __init__(self, path: str, limit: int = 100_000) -> None:
        self._path, self._limit = path, limit
        self._local = threading.local()

    def add(self, nonce: str, expires: int, now: float) -> bool:
        with self._database() as database:
            database.execute("BEGIN IMMEDIATE")
            database.execute("DELETE FROM nonces WHERE expires <= ?", (now,))
            (count,) = database.execute("SELECT count(*) FROM nonces").fetchone()
            if count >= self._limit:
                return False
            added = database.execute("INSERT OR IGNORE INTO nonces VALUES (?, ?)", (nonce, expires))
            return added.rowcount == 1

    def _database(self) -> sqlite3.Connection:
        if not hasattr(self._local, "database"):
            database = sqlite3.connect(self._path, timeout=5, isolation_level=None)
            database.execute("PRAGMA journal_mode = WAL")
            database.execute("PRAGMA synchronous = OFF")
            database.execute("CREATE TABLE IF NOT EXISTS nonces (nonce TEXT PRIMARY KEY, expires INTEGER) WITHOUT ROWID")
            database.execute("CREATE INDEX IF NOT EXISTS nonces_expires ON nonces (expires)")
            self._local.database = database
        return self._local.database


# Exactly what doorward writes: one signature, its own label, the four parts of the request, then identity headers.
_INPUT = re.compile(
    r'doorward=(\("@method" "@authority" "@path" "@query"((?: "[a-z0-9!#$%&\'*+.^_`|~-]+"(?:;bs)?)*)\)'
    r';created=([0-9]{1,11});expires=([0-9]{1,11});nonce="([A-Za-z0-9_-]{22})"'
    r';alg="hmac-sha256";keyid="([A-Za-z0-9._~-]{1,64})")'
)
_SIGNATURE = re.compile(r"doorward=:([A-Za-z0-9+/]{43}=):")
_FIELD = re.compile(r'"([^"]+)"(;bs)?')
_VISIBLE = re.compile(r"[!-~]+")
_PLAIN = re.compile(rb"[\t -~]*")

_LONGEST_LIFE = 300
_SKEW = 30


class SignatureVerifier:
    """Checks the signature over a request. `keys` are those of the site, by their `keyid`; while they are rotated
    there are two (`doorward keys list --reveal`)."""

    def __init__(
        self,
        keys: Mapping[str, bytes],
        names: Names = Names(),
        nonces: Nonces | None = None,
        clock: Callable[[], float] = time.time,
    ) -> None:
        if not keys or any(len(key) < 32 for key in keys.values()):
            raise ValueError("a key of doorward has 32 bytes: bytes.fromhex(…) of what it shows")
        self._keys, self.names, self._clock = dict(keys), names, clock
        self._nonces = MemoryNonces() if nonces is None else nonces

    def verify(self, request: Request) -> Identity | None:
        """The one who asks, or None where doorward says that nobody is signed in."""
        found = _INPUT.fullmatch(_ascii(request.single("signature-input")))
        carried = _SIGNATURE.fullmatch(_ascii(request.single("signature")))
        if not found or not carried:
            raise Refused("the signature is not of the form that doorward makes")
        params, fields, created, expires, nonce, keyid = found.groups()
        key = self._keys.get(keyid)
        if key is None:
            raise Refused("the signature is made with another key")
        self._check_time(int(created), int(expires))
        covered = self._covered(request, _FIELD.findall(fields))
        wanted = hmac.new(key, _base(request, covered, params), hashlib.sha256).digest()
        if not hmac.compare_digest(wanted, _decoded(carried[1])):
            raise Refused("the signature does not fit the request")
        # Last, so that only doorward's own nonces take room.
        if not self._nonces.add(f"{keyid} {nonce}", int(expires), self._clock()):
            raise Refused("the request is a repetition")
        return self._identity({name: value for name, _, value in covered})

    def _check_time(self, created: int, expires: int) -> None:
        now = self._clock()
        if created > now + _SKEW:
            raise Refused("the signature is of a time to come")
        if now >= expires or not 0 < expires - created <= _LONGEST_LIFE:
            raise Refused("the signature has expired")

    def _covered(self, request: Request, fields: list[tuple[str, str]]) -> list[tuple[str, str, bytes]]:
        """The identity headers with their values: all that are there are covered, and each is there once."""
        present = sorted(fold(name) for name, _ in request.headers if self.names.is_identity(name))
        if present != sorted(fold(name) for name, _ in fields):
            raise Refused("the signature does not cover the identity headers that are there, each once")
        covered = [(name, binary, request.single(name)) for name, binary in fields]
        if any(bool(binary) == bool(_PLAIN.fullmatch(value)) for _, binary, value in covered):
            raise Refused("a header is not covered in the form that doorward makes")
        return covered

    def _identity(self, values: dict[str, bytes]) -> Identity | None:
        user = _text(values.get(self.names.user))
        if user is None:
            if values:
                raise Refused("there is an identity without a user")
            return None
        groups = _text(values.get(self.names.groups)) or ""
        return Identity(
            user=user,
            email=_text(values.get(self.names.email)),
            name=_text(values.get(self.names.name)),
            groups=tuple(group for group in groups.split(",") if group),
        )


def _base(request: Request, covered: list[tuple[str, str, bytes]], params: str) -> bytes:
    """What is signed (RFC 9421 section 2.5)."""
    path, _, query = request.target.partition("?")
    derived = {
        "@method": request.method,
        "@authority": _ascii(request.single("host")).lower(),
        "@path": path,
        "@query": "?" + query,
    }
    # A line feed in one of them would begin a line of the client's own.
    if not path.startswith("/") or not all(_VISIBLE.fullmatch(value) for value in derived.values()):
        raise Refused("the request line cannot have been signed")
    lines = [f'"{name}": {value}' for name, value in derived.items()]
    for name, binary, value in covered:
        text = f":{base64.b64encode(value).decode()}:" if binary else _ascii(value)
        lines.append(f'"{name}"{binary}: {text}')
    lines.append(f'"@signature-params": {params}')
    return "\n".join(lines).encode("ascii")


def _ascii(value: bytes) -> str:
    try:
        return value.decode("ascii")
    except UnicodeDecodeError:
        raise Refused("a header is not ASCII") from None


def _text(value: bytes | None) -> str | None:
    try:
        return value.decode("utf-8") if value else None
    except UnicodeDecodeError:
        raise Refused("an identity header is not UTF-8") from None


def _decoded(signature: str) -> bytes:
    try:
        return base64.b64decode(signature, validate=True)
    except binascii.Error:
        raise Refused("the signature is not base64") from None


# The assertion (JWT) -----------------------------------------------------------------------------------------------


class KeySet:
    """doorward's public keys, from `https://…/_doorward/jwks.json`: fetched when first needed, kept for five minutes,
    and asked for again because of an unknown key once a minute at most."""

    REFRESH, KEEP, PAUSE, PAUSE_AFTER_FAILURE = 300.0, 900.0, 60.0, 5.0

    def __init__(
        self,
        url: str,
        fetch: Callable[[str], bytes] | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        parts = urllib.parse.urlsplit(url)
        is_loopback = parts.hostname in ("127.0.0.1", "::1", "localhost") or str(parts.hostname).endswith(".localhost")
        if parts.scheme != "https" and not (parts.scheme == "http" and is_loopback):
            raise ValueError("keys are fetched over https")
        self._url, self._fetch, self._clock = url, fetch or fetch_keys, clock
        self._keys: dict[tuple[str, str], Any] = {}
        self._fetched = self._not_before = float("-inf")
        self._lock = threading.Lock()

    def get(self, kid: str, algorithm: str) -> Any:
        """The key of this name for this algorithm and no other."""
        with self._lock:
            now = self._clock()
            is_due = now - self._fetched >= self.REFRESH or (kid, algorithm) not in self._keys
            if is_due and now >= self._not_before:
                self._refresh(now)
            if now - self._fetched >= self.KEEP:
                raise Refused("the keys cannot be fetched")
            try:
                return self._keys[kid, algorithm]
            except KeyError:
                raise Refused("the assertion is made with another key") from None

    def _refresh(self, now: float) -> None:
        self._not_before = now + self.PAUSE_AFTER_FAILURE
        try:
            self._keys = parse_keys(self._fetch(self._url))
        except Exception as error:  # whatever went wrong, there are no new keys
            log.warning("doorward's keys cannot be fetched: %s", error)
            return
        self._fetched, self._not_before = now, now + self.PAUSE


class _NoRedirects(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *_: Any) -> None:
        return None


def fetch_keys(url: str) -> bytes:
    """The answer of `url`, in five seconds a step, of 64 KiB at most, and from there alone."""
    opener = urllib.request.build_opener(_NoRedirects)
    with opener.open(urllib.request.Request(url, headers={"Accept": "application/json"}), timeout=5) as answer:
        body = answer.read(65_537)
    if len(body) > 65_536:
        raise ValueError("too many keys")
    return body


def parse_keys(body: bytes) -> dict[tuple[str, str], Any]:
    """The keys by name and algorithm: Ed25519 for EdDSA, P-256 for ES256, and nothing else."""
    from jwt import PyJWK

    curves = {("OKP", "Ed25519"): "EdDSA", ("EC", "P-256"): "ES256"}
    keys: dict[tuple[str, str], Any] = {}
    for key in json.loads(body)["keys"]:
        algorithm = curves.get((key.get("kty"), key.get("crv")))
        kid = key.get("kid")
        if not algorithm or key.get("alg", algorithm) != algorithm or key.get("use", "sig") != "sig" or not kid:
            continue
        if (kid, algorithm) in keys:
            raise ValueError("two keys have one name")
        keys[kid, algorithm] = PyJWK(key, algorithm=algorithm)
    return keys


class AssertionVerifier:
    """Checks the assertion. `issuer` is the portal's origin, `audience` this site's: `https://wiki.example.com`."""

    def __init__(self, issuer: str, audience: str, keys: KeySet, algorithms: Iterable[str] = ("EdDSA",)) -> None:
        self._issuer, self._audience, self._keys = issuer, audience, keys
        self._algorithms = frozenset(algorithms)
        if not self._algorithms or not self._algorithms <= {"EdDSA", "ES256"}:
            raise ValueError("doorward signs with EdDSA or ES256")

    def verify(self, token: str) -> Identity:
        """The one who asks."""
        import jwt

        try:
            if len(token) > 8192:
                raise Refused("the assertion is too long")
            header = jwt.get_unverified_header(token)
            algorithm, kid = header.get("alg"), header.get("kid")
            if algorithm not in self._algorithms or header.get("typ") != "JWT" or "crit" in header:
                raise Refused("the assertion is not of the form that doorward makes")
            if not isinstance(kid, str):
                raise Refused("the assertion names no key")
            claims = jwt.decode(
                token,
                self._keys.get(kid, algorithm),
                algorithms=[algorithm],
                audience=self._audience,
                issuer=self._issuer,
                leeway=_SKEW,
                options={"require": ["iss", "aud", "sub", "iat", "nbf", "exp"], "strict_aud": True},
            )
        except jwt.PyJWTError as error:
            raise Refused(f"the assertion is not good: {error}") from None
        return _asserted(claims)


def _asserted(claims: dict[str, Any]) -> Identity:
    user, groups = claims.get("preferred_username"), claims.get("groups") or []
    texts = [user, claims["sub"], *groups] if isinstance(groups, list) else [None]
    texts += [claims[key] for key in ("email", "name") if claims.get(key) is not None]
    if not user or not all(isinstance(text, str) and text.isprintable() for text in texts):
        raise Refused("the assertion does not say who is asking")
    return Identity(
        user=user,
        email=claims.get("email"),
        name=claims.get("name"),
        groups=tuple(groups),
        subject=claims["sub"],
        claims=claims,
    )


# The middleware ----------------------------------------------------------------------------------------------------


class Gate:
    """What both middlewares do. With a signature and an assertion, both must hold, and name the same user."""

    def __init__(
        self,
        signature: SignatureVerifier | None = None,
        assertion: AssertionVerifier | None = None,
        names: Names | None = None,
    ) -> None:
        if signature is None and assertion is None:
            raise ValueError("give a signature, an assertion or both")
        self._signature, self._assertion = signature, assertion
        self.names = names or (signature.names if signature else Names())
        if signature and signature.names != self.names:
            raise ValueError("the signature is checked over headers of other names")

    def check(self, request: Request) -> tuple[bool, Identity | None]:
        """Whether the request comes through doorward, and who asks. Raises nothing: what fails proves nothing."""
        try:
            return self._check(request)
        except Refused as refused:
            log.info("a request proves nobody: %s", refused)
        except Exception:
            log.exception("a request could not be checked")
        return False, None

    def _check(self, request: Request) -> tuple[bool, Identity | None]:
        signed = self._signature.verify(request) if self._signature else None
        if self._assertion is None:
            return True, signed
        if not request.lines(self.names.assertion):
            if signed:
                raise Refused("there is no assertion")
            return self._signature is not None, None
        asserted = self._assertion.verify(_ascii(request.single(self.names.assertion)))
        if self._signature and (signed is None or signed.user != asserted.user):
            raise Refused("signature and assertion name different users")
        return True, asserted

    def headers(self, identity: Identity | None) -> list[tuple[str, bytes]]:
        """The identity headers that are proven."""
        if identity is None:
            return []
        values = [
            (self.names.user, identity.user),
            (self.names.email, identity.email),
            (self.names.name, identity.name),
            (self.names.groups, ",".join(identity.groups)),
        ]
        return [(name, value.encode()) for name, value in values if value]


class WsgiDoorward:
    """WSGI middleware. `required` answers 403 to whatever does not come through doorward; otherwise that is nobody's,
    and the app decides."""

    def __init__(self, app: Any, *, required: bool = False, **checks: Any) -> None:
        self._app, self._required, self._gate = app, required, Gate(**checks)

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Any:
        through, identity = self._gate.check(_of_environ(environ))
        for key in [key for key in environ if key.startswith("HTTP_") and self._gate.names.is_identity(key[5:])]:
            del environ[key]
        for key in ("REMOTE_USER", "AUTH_TYPE", "doorward.identity"):
            environ.pop(key, None)
        if self._required and not through:
            start_response("403 Forbidden", [("Content-Type", "text/plain")])
            return [b"This app is reached through its front door alone.\n"]
        if identity is not None:
            environ.update({"REMOTE_USER": identity.user, "AUTH_TYPE": "doorward", "doorward.identity": identity})
            for name, value in self._gate.headers(identity):
                environ["HTTP_" + fold(name).replace("-", "_").upper()] = value.decode("latin-1")
        return self._app(environ, start_response)


def _of_environ(environ: dict[str, Any]) -> Request:
    headers = [
        (key[5:].replace("_", "-").lower(), value.encode("latin-1", "replace"))
        for key, value in environ.items()
        if key.startswith("HTTP_")
    ]
    return Request(environ["REQUEST_METHOD"], _target(environ), headers)


def _target(environ: dict[str, Any]) -> str:
    """The target as requested, which most servers pass on. Of one that does not, the path is encoded again: one that
    was encoded in another way is then refused, never mistaken for another."""
    raw = environ.get("RAW_URI") or environ.get("REQUEST_URI")
    if raw:
        return raw
    path = (environ.get("SCRIPT_NAME", "") + environ.get("PATH_INFO", "")).encode("latin-1", "replace")
    query = environ.get("QUERY_STRING")
    return urllib.parse.quote(path, safe="/!$&'()*+,;=:@~") + (f"?{query}" if query else "")


class AsgiDoorward:
    """ASGI middleware, for HTTP and WebSockets. `required` as in `WsgiDoorward`."""

    def __init__(self, app: Any, *, required: bool = False, **checks: Any) -> None:
        self._app, self._required, self._gate = app, required, Gate(**checks)

    async def __call__(self, scope: dict[str, Any], receive: Any, send: Any) -> None:
        if scope["type"] not in ("http", "websocket"):
            return await self._app(scope, receive, send)
        # In a thread: keys may have to be fetched.
        through, identity = await asyncio.to_thread(self._gate.check, _of_scope(scope))
        if self._required and not through:
            return await _forbid(scope, send)
        kept = [line for line in scope["headers"] if not self._gate.names.is_identity(line[0].decode("latin-1"))]
        proven = [(name.encode(), value) for name, value in self._gate.headers(identity)]
        await self._app({**scope, "headers": kept + proven, "doorward": identity}, receive, send)


def _of_scope(scope: dict[str, Any]) -> Request:
    headers = [(name.decode("latin-1").lower(), value) for name, value in scope["headers"]]
    path = scope.get("raw_path") or urllib.parse.quote(scope["path"], safe="/!$&'()*+,;=:@~").encode()
    query = scope.get("query_string") or b""
    target = (path.partition(b"?")[0] + (b"?" + query if query else b"")).decode("latin-1")
    return Request(scope.get("method", "GET"), target, headers)


async def _forbid(scope: dict[str, Any], send: Any) -> None:
    if scope["type"] == "websocket":
        return await send({"type": "websocket.close", "code": 1008})
    await send({"type": "http.response.start", "status": 403, "headers": [(b"content-type", b"text/plain")]})
    await send({"type": "http.response.body", "body": b"This app is reached through its front door alone.\n"})
