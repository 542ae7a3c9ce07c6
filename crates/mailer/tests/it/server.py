"""aiosmtpd for the test beside: prints its port, then a line for each mail that it takes."""

import ssl
import sys
import time

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult

mode, password, folder = sys.argv[1:]


class Handler:
    async def handle_RCPT(self, server, session, envelope, address, options):
        if address.startswith("full"):
            return "452 4.2.2 mailbox full"
        if address.startswith("nobody"):
            return "550 5.1.1 no such user"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server, session, envelope):
        print(envelope.mail_from, envelope.rcpt_tos, envelope.content, flush=True)
        return "250 2.0.0 queued"


def authenticate(server, session, envelope, mechanism, data):
    good = data.login == b"alerts" and data.password == password.encode()
    return AuthResult(success=good, handled=False)


context = None
if mode != "plain":
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(folder + "/certificate.pem", folder + "/key.pem")
arguments = {"hostname": "127.0.0.1", "port": 0}
if mode == "starttls":
    arguments |= {"tls_context": context, "require_starttls": True}
if mode == "tls":
    arguments |= {"ssl_context": context, "auth_require_tls": False}
if mode != "plain":
    arguments |= {"authenticator": authenticate, "auth_required": True}


class Local(Controller):
    # The system chooses the port, which is where the server's own trial must go.
    def _trigger_server(self):
        while not getattr(self, "server", None):
            time.sleep(0.01)
        self.port = self.server.sockets[0].getsockname()[1]
        super()._trigger_server()


controller = Local(Handler(), ready_timeout=60, **arguments)
controller.start()
print(controller.port, flush=True)
time.sleep(600)
