"""Walks the client in Python through all of it. The code of the mail comes by standard input; what came of it goes out as JSON."""

import json
import sys
import threading
from pathlib import Path

sys.path.insert(0, sys.argv[1])
from doorward_client import Doorward, Problem  # noqa: E402

_, _, origin, connect_to, login, password, state = sys.argv
client = Doorward(origin, Path(state), connect_to)
told = {}
try:
    client.sign_in(login, "wrong")
except Problem as problem:
    told["wrong_password"] = problem.code
told["signed_in"] = client.sign_in(login, password)
try:
    client.resend()
except Problem as problem:
    told["too_soon"] = [problem.code, problem.retry_after > 0]
told["verified"] = client.verify(sys.stdin.readline().strip(), trust_device=True)
told["account"] = client.account()["username"]
told["app"] = len(client.fetch("/private")) > 0
before = client.kept["refresh_token"]
# What is kept outlives the program.
client = Doorward(origin, Path(state), connect_to)
client.kept["ends"] = 0
told["after_refresh"] = client.account()["username"]
told["rotated"] = client.kept["refresh_token"] != before
told["sessions"] = len(client.sessions())
client.sign_out()
try:
    client.kept["access_token"], client.kept["ends"] = "x", 1e12
    client.account()
except Problem as problem:
    told["after_sign_out"] = problem.code
# The installation is trusted: no code this time.
told["again"] = client.sign_in(login, password)
told["private"] = oct(Path(state).stat().st_mode & 0o777)
print(json.dumps(told))
