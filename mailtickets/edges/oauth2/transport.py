"""The one way to a token server: HTTP by the standard library, for MSAL, for google-auth and for our own requests.

It takes nothing from the environment: no proxy, no `REQUESTS_CA_BUNDLE`. It follows no redirection, because secrets
would go elsewhere. All requests of one question together end within `deadline_seconds`, however slowly a server
answers; an answer has at most `LARGEST_OCTETS`.
*Fails with* OSError: no connection, no answer in time, a certificate that is not trusted.
"""

import http.client
import io
import socket
import ssl
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Mapping
from dataclasses import dataclass, field
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import IO, Any

LARGEST_OCTETS = 1_000_000
REQUEST_SECONDS = 20
"""The longest time for one request, where many belong to one question: a person is waited for."""
_READ_OCTETS = 65_536
_LONGEST_RETRY_AFTER_SECONDS = 3600


@dataclass(frozen=True, slots=True)
class Answer:
    """The server's answer, with the names that MSAL reads."""

    status_code: int
    text: str = field(repr=False)
    headers: Mapping[str, str]

    @property
    def status(self) -> int:
        """The same, under the name that google-auth reads."""
        return self.status_code

    @property
    def data(self) -> bytes:
        return self.text.encode()

    @property
    def retry_after(self) -> int:
        """Seconds that the server asks us to wait (RFC 9110, 10.2.3); 0 when it does not say."""
        given = next((value for name, value in self.headers.items() if name.lower() == "retry-after"), "")
        try:
            seconds = (
                int(given) if given.strip().isdecimal() else parsedate_to_datetime(given).timestamp() - time.time()
            )
        except (TypeError, ValueError):
            return 0
        return max(0, min(int(seconds), _LONGEST_RETRY_AFTER_SECONDS))

    def raise_for_status(self) -> None:
        if self.status_code >= 400:
            raise OSError(f"the token server answers HTTP {self.status_code}")


class Transport:
    """HTTP for one question to a token server. `last` is the newest answer, for what a library leaves out of it."""

    def __init__(
        self, ca_file: Path | None = None, deadline_seconds: float = 20, user_agent: str = "mailtickets"
    ) -> None:
        self._ca_file, self._end, self._user_agent = ca_file, time.monotonic() + deadline_seconds, user_agent
        self._opener: urllib.request.OpenerDirector | None = None
        self.last: Answer | None = None

    def request(
        self, method: str, url: str, data: bytes | None = None, headers: Mapping[str, str] | None = None
    ) -> Answer:
        """Sends one request. Raises OSError when there is no answer; every status is an answer."""
        self.last = None
        if urllib.parse.urlsplit(url).scheme not in {"http", "https"}:
            raise OSError("the token server's address is neither http nor https")
        sent = urllib.request.Request(  # noqa: S310 - the scheme has been looked at
            url, data, {"User-Agent": self._user_agent, **(headers or {})}, method=method
        )
        try:
            with self._answer(sent) as answer:
                self.last = Answer(answer.status, self._read(answer), dict(answer.headers.items()))
        except urllib.error.URLError as error:
            raise _network(error.reason) from error
        except (OSError, http.client.HTTPException, ValueError) as error:
            raise _network(error) from error
        return self.last

    def _answer(self, sent: urllib.request.Request) -> Any:
        """The answer, of whatever status: its body may break off in the same ways."""
        try:
            return self._open(sent)
        except urllib.error.HTTPError as error:
            return error

    def _open(self, sent: urllib.request.Request) -> Any:
        if self._opener is None:
            context = ssl.create_default_context(cafile=self._ca_file)
            self._opener = urllib.request.build_opener(
                urllib.request.ProxyHandler({}), _Http(), _Https(context=context), _NoRedirection()
            )
        return self._opener.open(sent, timeout=self._left())

    def _left(self) -> float:
        """The seconds that are left. Raises TimeoutError when none are."""
        left = self._end - time.monotonic()
        if left <= 0:
            raise TimeoutError("no answer in time")
        return min(left, REQUEST_SECONDS)

    def _read(self, answer: Any) -> str:
        """The body. Each piece that comes is a moment to look at the clock."""
        body = bytearray()
        while piece := answer.read1(_READ_OCTETS):
            body += piece
            if len(body) > LARGEST_OCTETS:
                raise OSError("the answer is too large")
            self._left()
        return body.decode("utf-8", "replace")

    # --- as MSAL calls it ---------------------------------------------------------------------------------

    def post(
        self,
        url: str,
        params: Mapping[str, str] | None = None,
        data: Mapping[str, str] | str | None = None,
        headers: Mapping[str, str] | None = None,
        **_: object,
    ) -> Answer:
        body = data if isinstance(data, str) else urllib.parse.urlencode(data or {})
        form = {"Content-Type": "application/x-www-form-urlencoded", **(headers or {})}
        return self.request("POST", _with(url, params), body.encode(), form)

    def get(
        self,
        url: str,
        params: Mapping[str, str] | None = None,
        headers: Mapping[str, str] | None = None,
        **_: object,
    ) -> Answer:
        return self.request("GET", _with(url, params), None, headers)

    def close(self) -> None:
        """Nothing stays open between requests."""


class _NoRedirection(urllib.request.HTTPRedirectHandler):
    def redirect_request(
        self, req: urllib.request.Request, fp: IO[bytes], code: int, msg: str, headers: Any, newurl: str
    ) -> None:
        return None


# --- in time ------------------------------------------------------------------------------------------


class _Timed(io.RawIOBase):
    """What comes in on a socket, all of it within the time that the socket has for a piece of it.

    The timeout of a socket begins anew with each octet: a server that sends one now and then would hold us for hours.
    """

    def __init__(self, sock: socket.socket) -> None:
        self._socket, self._raw = sock, sock.makefile("rb", buffering=0)
        self._end = time.monotonic() + (sock.gettimeout() or REQUEST_SECONDS)

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int | None:
        left = self._end - time.monotonic()
        if left <= 0:
            raise TimeoutError("no answer in time")
        self._socket.settimeout(left)
        return self._raw.readinto(buffer)

    def close(self) -> None:
        self._raw.close()
        super().close()


class _TimedAnswer(http.client.HTTPResponse):
    def __init__(self, sock: socket.socket, *args: Any, **kwargs: Any) -> None:
        super().__init__(sock, *args, **kwargs)
        self.fp.close()
        self.fp = io.BufferedReader(_Timed(sock))


class _Connection(http.client.HTTPConnection):
    response_class = _TimedAnswer


class _SecureConnection(http.client.HTTPSConnection):
    response_class = _TimedAnswer


class _Http(urllib.request.HTTPHandler):
    def http_open(self, req: urllib.request.Request) -> Any:
        return self.do_open(_Connection, req)


class _Https(urllib.request.HTTPSHandler):
    def __init__(self, context: ssl.SSLContext) -> None:
        super().__init__(context=context)
        self._own_context = context

    def https_open(self, req: urllib.request.Request) -> Any:
        return self.do_open(_SecureConnection, req, context=self._own_context)


def _with(url: str, params: Mapping[str, str] | None) -> str:
    return f"{url}{'&' if '?' in url else '?'}{urllib.parse.urlencode(params)}" if params else url


def _network(error: object) -> OSError:
    """What went wrong, in words without the addresses of Python's objects."""
    if isinstance(error, TimeoutError):
        return OSError("the token server does not answer in time")
    if isinstance(error, ssl.SSLCertVerificationError):
        return OSError(f"the token server's certificate is not trusted: {error.verify_message}")
    words = getattr(error, "strerror", None) or str(error) or type(error).__name__
    return OSError(f"the token server cannot be reached: {words}")
