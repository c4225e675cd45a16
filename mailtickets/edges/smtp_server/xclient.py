"""Reads XCLIENT: for whom one of our relays speaks (https://www.postfix.org/XCLIENT_README.html). Pure.

Fails with: ValueError, whose words may be shown to the relay.
"""

import re
from dataclasses import dataclass
from ipaddress import ip_address

ATTRIBUTES = ("NAME", "ADDR", "PORT", "PROTO", "HELO", "LOGIN", "DESTADDR", "DESTPORT")
"""All attributes are understood; only ADDR and HELO have an effect."""

_UNKNOWN = frozenset({"[UNAVAILABLE]", "[TEMPUNAVAIL]"})
_XTEXT = re.compile(r"(?:[!-*,-<>-~]|\+[0-9A-F]{2})+", re.IGNORECASE)  # RFC 3461, 4
_HEX = re.compile(rb"\+([0-9A-Fa-f]{2})")
_NOT_IN_A_HOST_NAME = re.compile(r"[^A-Za-z0-9.:_\[\]-]")


@dataclass(frozen=True, slots=True)
class Client:
    """The client behind a relay, as far as the relay named it. Unknown fields are empty."""

    address: str | None = None
    helo: str | None = None


def parse_xclient(arg: str) -> Client:
    """Reads the arguments of XCLIENT: `ADDR=203.0.113.5 HELO=mx.cliente.test`."""
    values = dict(_attribute(word) for word in arg.split())
    if not values:
        raise ValueError("XCLIENT takes attributes: NAME=value")
    helo = values.get("HELO")
    return Client(
        address=_address(values["ADDR"]) if "ADDR" in values else None,
        helo=_NOT_IN_A_HOST_NAME.sub("?", helo)[:255] if helo and helo.upper() not in _UNKNOWN else None,
    )


def _attribute(word: str) -> tuple[str, str]:
    name, _, value = word.partition("=")
    if name.upper() not in ATTRIBUTES:
        raise ValueError("There is an attribute that is not known")
    if not _XTEXT.fullmatch(value):
        raise ValueError(f"The value of {name.upper()} cannot be read")
    octets = _HEX.sub(lambda found: bytes([int(found[1], 16)]), value.encode())
    return name.upper(), octets.decode(errors="replace")


def _address(value: str) -> str:
    """A numeric address; IPv6 with the prefix of RFC 5321."""
    if value.upper() in _UNKNOWN:
        return ""
    try:
        address = ip_address(re.sub("^IPV6:", "", value, flags=re.IGNORECASE))
    except ValueError as error:
        raise ValueError("The value of ADDR is no address") from error
    mapped = getattr(address, "ipv4_mapped", None)
    return str(mapped or address)
