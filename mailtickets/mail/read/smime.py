"""Reads the content of opaque S/MIME that needs no key: signed-data and compressed-data (RFC 8551, RFC 5652, RFC 3274).

Owns: as much BER as is needed to reach the content. No signature is verified here.
Fails with: nothing. None means that the content cannot be read, because it is encrypted or damaged.
Limits: `MAX_UNPACKED_BYTES` out of a compressed message, `MAX_DEPTH` levels.
"""

import zlib
from collections.abc import Iterator

MAX_UNPACKED_BYTES = 50 * 1024 * 1024
MAX_DEPTH = 12

_SIGNED = bytes.fromhex("2a864886f70d010702")
_COMPRESSED = bytes.fromhex("2a864886f70d0109100109")
_SEQUENCE, _OID, _OCTETS, _CONTEXT_0 = 0x30, 0x06, 0x04, 0xA0


def content(octets: bytes) -> bytes | None:
    """The MIME entity inside the S/MIME message, or None."""
    try:
        return _content_info(octets)
    except (IndexError, ValueError, zlib.error):
        return None


def is_encrypted(octets: bytes) -> bool:
    """Whether it is enveloped-data or another encrypted type: the first bytes hold the content type."""
    return _SIGNED not in octets[:64] and _COMPRESSED not in octets[:64]


def _content_info(octets: bytes) -> bytes | None:
    """The content of a ContentInfo: a SEQUENCE of the type and the content, tagged [0] explicit."""
    kind, body = _pair(_value(octets))
    inside = _value(body)
    if kind == _SIGNED:
        return _encapsulated(inside)
    if kind == _COMPRESSED:
        packed = _encapsulated(inside)
        return _unpacked(packed) if packed is not None else None
    return None


def _encapsulated(data: bytes) -> bytes | None:
    """The content of EncapsulatedContentInfo, the first inner SEQUENCE that begins with an OID. A version stands before
    it; algorithms stand before or after it.
    """
    for tag, _, value in _elements(_value(data) if data[:1] == b"\x30" else data):
        first = next(_elements(value), None) if tag == _SEQUENCE else None
        if first is None or first[0] != _OID:
            continue
        explicit = [inner for inner_tag, _, inner in _elements(value) if inner_tag == _CONTEXT_0]
        if explicit:
            return b"".join(_octet_strings(explicit[0], 0))
    return None


def _octet_strings(data: bytes, depth: int) -> Iterator[bytes]:
    """The octets of an octet string, which BER allows to be written whole or in pieces."""
    if depth > MAX_DEPTH:
        raise ValueError("nested too deeply")
    for tag, _, value in _elements(data):
        if tag == _OCTETS:
            yield value
        elif tag == _OCTETS | 0x20:
            yield from _octet_strings(value, depth + 1)


def _pair(sequence: bytes) -> tuple[bytes, bytes]:
    kind, *rest = _elements(sequence)
    return kind[2], rest[0][1]


def _value(element: bytes) -> bytes:
    for _, _, value in _elements(element):
        return value
    raise ValueError("nothing there")


def _elements(data: bytes) -> Iterator[tuple[int, bytes, bytes]]:
    """(tag, whole element, the element's value) of each element in succession."""
    position = 0
    while position < len(data):
        start, tag = position, data[position]
        if data[position : position + 2] == b"\0\0":
            return
        header, length = _length(data, position + 1)
        stop = header + length if length >= 0 else _indefinite_end(data, header, 0)
        position = stop if length >= 0 else stop + 2
        yield tag, data[start:position], data[header:stop]


def _length(data: bytes, position: int) -> tuple[int, int]:
    """(position at which the value begins, length of the value; -1 if an end-of-contents mark ends it)."""
    first = data[position]
    if first < 0x80:
        return position + 1, first
    if first == 0x80:
        return position + 1, -1
    count = first & 0x7F
    return position + 1 + count, int.from_bytes(data[position + 1 : position + 1 + count], "big")


def _indefinite_end(data: bytes, position: int, depth: int) -> int:
    """The position of the end-of-contents mark of a value with indefinite length."""
    if depth > MAX_DEPTH:
        raise ValueError("nested too deeply")
    while data[position : position + 2] != b"\0\0":
        header, length = _length(data, position + 1)
        position = header + length if length >= 0 else _indefinite_end(data, header, depth + 1) + 2
        if position > len(data):
            raise ValueError("truncated")
    return position


def _unpacked(packed: bytes) -> bytes | None:
    unpacker = zlib.decompressobj()
    octets = unpacker.decompress(packed, MAX_UNPACKED_BYTES)
    return None if unpacker.unconsumed_tail else octets
