"""A small client of doorward's JSON API: the standard library alone, to be copied (docs/api.md).

It signs somebody in by password and code, keeps the tokens in a file of its owner, refreshes them when they end, and asks
apps behind doorward with them. Run as a program it asks what it needs to know:

    python3 doorward_client.py https://wiki.example.com ada /private
"""

from __future__ import annotations

import getpass
import json
import os
import sys
import time
import uuid
from pathlib import Path
from typing import Any
from urllib import error, parse, request


class Problem(Exception):
    """What doorward refused, by the code that stays what it is."""

    def __init__(self, status: int, told: dict[str, Any], retry_after: int | None) -> None:
        super().__init__(f"{told.get('code', status)}: {told.get('detail', '')}")
        self.status = status
        self.code: str = told.get("code", "")
        self.told = told
        self.retry_after = retry_after


class Doorward:
    """One installation of a program, and what it keeps between runs."""

    def __init__(self, origin: str, state: Path, connect_to: str | None = None) -> None:
        self.origin = origin.rstrip("/")
        # Where to connect, if that is not where the name leads: a test, or a tunnel.
        self.connect_to = (connect_to or origin).rstrip("/")
        self.state = state
        self.kept: dict[str, Any] = json.loads(state.read_text()) if state.exists() else {}
        self.kept.setdefault("install_id", str(uuid.uuid4()))

    # Signing in

    def sign_in(self, login: str, password: str, **more: Any) -> str:
        """Says `signed_in`, or `code_sent`: then the code comes next."""
        body = {"login": login, "password": password, **self._client(), **more}
        return self._took(self._post("/sign-in", body))

    def verify(self, code: str, trust_device: bool = False) -> str:
        """Answers with the code. Says `signed_in`, or `verified` where something else comes next."""
        body = {"flow": self.kept["flow"], "code": code, "trust_device": trust_device, **self._client()}
        return self._took(self._post("/codes/verify", body))

    def resend(self) -> str:
        """Has another code sent."""
        return self._took(self._post("/codes/resend", {"flow": self.kept["flow"]}))

    def ask_to_register(self, email: str, captcha: dict[str, Any] | None = None) -> str:
        """Has a code sent to an address that is to be an account's."""
        body: dict[str, Any] = {"purpose": "register", "destination": {"email": email}}
        if captcha:
            body["captcha"] = captcha
        return self._took(self._post("/codes", body))

    def register(self, username: str, password: str, full_name: str | None = None) -> str:
        """Makes the account, once its address is verified."""
        body = {
            "verification_token": self.kept["verification_token"],
            "username": username,
            "password": password,
            "full_name": full_name,
            "install_id": self.kept["install_id"],
        }
        return self._took(self._post("/register", body))

    def sign_out(self) -> None:
        """Ends the session and all of its tokens."""
        self._call("POST", "/sign-out", token=self.token())
        for name in ("access_token", "refresh_token", "ends"):
            self.kept.pop(name, None)
        self._save()

    # What only its owner may ask

    def account(self) -> dict[str, Any]:
        """The account."""
        return self._call("GET", "/account", token=self.token())

    def sessions(self) -> list[dict[str, Any]]:
        """Its sessions."""
        return self._call("GET", "/sessions", token=self.token())["sessions"]

    def fetch(self, path: str) -> bytes:
        """Asks the app behind doorward."""
        return self._send(self._request("GET", path, None, self.token()))

    def token(self) -> str:
        """An access token that is good for some seconds at least."""
        if self.kept.get("ends", 0) < time.time() + 10:
            body = {"refresh_token": self.kept["refresh_token"], "install_id": self.kept["install_id"]}
            self._took(self._post("/refresh", body))
        return self.kept["access_token"]

    # How

    def _client(self) -> dict[str, str]:
        names = ("install_id", "device_token")
        return {name: self.kept[name] for name in names if name in self.kept}

    def _took(self, told: dict[str, Any]) -> str:
        names = ("flow", "verification_token", "access_token", "refresh_token", "device_token")
        self.kept.update({name: told[name] for name in names if name in told})
        if "access_token" in told:
            self.kept["ends"] = time.time() + told["expires_in"]
        # Before anything else: a refresh token is good once.
        self._save()
        return told["status"]

    def _save(self) -> None:
        new = self.state.with_suffix(".new")
        with os.fdopen(os.open(new, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
            json.dump(self.kept, file)
        new.replace(self.state)

    def _post(self, path: str, body: dict[str, Any]) -> dict[str, Any]:
        return self._call("POST", path, body)

    def _call(self, method: str, path: str, body: Any = None, token: str | None = None) -> Any:
        answer = self._send(self._request(method, "/_doorward/api/v1" + path, body, token))
        return json.loads(answer) if answer else None

    def _request(self, method: str, path: str, body: Any, token: str | None) -> request.Request:
        data = None if body is None else json.dumps(body).encode()
        asked = request.Request(self.connect_to + path, data, method=method)
        asked.add_header("Accept", "application/json")
        asked.add_header("Host", parse.urlsplit(self.origin).netloc)
        if data is not None:
            asked.add_header("Content-Type", "application/json")
        if token is not None:
            asked.add_header("Authorization", f"Bearer {token}")
        return asked

    @staticmethod
    def _send(asked: request.Request) -> bytes:
        try:
            with request.urlopen(asked, timeout=30) as answer:
                return answer.read()
        except error.HTTPError as refused:
            text = refused.read()
            is_problem = refused.headers.get_content_type() == "application/problem+json"
            wait = refused.headers.get("Retry-After")
            told = json.loads(text) if is_problem else {"detail": refused.reason}
            raise Problem(refused.code, told, int(wait) if wait else None) from None


def main() -> None:
    origin, login, path = sys.argv[1:4]
    client = Doorward(origin, Path("doorward-client.json"))
    if "refresh_token" not in client.kept:
        if client.sign_in(login, getpass.getpass()) == "code_sent":
            client.verify(input("Code from the mail: "), trust_device=True)
    sys.stdout.buffer.write(client.fetch(path))


if __name__ == "__main__":
    main()
