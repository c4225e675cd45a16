"""An https server in a thread of this process, for names that the test makes up, with a certificate for them.

    with FakeAutoconfig("autoconfig.desk.test") as server:
        server.pages["/mail/config-v1.1.xml"] = xml
        ... server.port, verified against server.certificate ...

A page is octets, or (status, headers, octets) for redirects and errors. Everything else is 404.
"""

import contextlib
import http.server
import ssl
import tempfile
import threading
import time
from pathlib import Path
from typing import Self

import trustme

Page = bytes | tuple[int, dict[str, str], bytes]

XML = """\
<?xml version="1.0" encoding="UTF-8"?>
<clientConfig version="1.1">
  <emailProvider id="desk.test">
    <domain>desk.test</domain>
    <incomingServer type="pop3">
      <hostname>pop.{host}</hostname><port>995</port><socketType>SSL</socketType>
      <username>%EMAILADDRESS%</username><authentication>password-cleartext</authentication>
    </incomingServer>
    <incomingServer type="imap">
      <hostname>imap.{host}</hostname><port>993</port><socketType>SSL</socketType>
      <username>%EMAILADDRESS%</username><authentication>password-cleartext</authentication>
    </incomingServer>
    <outgoingServer type="smtp">
      <hostname>smtp.{host}</hostname><port>587</port><socketType>STARTTLS</socketType>
      <username>%EMAILLOCALPART%</username><authentication>password-cleartext</authentication>
    </outgoingServer>
  </emailProvider>
</clientConfig>
"""


class FakeAutoconfig:
    """Listens on a free port of loopback while the `with` block runs."""

    def __init__(self, *names: str) -> None:
        self.pages: dict[str, Page] = {}
        self.drips = False
        """Whether it sends an octet at a time, as slowly as clients may bear it."""
        self.asked: list[str] = []
        """HOST PATH of every request, in order."""
        self._directory = tempfile.TemporaryDirectory(prefix="autoconfig-")
        authority = trustme.CA()
        self.certificate = Path(self._directory.name) / "ca.pem"
        authority.cert_pem.write_to_path(str(self.certificate))
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        authority.issue_cert(*names).configure_cert(context)
        self._server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self._server.socket = context.wrap_socket(self._server.socket, server_side=True)
        self.port = int(self._server.server_address[1])
        self._thread = threading.Thread(target=self._server.serve_forever, name="autoconfig")

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()
        self._directory.cleanup()

    def _handler(self) -> type[http.server.BaseHTTPRequestHandler]:
        fake = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                fake.asked.append(f"{self.headers['Host']} {self.path}")
                page = fake.pages.get(self.path, (404, {}, b"nothing here"))
                status, headers, octets = page if isinstance(page, tuple) else (200, {}, page)
                self.send_response(status)
                for name, value in headers.items():
                    self.send_header(name, value)
                self.end_headers()
                if not fake.drips:
                    self.wfile.write(octets)
                    return
                with contextlib.suppress(OSError):
                    for octet in octets:
                        self.wfile.write(bytes([octet]))
                        time.sleep(0.05)

            def log_message(self, *_: object) -> None:
                pass

        return Handler
