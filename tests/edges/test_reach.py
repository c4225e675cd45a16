"""What a person is told to do when a server cannot be reached."""

import errno
import socket
import ssl

import pytest

from mailtickets.edges.reach import remedy


def unverified(code: int) -> ssl.SSLCertVerificationError:
    error = ssl.SSLCertVerificationError("certificate verify failed")
    error.verify_code, error.verify_message = code, "?"
    return error


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (unverified(10), "renew"),
        (unverified(9), "clock"),
        (unverified(18), "signed itself"),
        (unverified(20), "authority"),
        (unverified(62), "use the name"),
        (ssl.SSLError("wrong version number"), "TLS from the first octet"),
        (socket.gaierror(socket.EAI_AGAIN, "later"), "/etc/resolv.conf"),
        (socket.gaierror(socket.EAI_NONAME, "no such name"), "spelling"),
        (ConnectionRefusedError(errno.ECONNREFUSED, "refused"), "993 is its port"),
        (TimeoutError(), "firewalls"),
        (OSError(errno.EHOSTUNREACH, "no route"), "has no way"),
    ],
)
def test_each_cause_has_a_remedy(error: Exception, words: str) -> None:
    assert words in remedy(error, "imap.desk.test", 993)


def test_the_cause_may_lie_deep() -> None:
    outer = RuntimeError("no connection")
    outer.__cause__ = OSError("several")
    outer.__cause__.__cause__ = ConnectionRefusedError()
    assert "is its port" in remedy(outer, "h.test", 25)


def test_what_is_no_trouble_of_the_network_has_none() -> None:
    assert remedy(ValueError("odd"), "h.test", 25) == ""
