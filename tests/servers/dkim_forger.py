"""DKIM signatures of any make (RFC 6376), for mail that should not pass: every tag and every key size can be had.

    forger = Forger(2048)
    dns.txt("s1._domainkey.corp.test", forger.record())
    raw = forger.signed(raw, "corp.test", x="1700000000")

The project's own way to sign is `edges/out/dkim.py`; this one does what no honest signer does.
"""

import base64
import hashlib
import random
import re
from functools import cached_property
from itertools import count

import dkim.crypto

FIELDS = ("from", "to", "subject", "date")
EXPONENT = 65537


class Forger:
    """One RSA key, small ones too; the same one for the same size."""

    def __init__(self, bits: int) -> None:
        self._bits = bits

    @cached_property
    def _key(self) -> dict[str, int]:
        """Made when it is first needed: that takes a while."""
        luck = random.Random(self._bits)
        first, second = _prime(luck, self._bits // 2), _prime(luck, self._bits - self._bits // 2)
        return {
            "modulus": first * second,
            "publicExponent": EXPONENT,
            "privateExponent": pow(EXPONENT, -1, (first - 1) * (second - 1)),
            "prime1": first,
            "prime2": second,
            "exponent1": pow(EXPONENT, -1, first - 1),
            "exponent2": pow(EXPONENT, -1, second - 1),
            "coefficient": pow(second, -1, first),
        }

    def record(self, more: str = "") -> str:
        """The TXT record of the public half, `more` being further tags."""
        public = _der(0x30, _integer(self._key["modulus"]) + _integer(EXPONENT))
        return f"v=DKIM1; k=rsa; {more}p={base64.b64encode(public).decode()}"

    def signed(
        self, raw: bytes, domain: str, fields: tuple[str, ...] = FIELDS, hash_name: str = "sha256", **tags: str
    ) -> bytes:
        """The mail below a signature, c=relaxed/simple. `tags` are added, or stand in the place of the usual ones."""
        head, _, body = raw.partition(b"\r\n\r\n")
        body_hash = hashlib.new(hash_name, body.rstrip(b"\r\n") + b"\r\n").digest()
        all_tags = {
            "v": "1", "a": f"rsa-{hash_name}", "c": "relaxed/simple", "d": domain, "s": "s1", "h": ":".join(fields),
            "bh": base64.b64encode(body_hash).decode(), **tags,
        }  # fmt: skip
        value = "; ".join(f"{name}={text}" for name, text in all_tags.items()) + "; b="
        data = _chosen(head, fields) + _relaxed("dkim-signature", value)
        signature = dkim.crypto.RSASSA_PKCS1_v1_5_sign(hashlib.new(hash_name, data), self._key)
        return f"DKIM-Signature: {value}{base64.b64encode(signature).decode()}\r\n".encode() + raw


def _chosen(head: bytes, fields: tuple[str, ...]) -> bytes:
    """The signed fields, the lowest of several first; a name for which none is left stands for no field (5.4.2)."""
    unfolded = re.sub(r"\r\n(?=[ \t])", "", head.decode("latin-1")).split("\r\n")
    left = [line.partition(":")[::2] for line in unfolded]
    chosen = b""
    for name in fields:
        found = next((at for at in reversed(range(len(left))) if left[at][0].strip().lower() == name.lower()), None)
        if found is not None:
            chosen += _relaxed(name, left.pop(found)[1]) + b"\r\n"
    return chosen


def _relaxed(name: str, value: str) -> bytes:
    value = re.sub(r"[ \t]+", " ", value).strip()
    return f"{name.lower()}:{value}".encode("latin-1")


def _prime(luck: random.Random, bits: int) -> int:
    start = luck.getrandbits(bits) | 3 << (bits - 2) | 1
    return next(n for n in count(start, 2) if pow(2, n - 1, n) == 1 and (n - 1) % EXPONENT)


def _integer(number: int) -> bytes:
    return _der(0x02, number.to_bytes(number.bit_length() // 8 + 1))


def _der(tag: int, content: bytes) -> bytes:
    size = len(content)
    length = bytes([size]) if size < 128 else b"\x82" + size.to_bytes(2)
    return bytes([tag]) + length + content
