"""Checks whether a file is a key that can sign outgoing mail: an RSA private key in PEM (RFC 6376, RFC 8301).

Owns: the descriptions of what is wrong with a file that is not such a key. It reads the ASN.1 itself, as far as the
size of the key: importing the signing library takes a third of a second, and most commands never sign.
Fails with: nothing, except that `pem_block` raises ValueError with the description.
"""

import base64
import binascii
import re

MIN_BITS = 1024  # RFC 8301 section 3.2: verifiers do not trust shorter ones

_PEM = re.compile(
    rb"-----BEGIN (RSA PRIVATE KEY|PRIVATE KEY)-----[^\S\n]*+\n([A-Za-z0-9+/=\s]++)-----END \1-----", re.ASCII
)
_RSA = bytes.fromhex("2a864886f70d010101")  # 1.2.840.113549.1.1.1, rsaEncryption
_INTEGER, _OCTET_STRING, _OBJECT, _SEQUENCE = 0x02, 0x04, 0x06, 0x30


def problem(pem: bytes) -> str:
    """What is wrong with the contents of a key file; empty if the key can be used."""
    found = _PEM.search(pem)
    if found is None:
        encrypted = b"ENCRYPTED" in pem
        return "an RSA private key in PEM was expected" + (", without a passphrase" if encrypted else "")
    try:
        bits = _modulus(found).bit_length()
    except (binascii.Error, ValueError):
        return "an RSA private key in PEM was expected; this one is damaged, or of another kind"
    return "" if bits >= MIN_BITS else f"a key of {MIN_BITS} bits or more was expected, not {bits}"


def is_public_half(published: bytes, pem: bytes) -> bool:
    """Whether the octets of a public key, as DKIM publishes them (RFC 6376, 3.6.1, p=), belong to this private key.

    The modulus is in them, whatever structure is around it. Raises ValueError for a private key that cannot be used.
    """
    if wrong := problem(pem):
        raise ValueError(wrong)
    found = _PEM.search(pem)
    assert found is not None  # noqa: S101  # `problem` has found it
    number = _modulus(found)
    return number.to_bytes((number.bit_length() + 7) // 8) in published


def pem_block(pem: bytes) -> bytes:
    """The key alone, with the line ends that the signing library expects. Raises ValueError if it cannot be used."""
    if wrong := problem(pem):
        raise ValueError(wrong)
    found = _PEM.search(pem)
    assert found is not None  # noqa: S101  # `problem` has found it
    kind, lines = found[1], b"\n".join(found[2].split())
    return b"-----BEGIN %b-----\n%b\n-----END %b-----\n" % (kind, lines, kind)


def _unwrapped(der: bytes) -> bytes:
    """The PKCS#1 key inside a PKCS#8 key (RFC 5958), which holds version, algorithm and the octets of the key."""
    inside, _ = _element(der, _SEQUENCE)
    _, rest = _element(inside, _INTEGER)
    algorithm, rest = _element(rest, _SEQUENCE)
    if _element(algorithm, _OBJECT)[0] != _RSA:
        raise ValueError("another algorithm")
    return _element(rest, _OCTET_STRING)[0]


def _modulus(found: re.Match[bytes]) -> int:
    """The modulus of the key in a PEM block. Raises ValueError and binascii.Error."""
    der = base64.b64decode(b"".join(found[2].split()), validate=True)
    return _modulus_of(_unwrapped(der) if found[1] == b"PRIVATE KEY" else der)


def _modulus_of(der: bytes) -> int:
    """The modulus of a PKCS#1 key (RFC 8017, A.1.2), which holds version, modulus and seven more numbers."""
    numbers: list[int] = []
    rest, _ = _element(der, _SEQUENCE)
    while rest:
        number, rest = _element(rest, _INTEGER)
        numbers.append(int.from_bytes(number))
    if len(numbers) < 9 or not all(numbers[1:9]) or numbers[4] * numbers[5] != numbers[1]:
        raise ValueError("not a private key")
    return numbers[1]


def _element(der: bytes, tag: int) -> tuple[bytes, bytes]:
    """The contents of the first element, and the octets after it. Raises ValueError if the element has another
    tag than `tag`.
    """
    if len(der) < 2 or der[0] != tag:
        raise ValueError("not what was expected here")
    length, start = der[1], 2
    if length & 0x80:
        start += length & 0x7F
        length = int.from_bytes(der[2:start])
    if len(der) < start + length:
        raise ValueError("cut short")
    return der[start : start + length], der[start + length :]
