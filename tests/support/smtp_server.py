"""A real mail server for tests: aiosmtpd on loopback, each accepted mail as a JSON file.

Prints one line, {"port": N}, once it listens, and ends when its standard input is closed, so that it never
outlives the test that started it.
"""

import argparse
import asyncio
import email
import email.policy
import json
import os
import ssl
import sys
import tempfile

try:
    from aiosmtpd.smtp import SMTP, AuthResult, LoginPassword
except ImportError:
    sys.exit("aiosmtpd is missing")


def arguments():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--port", type=int, default=0, help="0 means any free one")
    parser.add_argument("--mode", choices=["plain", "starttls", "tls"], default="plain")
    parser.add_argument("--cert", help="certificate chain, PEM")
    parser.add_argument("--key", help="its private key, PEM")
    parser.add_argument("--auth", metavar="USER:PASSWORD", help="who may send; nobody else may")
    parser.add_argument("--dir", required=True, help="where mails and events are written")
    parser.add_argument("--fail-first", type=int, default=0, metavar="N", help="answer the first N mails with 451")
    parser.add_argument("--refuse", action="store_true", help="answer every recipient with 550")
    parser.add_argument("--refuse-sender", action="store_true", help="answer MAIL with 553")
    parser.add_argument("--stall", action="store_true", help="never answer MAIL")
    return parser.parse_args()


class Handler:
    def __init__(self, options):
        self.options = options
        self.accepted = len([name for name in os.listdir(options.dir) if name.endswith(".json")])
        self.to_fail = options.fail_first

    def note(self, event):
        with open(os.path.join(self.options.dir, "events"), "a", encoding="utf-8") as events:
            events.write(event + "\n")

    async def handle_EHLO(self, server, session, envelope, hostname, responses):
        self.note("ehlo")
        session.host_name = hostname
        return responses

    async def handle_MAIL(self, server, session, envelope, address, mail_options):
        self.note("mail")
        if self.options.stall:
            await asyncio.Event().wait()
        if self.options.refuse_sender:
            return "553 5.7.1 sender not owned by you"
        envelope.mail_from = address
        envelope.mail_options.extend(mail_options)
        return "250 OK"

    async def handle_RCPT(self, server, session, envelope, address, rcpt_options):
        self.note("rcpt")
        if self.options.refuse:
            return f"550 5.1.1 <{address}>: no such mailbox"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server, session, envelope):
        if self.to_fail > 0:
            self.to_fail -= 1
            self.note("451")
            return "451 4.3.0 try again later"
        self.accepted += 1
        self.write(f"{self.accepted:04}.json", as_received(envelope))
        self.note("accepted")
        return "250 OK"

    def authenticate(self, server, session, envelope, mechanism, data):
        self.note("auth")
        user, _, password = (self.options.auth or "").partition(":")
        known = isinstance(data, LoginPassword) and self.options.auth is not None
        right = known and (data.login.decode(), data.password.decode()) == (user, password)
        return AuthResult(success=right, handled=False)

    def write(self, name, content):
        """Whoever watches the folder sees a mail whole or not at all."""
        with tempfile.NamedTemporaryFile("w", dir=self.options.dir, delete=False, encoding="utf-8") as file:
            json.dump(content, file)
        os.rename(file.name, os.path.join(self.options.dir, name))


def as_received(envelope):
    message = email.message_from_bytes(envelope.original_content, policy=email.policy.default)

    def part(kind):
        found = message.get_body(preferencelist=(kind,))
        return found.get_content() if found else ""

    return {
        "from": envelope.mail_from,
        "to": envelope.rcpt_tos,
        "subject": message["subject"] or "",
        "headers": [[name, str(value)] for name, value in message.items()],
        "text": part("plain"),
        "html": part("html"),
        "raw": envelope.original_content.decode("latin-1"),
    }


def tls_context(options):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(options.cert, options.key)
    return context


async def main():
    options = arguments()
    handler = Handler(options)
    tls = tls_context(options) if options.mode != "plain" else None
    starttls = options.mode == "starttls"

    def conversation():
        return SMTP(
            handler,
            hostname="localhost",
            tls_context=tls if starttls else None,
            require_starttls=starttls,
            authenticator=handler.authenticate,
            auth_required=options.auth is not None,
            # With TLS from the first byte aiosmtpd does not know that there is TLS.
            auth_require_tls=starttls,
            loop=asyncio.get_running_loop(),
        )

    server = await asyncio.get_running_loop().create_server(
        conversation, "127.0.0.1", options.port, ssl=None if starttls else tls
    )
    print(json.dumps({"port": server.sockets[0].getsockname()[1]}), flush=True)
    await asyncio.get_running_loop().run_in_executor(None, sys.stdin.read)
    os._exit(0)


asyncio.run(main())
