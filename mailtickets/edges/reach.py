"""What a person can do when a server cannot be reached, by the cause of the error. Pure."""

import errno
import socket
import ssl
from collections.abc import Iterator

_CERTIFICATE = {  # the numbers of X509_verify_cert
    9: "the certificate is not valid yet: look at this machine's clock",
    10: "whoever runs {host} has to renew its certificate; or this machine's clock is wrong",
    18: "{host} has a certificate that it signed itself: add it to this machine's authorities"
    " (/usr/local/share/ca-certificates, then update-ca-certificates), or give {host} one of a public authority",
    62: "use the name that the certificate of {host} is for, as its provider writes it",
}
_AUTHORITY = (
    "the authority of {host} is not known here: add its certificate to this machine's authorities"
    " (/usr/local/share/ca-certificates, then update-ca-certificates), or let {host} send the whole chain"
)
_NO_ROUTE = {errno.ENETUNREACH, errno.EHOSTUNREACH, errno.ENETDOWN, errno.EHOSTDOWN}


def remedy(error: BaseException, host: str, port: int) -> str:
    """What to do about an error of a connection; empty if its cause is not of the network."""
    for cause in _causes(error):
        if found := _of(cause, host, port):
            return found
    return ""


def _causes(error: BaseException) -> Iterator[BaseException]:
    """The error and what caused it, the deepest cause first."""
    chain = [error]
    while (cause := chain[-1].__cause__) is not None and cause not in chain:
        chain.append(cause)
    return reversed(chain)


def _of(cause: BaseException, host: str, port: int) -> str:
    match cause:
        case ssl.SSLCertVerificationError():
            return _CERTIFICATE.get(cause.verify_code, _AUTHORITY).format(host=host)
        case ssl.SSLError():
            return f"look at the port and tls: {host}:{port} does not speak TLS from the first octet, as 993 and 465 do"
        case socket.gaierror(errno=socket.EAI_AGAIN):
            return "this machine's DNS does not answer: look at /etc/resolv.conf and the network"
        case socket.gaierror():
            return f"look at the spelling of {host}: the DNS has no address for it"
        case ConnectionRefusedError():
            return f"see that the server runs on {host}, and that {port} is its port"
        case TimeoutError():
            return (
                f"see that {host} is up, and that firewalls let this machine reach port {port} (nc -vz {host} {port})"
            )
        case OSError(errno=int(number)) if number in _NO_ROUTE:
            return f"this machine has no way to {host}: look at its network and its firewall"
    return ""
