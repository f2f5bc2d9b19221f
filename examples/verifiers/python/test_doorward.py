"""Every vector, through the verifiers and through the middlewares; then what vectors cannot say."""

import asyncio
import datetime
import http.server
import io
import json
import os
import pathlib
import threading
from unittest import mock

import django
import pytest
from django.conf import settings

import doorward
from doorward import (
    AsgiDoorward, AssertionVerifier, KeySet, MemoryNonces, Names, Refused, Request, SignatureVerifier, SqliteNonces,
    WsgiDoorward, parse_keys,
)

FOLDER = pathlib.Path(os.environ.get("DOORWARD_VECTORS", pathlib.Path(__file__).parent.parent / "vectors"))
FILES = [json.loads(path.read_text("utf-8")) for path in sorted(FOLDER.glob("*.json"))]
SIGNATURES = [(file, vector) for file in FILES for vector in file.get("signature", [])]
ASSERTIONS = [(file, vector) for file in FILES for vector in file.get("assertion", [])]
named = lambda pair: pair[1]["name"] if isinstance(pair, tuple) else None


def test_there_are_vectors():
    assert any(vector["valid"] for _, vector in SIGNATURES) and any(not vector["valid"] for _, vector in SIGNATURES)
    assert any(vector["valid"] for _, vector in ASSERTIONS) and any(not vector["valid"] for _, vector in ASSERTIONS)


# Signatures


def signature_verifier(file, now, nonces=None):
    keys = {file[key]["keyid"]: bytes.fromhex(file[key]["hex"]) for key in ("hmac", "hmac_next") if key in file}
    return SignatureVerifier(keys, nonces=nonces, clock=lambda: now)


def request_of(vector):
    request = vector["request"]
    headers = [(name.lower(), value.encode()) for name, value in request["headers"]]
    if not any(name == "host" for name, _ in headers):
        headers.append(("host", request["authority"].encode()))
    return Request(request["method"], request["target"], headers)


def environ_of(request):
    path, _, query = request.target.partition("?")
    environ = {"REQUEST_METHOD": request.method, "REQUEST_URI": request.target, "PATH_INFO": path,
               "QUERY_STRING": query, "REMOTE_USER": "the server's own", "wsgi.url_scheme": "https"}
    for name, value in request.headers:
        key, value = "HTTP_" + name.replace("-", "_").upper(), value.decode("latin-1")
        environ[key] = f"{environ[key]},{value}" if key in environ else value
    return environ


def scope_of(request):
    path, _, query = request.target.partition("?")
    headers = [(name.encode(), value) for name, value in request.headers]
    return {"type": "http", "method": request.method, "path": path, "raw_path": path.encode(),
            "query_string": query.encode(), "headers": headers}


def through_wsgi(request, **checks):
    seen = {}
    list(WsgiDoorward(lambda environ, _: seen.update(environ) or [b""], **checks)(environ_of(request), lambda *_: None))
    return seen


def through_asgi(request, **checks):
    seen = {}

    async def app(scope, receive, send):
        seen.update(scope)

    asyncio.run(AsgiDoorward(app, **checks)(scope_of(request), None, None))
    return seen


def play(pair, check):
    """Checks the vector, after the request that it repeats if it does."""
    file, vector = pair
    nonces = MemoryNonces()
    if vector.get("replay_of"):
        first = next(other for other in file["signature"] if other["name"] == vector["replay_of"])
        check(request_of(first), signature_verifier(file, first["now"], nonces))
    return check(request_of(vector), signature_verifier(file, vector["now"], nonces))


@pytest.mark.parametrize("pair", SIGNATURES, ids=named)
def test_a_signature_is_taken_or_refused(pair):
    check = lambda request, verifier: verifier.verify(request)
    if pair[1]["valid"]:
        identity = play(pair, check)
        assert (identity and identity.user) == pair[1]["user"]
    else:
        with pytest.raises(Refused):
            play(pair, check)


@pytest.mark.parametrize("pair", SIGNATURES, ids=named)
def test_wsgi_knows_the_user_or_nobody(pair):
    seen = play(pair, lambda request, verifier: through_wsgi(request, signature=verifier))
    wanted = pair[1]["user"] if pair[1]["valid"] else None
    assert seen.get("REMOTE_USER") == wanted and seen.get("HTTP_REMOTE_USER") == wanted
    if wanted is None:
        assert not [key for key in seen if key.startswith(("HTTP_REMOTE", "HTTP_X_DOORWARD", "doorward"))]


@pytest.mark.parametrize("pair", SIGNATURES, ids=named)
def test_asgi_knows_the_user_or_nobody(pair):
    seen = play(pair, lambda request, verifier: through_asgi(request, signature=verifier))
    wanted = pair[1]["user"] if pair[1]["valid"] else None
    users = [value.decode() for name, value in seen["headers"] if doorward.fold(name.decode()) == "remote-user"]
    assert users == ([wanted] if wanted else [])
    assert (seen["doorward"] and seen["doorward"].user) == wanted


def good():
    return next(pair for pair in SIGNATURES if pair[1]["valid"] and pair[1]["user"])


def test_required_refuses_what_does_not_come_through_doorward():
    file, vector = good()
    statuses = []
    app = WsgiDoorward(lambda *_: [b""], signature=signature_verifier(file, vector["now"]), required=True)
    app({"REQUEST_METHOD": "GET", "REQUEST_URI": "/", "HTTP_HOST": "a", "HTTP_REMOTE_USER": "root"},
        lambda status, _: statuses.append(status))
    app(environ_of(request_of(vector)), lambda status, _: statuses.append(status))
    assert statuses == ["403 Forbidden"]


def test_headers_of_other_names_are_taken_off_too():
    file, vector = good()
    grafana = Names(user="X-WEBAUTH-USER")
    verifier = SignatureVerifier({file["hmac"]["keyid"]: bytes.fromhex(file["hmac"]["hex"])}, grafana)
    forged = Request("GET", "/", [("host", b"a"), ("x-webauth-user", b"root"), ("remote-user", b"root")])
    assert set(through_wsgi(forged, signature=verifier)) & {"HTTP_X_WEBAUTH_USER", "HTTP_REMOTE_USER"} == set()
    with pytest.raises(ValueError):
        WsgiDoorward(None, signature=verifier, names=Names())


def test_a_server_that_hides_the_target_is_read_all_the_same():
    environ = {"REQUEST_METHOD": "GET", "SCRIPT_NAME": "", "PATH_INFO": "/a b/å".encode().decode("latin-1"),
               "QUERY_STRING": "x=1"}
    assert doorward._target(environ) == "/a%20b/%C3%A5?x=1"


def test_what_breaks_while_it_is_checked_is_nobody():
    class Broken:
        def add(self, *_):
            raise OSError("disk full")

    file, vector = good()
    seen = through_wsgi(request_of(vector), signature=signature_verifier(file, vector["now"], Broken()))
    assert "REMOTE_USER" not in seen and "HTTP_REMOTE_USER" not in seen


@pytest.mark.parametrize("store", [lambda folder: MemoryNonces(2), lambda folder: SqliteNonces(f"{folder}/nonces.db", 2)],
                         ids=["memory", "sqlite"])
def test_nonces_are_kept_until_they_expire_and_never_pushed_out(tmp_path, store):
    nonces = store(tmp_path)
    assert nonces.add("a", 60, 0) and not nonces.add("a", 60, 59)
    assert nonces.add("b", 61, 0) and not nonces.add("c", 62, 0), "full is refused"
    assert nonces.add("c", 62, 60), "there is room once one has expired"
    assert not nonces.add("b", 61, 60)


def test_fifty_at_once_are_one(tmp_path):
    for nonces in (MemoryNonces(), SqliteNonces(f"{tmp_path}/nonces.db")):
        taken = []
        threads = [threading.Thread(target=lambda: taken.append(nonces.add("a", 60, 0))) for _ in range(50)]
        [thread.start() for thread in threads], [thread.join() for thread in threads]
        assert taken.count(True) == 1


# Assertions


def assertion_verifier(file, vector):
    keys = KeySet("https://login.example.com/_doorward/jwks.json", fetch=lambda _: json.dumps(file["keys"]).encode())
    expect = vector["expect"]
    return AssertionVerifier(expect["iss"], expect["aud"], keys, [expect.get("alg", "EdDSA")])


def at(now):
    class Then(datetime.datetime):
        @classmethod
        def now(cls, tz=None):
            return datetime.datetime.fromtimestamp(now, tz)

    return mock.patch("jwt.api_jwt.datetime", Then)


@pytest.mark.parametrize("pair", ASSERTIONS, ids=named)
def test_an_assertion_is_taken_or_refused(pair):
    file, vector = pair
    verifier = assertion_verifier(file, vector)
    with at(vector["now"]):
        if vector["valid"]:
            identity = verifier.verify(vector["jwt"])
            assert identity.user == vector["claims"]["preferred_username"]
            assert identity.subject == vector["claims"]["sub"]
            assert dict(identity.claims) == vector["claims"]
        else:
            with pytest.raises(Refused):
                verifier.verify(vector["jwt"])


@pytest.mark.parametrize("pair", ASSERTIONS, ids=named)
def test_the_middleware_goes_by_the_assertion(pair):
    file, vector = pair
    forged = [("host", b"a"), ("remote-user", b"root"), ("remote_user", b"root"),
              ("x-doorward-assertion", vector["jwt"].encode())]
    with at(vector["now"]):
        request = Request("GET", "/", forged)
        seen = through_wsgi(request, assertion=assertion_verifier(file, vector))
        asgi = through_asgi(request, assertion=assertion_verifier(file, vector))
    wanted = vector["claims"]["preferred_username"] if vector["valid"] else None
    assert seen.get("REMOTE_USER") == wanted and seen.get("HTTP_REMOTE_USER") == wanted
    assert (asgi["doorward"] and asgi["doorward"].user) == wanted


def test_two_assertions_are_none():
    file, vector = next(pair for pair in ASSERTIONS if pair[1]["valid"])
    line = ("x-doorward-assertion", vector["jwt"].encode())
    with at(vector["now"]):
        seen = through_asgi(Request("GET", "/", [line, line]), assertion=assertion_verifier(file, vector))
    assert seen["doorward"] is None


def test_with_both_proofs_one_alone_is_nobody():
    file, vector = good()
    _, asserted = next(pair for pair in ASSERTIONS if pair[1]["valid"])
    checks = {"signature": signature_verifier(file, vector["now"]), "assertion": assertion_verifier(file, asserted)}
    assert "REMOTE_USER" not in through_wsgi(request_of(vector), **checks)


KEYS = json.dumps(FILES[0]["keys"] if FILES else {}).encode()


class Server:
    """Counts what is fetched, and fails when told to."""

    def __init__(self):
        self.calls, self.fails, self.now = 0, False, 0.0
        self.keys = KeySet("https://a.example/jwks.json", fetch=self.fetch, clock=lambda: self.now)
        self.kid, self.algorithm = next(iter(parse_keys(KEYS)))

    def fetch(self, _):
        self.calls += 1
        if self.fails:
            raise OSError("away")
        return KEYS

    def get(self, kid=None):
        return self.keys.get(kid or self.kid, self.algorithm)


def test_an_unknown_key_is_asked_for_once_a_minute():
    server = Server()
    server.get()
    for second in range(180):
        server.now = float(second)
        with pytest.raises(Refused):
            server.get("unknown")
    assert server.calls == 3


def test_keys_are_fetched_again_after_five_minutes_and_not_believed_for_ever():
    server = Server()
    server.get()
    server.now, server.fails = 301.0, True
    server.get(), server.get()
    assert server.calls == 2, "known keys serve while doorward is away, and it is left in peace"
    server.now = 901.0
    with pytest.raises(Refused):
        server.get()
    server.now, server.fails = 907.0, False
    server.get()


def test_keys_come_over_https_from_where_they_should():
    for url in ("http://login.example.com/jwks.json", "file:///etc/passwd", "http://localhost.evil.example/"):
        with pytest.raises(ValueError):
            KeySet(url)


class Redirecting(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(302 if self.path == "/jwks.json" else 200)
        self.send_header("Location", "/elsewhere")
        self.end_headers()
        self.wfile.write(b"x" * 70_000 if self.path == "/large" else KEYS)

    def log_message(self, *_):
        pass


def test_redirects_are_not_followed_and_answers_are_bounded():
    server = http.server.HTTPServer(("127.0.0.1", 0), Redirecting)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    address = f"http://127.0.0.1:{server.server_port}"
    assert doorward.fetch_keys(f"{address}/keys") == KEYS
    for path in ("jwks.json", "large"):
        with pytest.raises(Exception):
            doorward.fetch_keys(f"{address}/{path}")
    server.shutdown()


def test_a_symmetric_key_in_the_set_is_no_key():
    body = json.dumps({"keys": [{"kty": "oct", "k": "AAAA", "kid": "a", "alg": "HS256"}]}).encode()
    assert parse_keys(body) == {}
    with pytest.raises(ValueError):
        AssertionVerifier("https://a.example", "https://b.example", Server().keys, ["HS256"])


# Django


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    settings.configure(
        SECRET_KEY="x" * 50, ALLOWED_HOSTS=["*"], ROOT_URLCONF="test_doorward",
        DATABASES={"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": tmp_path_factory.mktemp("db") / "db"}},
        INSTALLED_APPS=["django.contrib.auth", "django.contrib.contenttypes", "django.contrib.sessions"],
        MIDDLEWARE=["django.contrib.sessions.middleware.SessionMiddleware",
                    "django.contrib.auth.middleware.AuthenticationMiddleware", "doorward_django.DoorwardMiddleware"],
        AUTHENTICATION_BACKENDS=["doorward_django.DoorwardBackend"],
        DOORWARD_STAFF_GROUP="staff", DOORWARD_SUPERUSER_GROUP="admins",
    )
    django.setup()
    from django.core.management import call_command
    from django.core.wsgi import get_wsgi_application

    call_command("migrate", verbosity=0)
    return get_wsgi_application()


def who(request):
    from django.http import HttpResponse

    return HttpResponse(f"{request.user.get_username()} {request.user.is_staff} {request.user.is_superuser}")


def __getattr__(name):
    if name != "urlpatterns":
        raise AttributeError(name)
    from django.urls import re_path

    return [re_path("", who)]


def test_django_signs_in_who_is_proven_and_follows_their_groups(site):
    from doorward import Identity

    def ask(identity, cookie=""):
        environ = {"REQUEST_METHOD": "GET", "PATH_INFO": "/", "SERVER_NAME": "a", "SERVER_PORT": "80",
                   "HTTP_COOKIE": cookie, "HTTP_REMOTE_USER": "root", "wsgi.input": io.BytesIO()}
        if identity:
            environ.update({"REMOTE_USER": identity.user, "doorward.identity": identity})
        headers = {}
        body = b"".join(site(environ, lambda _, lines: headers.update(lines))).decode()
        return body, headers.get("Set-Cookie", cookie).split(";")[0]

    told, cookie = ask(Identity("ada", "ada@example.org", "Ada Lovelace", ("staff", "admins")))
    assert told == "ada True True"
    assert ask(Identity("ada", groups=("staff",)), cookie)[0] == "ada True False", "rights go with the group, at once"
    assert ask(Identity("grace"), cookie)[0] == "grace False False", "another user is another session"
    assert ask(None, cookie)[0] == " False False", "a session without a proof is nobody's"
    assert ask(None)[0] == " False False"
