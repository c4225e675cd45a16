"""SPF, DKIM and DMARC against a DNS server in this process; and what is believed of servers we trust."""

import asyncio
import base64
import functools
import logging
import threading
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import Any

import dkim
import dns.nameserver
import dns.resolver
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from mailtickets.config.models import Config
from mailtickets.desk.model.facts import Authentication, AuthFact
from mailtickets.edges.checks import authentication
from mailtickets.edges.checks.authentication import AuthenticationSettings, Authenticator, published
from mailtickets.edges.checks.resolver import Lookups, Unanswered, resolver
from mailtickets.edges.checks.senders import check_dkim
from mailtickets.mail.door import SMTP, Door
from mailtickets.mail.model import Envelope
from mailtickets.mail.read.parse import parse
from mailtickets.mail.write.compose import to_ascii
from tests.servers.fake_dns import FakeDns

PEER = "192.0.2.1"
ELSEWHERE = "203.0.113.9"


# --- mail, keys and doors ---------------------------------------------------------------------------------


def a_mail(
    author: str = "Ana <ana@corp.test>", *, body: str = "Bom dia.\r\n", above: str = "", more: str = ""
) -> bytes:
    head = f"From: {author}\r\nTo: suporte@desk.test\r\nSubject: Oi\r\nDate: Mon, 3 Mar 2025 12:00:00 +0000\r\n"
    return f"{above}{head}{more}\r\n{body}".encode()


@functools.cache
def key() -> tuple[bytes, str]:
    """(private key in PEM, the TXT record of its public half)."""
    private = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    pem = private.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.TraditionalOpenSSL, serialization.NoEncryption()
    )
    public = private.public_key().public_bytes(
        serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    return pem, f"v=DKIM1; k=rsa; p={base64.b64encode(public).decode()}"


def signed(raw: bytes, domain: str = "corp.test", *, length: bool = False, canonical: str = "relaxed/relaxed") -> bytes:
    header, _, body = canonical.partition("/")
    line: bytes = dkim.sign(
        raw,
        b"s1",
        domain.encode(),
        key()[0],
        canonicalize=(header.encode(), body.encode()),
        include_headers=[b"from", b"to", b"subject", b"date"],
        length=length,
    )
    return line + raw


def from_outside(sender: str | None = "ana@corp.test", *, peer: str = PEER, helo: str = "mail.corp.test") -> Envelope:
    return Envelope(SMTP, sender, ("suporte@desk.test",), datetime(2025, 3, 3, tzinfo=UTC), peer, helo)


def by_relay(source: str = "smtp") -> Envelope:
    return Envelope(
        Door.named(source), "ana@corp.test", (), datetime(2025, 3, 3, tzinfo=UTC), "127.0.0.1", "mx", trusted=True
    )


SETTINGS = AuthenticationSettings(
    relay_authserv_id="mx.desk.test",
    account_authserv_ids={"suporte": "imap.desk.test", "m365": ""},
    internal_evidence=("exchange-internal", "header:X-Authenticated-Sender"),
    timeout_seconds=1,
)


@pytest.fixture
async def zone() -> AsyncIterator[FakeDns]:
    """corp.test signs with s1, sends from 192.0.2.1 and wants all else refused; open.test has no policy."""
    async with FakeDns() as server:
        server.txt("corp.test", "other=1", "v=spf1 ip4:192.0.2.1 -all")
        server.txt("_dmarc.corp.test", "v=DMARC1; p=reject; rua=mailto:d@corp.test")
        server.txt("open.test", "v=spf1 ip4:192.0.2.1 ~all")
        for domain in ("corp.test", "mail.corp.test", "open.test", "esp.test"):
            server.txt(f"s1._domainkey.{domain}", key()[1])
        yield server


async def asked(zone: FakeDns, raw: bytes, envelope: Envelope | None = None, seconds: float = 5) -> Authentication:
    authenticator = Authenticator(SETTINGS, resolver=zone.resolver(seconds))
    try:
        return await authenticator.authenticate(raw, parse(raw), envelope or from_outside())
    finally:
        authenticator.close()


async def told(raw: bytes, envelope: Envelope, settings: AuthenticationSettings = SETTINGS) -> Authentication:
    """The answer where no DNS server can be reached."""
    authenticator = Authenticator(settings, resolver=resolver(["127.0.0.1:9"], 0.1))
    try:
        return await authenticator.authenticate(raw, parse(raw), envelope)
    finally:
        authenticator.close()


def results(found: Authentication) -> list[str]:
    return [f"{fact.method}={fact.result}" for fact in found.facts]


def fact(found: Authentication, method: str) -> AuthFact:
    return next(fact for fact in found.facts if fact.method == method)


# --- DMARC ------------------------------------------------------------------------------------------------


async def test_signed_and_sent_by_its_own_server_passes(zone: FakeDns) -> None:
    found = await asked(zone, signed(a_mail()))
    assert found.verdict == "pass"
    assert results(found) == ["dmarc=pass", "spf=pass", "dkim=pass"]
    assert fact(found, "spf").source == "TXT corp.test for 192.0.2.1"
    assert fact(found, "dkim").source == "DKIM-Signature 1, TXT s1._domainkey.corp.test"
    assert fact(found, "dmarc").source.startswith("TXT _dmarc.corp.test: v=DMARC1; p=reject;")
    assert found.internal is False


async def test_a_forged_mail_fails(zone: FakeDns) -> None:
    found = await asked(zone, a_mail(), from_outside(peer=ELSEWHERE))
    assert found.verdict == "fail"
    assert results(found) == ["dmarc=fail", "spf=fail", "dkim=none"]


async def test_a_mail_of_the_forgers_own_domain_is_no_proof_for_another(zone: FakeDns) -> None:
    zone.txt("evil.test", f"v=spf1 ip4:{ELSEWHERE} -all")
    zone.txt("s1._domainkey.evil.test", key()[1])
    found = await asked(zone, signed(a_mail(), "evil.test"), from_outside("x@evil.test", peer=ELSEWHERE))
    assert found.verdict == "fail"
    assert results(found) == ["dmarc=fail", "spf=pass", "dkim=pass"]


async def test_a_forwarded_mail_passes_by_its_signature(zone: FakeDns) -> None:
    zone.txt("fwd.test", f"v=spf1 ip4:{ELSEWHERE} -all")
    found = await asked(zone, signed(a_mail()), from_outside("srs0=x=corp.test=ana@fwd.test", peer=ELSEWHERE))
    assert found.verdict == "pass"
    assert fact(found, "dmarc").source.endswith(", by dkim of corp.test")


async def test_a_mail_forwarded_under_its_own_path_passes_by_its_signature(zone: FakeDns) -> None:
    found = await asked(zone, signed(a_mail()), from_outside(peer=ELSEWHERE))
    assert found.verdict == "pass"
    assert results(found) == ["dmarc=pass", "spf=fail", "dkim=pass"]


async def test_a_mailing_list_that_changes_the_text_fails(zone: FakeDns) -> None:
    raw = signed(a_mail()).replace(b"Bom dia.\r\n", b"Bom dia.\r\n_____\r\nlista\r\n")
    found = await asked(zone, raw, from_outside("lista-bounces@lista.test", peer=ELSEWHERE))
    assert found.verdict == "fail"


async def test_an_unsigned_mail_passes_by_its_server(zone: FakeDns) -> None:
    found = await asked(zone, a_mail())
    assert found.verdict == "pass"
    assert fact(found, "dmarc").source.endswith(", by spf of corp.test")


async def test_a_domain_without_policy_vouches_when_it_signs(zone: FakeDns) -> None:
    found = await asked(zone, signed(a_mail("ana@open.test"), "open.test"), from_outside("b@esp.test", peer=ELSEWHERE))
    assert found.verdict == "pass"
    assert fact(found, "dmarc").result == "none"


async def test_a_domain_without_policy_has_nothing_to_fail(zone: FakeDns) -> None:
    found = await asked(zone, a_mail("ana@open.test"), from_outside("ana@open.test", peer=ELSEWHERE))
    assert found.verdict == "none"
    assert results(found) == ["dmarc=none", "spf=softfail", "dkim=none"]


async def test_a_subdomain_is_held_to_the_policy_of_its_organisation(zone: FakeDns) -> None:
    forged = await asked(zone, a_mail("ana@rh.corp.test"), from_outside("x@evil.test", peer=ELSEWHERE))
    assert forged.verdict == "fail"
    assert fact(forged, "dmarc").source.startswith("TXT _dmarc.corp.test:")
    genuine = await asked(zone, signed(a_mail("ana@rh.corp.test"), "mail.corp.test"), from_outside(None))
    assert genuine.verdict == "pass"


async def test_strict_alignment_wants_the_very_domain(zone: FakeDns) -> None:
    zone.forget("_dmarc.corp.test")
    zone.txt("_dmarc.corp.test", "v=DMARC1; p=none; adkim=s; aspf=S")
    zone.txt("mail.corp.test", "v=spf1 ip4:192.0.2.1 -all")
    found = await asked(zone, signed(a_mail(), "mail.corp.test"), from_outside("b@mail.corp.test"))
    assert found.verdict == "fail"
    assert (await asked(zone, signed(a_mail()), from_outside("b@mail.corp.test"))).verdict == "pass"


async def test_two_owners_below_one_public_suffix_are_strangers(zone: FakeDns) -> None:
    zone.txt("_dmarc.loja.com.br", "v=DMARC1; p=reject")
    zone.txt("outra.com.br", "v=spf1 +all")
    assert (await asked(zone, a_mail("ana@loja.com.br"), from_outside("x@outra.com.br"))).verdict == "fail"


@pytest.mark.parametrize(
    "records",
    [("v=DMARC1; p=reject", "v=DMARC1; p=none"), ("v=DMARC1; p=maybe",), ("v=DMARC10; p=reject",), ("p=reject",)],
)
async def test_a_policy_that_is_none_counts_as_none(zone: FakeDns, records: tuple[str, ...]) -> None:
    zone.txt("_dmarc.open.test", *records)
    assert (await asked(zone, a_mail("ana@open.test"), from_outside(peer=ELSEWHERE))).verdict == "none"


async def test_a_domain_with_letters_of_its_own_is_asked_for_in_ascii(zone: FakeDns) -> None:
    zone.txt(f"_dmarc.{to_ascii('ação.test')}", "v=DMARC1; p=reject")
    found = await asked(zone, a_mail("ana@ação.test"), from_outside("x@evil.test"))
    assert found.verdict == "fail"
    assert fact(found, "dmarc").source == "TXT _dmarc.xn--ao-siap.test: v=DMARC1; p=reject"


# --- SPF --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("record", "expected"),
    [
        ("v=spf1 ip4:192.0.2.0/24 -all", "pass"),
        ("v=spf1 a:mail.open.test -all", "pass"),
        ("v=spf1 mx -all", "pass"),
        ("v=spf1 ptr -all", "pass"),
        ("v=spf1 include:_spf.esp.test -all", "pass"),
        ("v=spf1 redirect=_spf.esp.test", "pass"),
        ("v=spf1 exists:%{i}.ok.test -all", "pass"),
        ("v=spf1 -all", "fail"),
        ("v=spf1 ~all", "softfail"),
        ("v=spf1 ?all", "neutral"),
        ("v=spf1 ip4:not-an-address -all", "permerror"),
        ("v=spf1 include:nothing.test -all", "permerror"),
        ("v=spf1 a:gone1.test a:gone2.test a:gone3.test ip4:192.0.2.1 -all", "permerror"),
        ("v=spf1 include:loop.test -all", "permerror"),
        ("v=spf1 include:failing.test -all", "temperror"),
        ("v=spf1 ip4:192.0.2.1 include:failing.test -all", "pass"),
        ("v=spf2 ip4:192.0.2.1", "none"),
    ],
)
async def test_spf_says_what_the_record_says(zone: FakeDns, record: str, expected: str) -> None:
    zone.forget("open.test")
    zone.txt("open.test", record)
    zone.add("open.test", "MX", "20 backup.open.test.", "10 mail.open.test.")
    zone.add("mail.open.test", "A", PEER)
    zone.add("backup.open.test", "A", "198.51.100.1")
    zone.add("1.2.0.192.in-addr.arpa", "PTR", "mail.open.test.")
    zone.add("192.0.2.1.ok.test", "A", "127.0.0.2")
    zone.txt("_spf.esp.test", "v=spf1 ip4:192.0.2.0/28 -all")
    zone.txt("loop.test", "v=spf1 include:loop.test -all")
    zone.fail("failing.test")
    found = await asked(zone, a_mail("ana@open.test"), from_outside("ana@open.test"))
    assert fact(found, "spf").result == expected
    assert found.verdict == {"pass": "pass", "temperror": "temperror"}.get(expected, "none")


async def test_two_spf_records_are_an_error(zone: FakeDns) -> None:
    zone.txt("open.test", "v=spf1 +all")
    found = await asked(zone, a_mail("ana@open.test"), from_outside("ana@open.test"))
    assert fact(found, "spf").result == "permerror"


async def test_a_long_record_comes_over_tcp_and_in_pieces(zone: FakeDns) -> None:
    zone.txt("esp.test", "v=spf1 " + "ip4:198.51.100.7 " * 60 + "ip4:192.0.2.1 -all")
    found = await asked(zone, a_mail("ana@esp.test"), from_outside("ana@esp.test"))
    assert found.verdict == "pass"
    assert ("tcp", "TXT", "esp.test") in zone.questions


async def test_an_ipv6_peer_is_looked_for_among_ipv6_addresses(zone: FakeDns) -> None:
    zone.txt("esp.test", "v=spf1 a -all")
    zone.add("esp.test", "AAAA", "2001:db8::1")
    assert (await asked(zone, a_mail("ana@esp.test"), from_outside("a@esp.test", peer="2001:db8::1"))).verdict == "pass"
    assert (await asked(zone, a_mail("ana@esp.test"), from_outside("a@esp.test", peer="2001:db8::2"))).verdict == "none"


async def test_an_alias_is_followed(zone: FakeDns) -> None:
    zone.add("alias.test", "CNAME", "open.test.")
    found = await asked(zone, a_mail("ana@alias.test"), from_outside("ana@alias.test"))
    assert fact(found, "spf").result == "pass"


async def test_a_null_path_is_checked_by_its_helo_name(zone: FakeDns) -> None:
    zone.txt("mail.corp.test", "v=spf1 ip4:192.0.2.1 -all")
    found = await asked(zone, a_mail(), from_outside(""))
    assert found.verdict == "pass"
    assert fact(found, "spf").source == "TXT mail.corp.test for 192.0.2.1 (HELO)"


@pytest.mark.parametrize(("sender", "helo"), [("", "[192.0.2.1]"), ("", ""), ("ana", "x"), ("a@b..test", "x")])
async def test_what_names_no_domain_has_no_spf(zone: FakeDns, sender: str, helo: str) -> None:
    found = await asked(zone, a_mail("ana@open.test"), from_outside(sender, helo=helo))
    assert fact(found, "spf").result == "none"


async def test_a_quoted_local_part_does_not_move_the_domain(zone: FakeDns) -> None:
    zone.txt("evil.test", f"v=spf1 ip4:{ELSEWHERE} -all")
    found = await asked(zone, a_mail(), from_outside('"x@evil.test"@corp.test', peer=ELSEWHERE))
    assert fact(found, "spf") == AuthFact("spf", "fail", "corp.test", "TXT corp.test for 203.0.113.9")


# --- DKIM -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("canonical", ["relaxed/relaxed", "relaxed/simple", "simple/simple", "simple/relaxed"])
@pytest.mark.parametrize(
    "body",
    ["", "\r\n\r\n", "a\r\n", "a", "a \t b  \r\n \r\n\r\nc\t\r\n\r\n\r\n", " \r\n", "\r\n\r\na\r\n .\r\n"],
)
async def test_a_signature_holds_whatever_the_white_space(zone: FakeDns, canonical: str, body: str) -> None:
    raw = signed(a_mail(body=body), canonical=canonical)
    assert fact(await asked(zone, raw), "dkim").result == "pass"


async def test_relaxed_signatures_survive_refolding(zone: FakeDns) -> None:
    raw = signed(a_mail(body="um  dois \r\n\r\n"))
    changed = raw.replace(b"Subject: Oi", b"SUBJECT:\r\n  Oi ").replace(b"um  dois \r\n\r\n", b"um dois\r\n")
    assert fact(await asked(zone, changed), "dkim").result == "pass"


async def test_line_feeds_alone_are_taken_for_line_breaks(zone: FakeDns) -> None:
    assert fact(await asked(zone, signed(a_mail()).replace(b"\r\n", b"\n")), "dkim").result == "pass"


@pytest.mark.parametrize(
    ("before", "after"),
    [(b"Bom dia", b"Bom dia!"), (b"Subject: Oi", b"Subject: Ai"), (b"ana@corp.test", b"eva@corp.test")],
)
async def test_a_changed_mail_has_no_valid_signature(zone: FakeDns, before: bytes, after: bytes) -> None:
    found = await asked(zone, signed(a_mail()).replace(before, after), from_outside(peer=ELSEWHERE))
    assert found.verdict == "fail"
    assert fact(found, "dkim").result in ("fail", "permerror")


async def test_a_signature_that_leaves_the_end_open_proves_nothing(zone: FakeDns) -> None:
    raw = signed(a_mail(), length=True)
    assert b"l=" in raw
    found = await asked(zone, raw + b"Transfira o dinheiro.\r\n", from_outside(peer=ELSEWHERE))
    assert found.verdict == "fail"
    assert fact(found, "dkim") == AuthFact(
        "dkim", "policy", "corp.test", "DKIM-Signature 1: l= leaves a part of the body to anybody"
    )


async def test_a_signature_over_anything_but_from_proves_nothing(zone: FakeDns) -> None:
    signer = dkim.DKIM(a_mail())
    signer.frozen_sign = set()
    line = signer.sign(b"s1", b"corp.test", key()[0], include_headers=[b"from", b"to"])
    unsigned = line.replace(b"h=from : to", b"h=to")
    found = await asked(zone, unsigned + a_mail(), from_outside(peer=ELSEWHERE))
    assert fact(found, "dkim").source == "DKIM-Signature 1: From is not signed"
    assert found.verdict == "fail"


async def test_sha1_proves_nothing(zone: FakeDns) -> None:
    raw = signed(a_mail()).replace(b"a=rsa-sha256", b"a=rsa-sha1")
    assert fact(await asked(zone, raw), "dkim").source == "DKIM-Signature 1: SHA-1 (RFC 8301)"


async def test_one_good_signature_among_several_is_enough(zone: FakeDns) -> None:
    raw = signed(signed(signed(a_mail()), "esp.test"), "nowhere.test")
    found = await asked(zone, raw, from_outside(peer=ELSEWHERE))
    assert found.verdict == "pass"
    assert [(f.domain, f.result) for f in found.facts if f.method == "dkim"] == [
        ("nowhere.test", "fail"),
        ("esp.test", "pass"),
        ("corp.test", "pass"),
    ]


async def test_the_sixth_signature_is_not_looked_at(zone: FakeDns) -> None:
    raw = signed(a_mail())
    for _ in range(5):
        raw = signed(raw, "esp.test")
    found = await asked(zone, raw, from_outside(peer=ELSEWHERE))
    assert found.verdict == "fail"
    assert results(found).count("dkim=pass") == 5
    assert ("udp", "TXT", "s1._domainkey.corp.test") not in zone.questions


@pytest.mark.parametrize(
    "record",
    [
        "v=DKIM1; p=",
        "v=DKIM1; k=rsa; p=!!!",
        "v=DKIM2; p=x",
        "no tags",
        "v=DKIM1; k=dsa; p=AAAA",
        "v=DKIM1; k=ed25519; p=AAAA",
    ],
)
async def test_a_key_that_is_none_verifies_nothing(zone: FakeDns, record: str) -> None:
    zone.forget("s1._domainkey.corp.test")
    zone.txt("s1._domainkey.corp.test", record)
    found = await asked(zone, signed(a_mail()), from_outside(peer=ELSEWHERE))
    assert found.verdict == "fail"
    assert fact(found, "dkim").result in ("fail", "permerror")


@pytest.mark.parametrize(
    ("tags", "identity", "good"),
    [
        ("h=sha1; ", b"", False),
        ("h=sha1 : sha256; ", b"", True),
        ("h=*; ", b"", True),
        ("t=s; ", b"", True),
        ("t=s; ", b"ana@corp.test", True),
        ("t=s; ", b"@mail.corp.test", False),
        ("t=y:s; ", b"@mail.corp.test", False),
        ("t=y; ", b"@mail.corp.test", True),
        ("", b"@mail.corp.test", True),
    ],
)
async def test_a_key_is_used_for_what_its_domain_allows_it_for(
    zone: FakeDns, tags: str, identity: bytes, good: bool
) -> None:
    zone.forget("s1._domainkey.corp.test")
    zone.txt("s1._domainkey.corp.test", key()[1].replace("p=", f"{tags}p="))
    line = dkim.sign(a_mail(), b"s1", b"corp.test", key()[0], identity=identity or None, include_headers=[b"from"])
    found = await asked(zone, line + a_mail(), from_outside(peer=ELSEWHERE))
    assert found.verdict == ("pass" if good else "fail")


async def test_a_key_record_beyond_all_measure_verifies_nothing(zone: FakeDns) -> None:
    zone.forget("s1._domainkey.corp.test")
    zone.txt("s1._domainkey.corp.test", key()[1].replace("k=rsa", "k=rsa; n=" + "x" * 1000))
    assert (await asked(zone, signed(a_mail()), from_outside(peer=ELSEWHERE))).verdict == "fail"


async def test_two_keys_under_one_name_verify_nothing(zone: FakeDns) -> None:
    zone.txt("s1._domainkey.corp.test", key()[1] + "; n=another")
    assert (await asked(zone, signed(a_mail()), from_outside(peer=ELSEWHERE))).verdict == "fail"


@pytest.mark.parametrize(
    "line",
    [
        "DKIM-Signature: v=1",
        "DKIM-Signature: ;;;=",
        "DKIM-Signature: v=1; a=rsa-sha256; d=corp.test; s=s1; h=from; bh=AAAA; b=AAAA; b=BBBB",
        "DKIM-Signature: v=1; a=rsa-sha256; c=odd/odd; d=corp.test; s=s1; h=from; bh=AAAA; b=AAAA",
        "DKIM-Signature: v=1; a=none; d=corp.test; s=s1; h=from; bh=AAAA; b=AAAA",
        "DKIM-Signature: v=1; a=rsa-sha256; d=cörp.test; s=s1; h=from; bh=AAAA; b=AAAA",
        "DKIM-Signature: v=1; a=rsa-sha256; d=" + "a." * 200 + "test; s=s1; h=from; bh=AAAA; b=AAAA",
        "DKIM-Signature: v=1; a=rsa-sha256; d=corp.test; s=s1; x=1; h=from; bh=AAAA; b=AAAA",
        "DKIM-Signature: " + " \r\n " * 4_000 + "v=1",
        "DKIM-Signature: v=1; b=" + "A " * 20_000,
    ],
)
async def test_a_damaged_signature_is_only_no_proof(zone: FakeDns, line: str) -> None:
    found = await asked(zone, a_mail(above=line + "\r\n"), from_outside(peer=ELSEWHERE))
    assert found.verdict == "fail"
    assert "dkim=pass" not in results(found)


async def test_a_body_made_to_keep_patterns_busy_does_not(zone: FakeDns) -> None:
    for body in (" " * 2_000_000 + "x", "\r\n" * 1_000_000 + "x", " \r\n" * 500_000, "a\t \r\n" * 300_000):
        raw = signed(a_mail(), canonical="relaxed/relaxed").replace(b"Bom dia.\r\n", body.encode())
        assert "the body has been changed" in fact(await asked(zone, raw), "dkim").source


# --- no answer --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["s1._domainkey.corp.test", "_dmarc.corp.test"])
async def test_a_server_that_fails_is_no_pass_and_no_failure(zone: FakeDns, name: str) -> None:
    zone.fail(name)
    found = await asked(zone, signed(a_mail()), from_outside(peer=ELSEWHERE))
    assert found.verdict == "temperror"
    assert any(fact.result == "temperror" and name in fact.source for fact in found.facts)


@pytest.mark.parametrize("name", ["s1._domainkey.corp.test", "_dmarc.corp.test", "corp.test"])
async def test_a_server_that_keeps_silent_is_no_pass_and_no_failure(zone: FakeDns, name: str) -> None:
    zone.keep_silent(name)
    raw = a_mail() if name == "corp.test" else signed(a_mail())
    found = await asked(zone, raw, from_outside(peer=ELSEWHERE), seconds=0.2)
    assert found.verdict == "temperror"
    assert any("no answer in time" in fact.source for fact in found.facts)


async def test_silence_about_a_signature_of_somebody_else_does_not_matter(zone: FakeDns) -> None:
    zone.keep_silent("s1._domainkey.esp.test")
    found = await asked(zone, signed(a_mail(), "esp.test"), from_outside(peer=ELSEWHERE), seconds=0.2)
    assert found.verdict == "fail"


async def test_a_pass_needs_no_further_answer(zone: FakeDns) -> None:
    zone.keep_silent("s1._domainkey.corp.test")
    found = await asked(zone, signed(a_mail()), seconds=0.2)
    assert found.verdict == "pass"
    assert results(found) == ["dmarc=pass", "spf=pass", "dkim=temperror"]


async def test_after_the_time_for_one_mail_nothing_more_is_asked(zone: FakeDns) -> None:
    for domain in ("esp.test", "open.test", "corp.test"):
        zone.keep_silent(f"s1._domainkey.{domain}")
    raw = signed(signed(signed(a_mail(), "esp.test"), "open.test"), "corp.test")
    authenticator = Authenticator(AuthenticationSettings(timeout_seconds=0.2), resolver=zone.resolver(seconds=0.3))
    found = await authenticator.authenticate(raw, parse(raw), from_outside())
    authenticator.close()
    assert found.verdict == "temperror"
    assert any("no time left" in fact.source for fact in found.facts)
    assert not [name for _, _, name in zone.questions if name.startswith("_dmarc")]


async def test_without_any_server_there_is_no_verdict() -> None:
    found = await told(signed(a_mail()), from_outside())
    assert found.verdict == "temperror"


async def test_an_error_of_ours_is_no_pass_and_is_logged(zone: FakeDns, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.ERROR):
        found = await asked(zone, a_mail(), from_outside(peer="not an address"))
    assert found.verdict == "temperror"
    assert found.facts[0].source.startswith("internal error: ")
    assert [record.getMessage() for record in caplog.records] == ["sender check failed"]


class StuckResolver(dns.resolver.Resolver):
    """One that does not come back until it is told to."""

    def __init__(self) -> None:
        super().__init__(configure=False)
        self.go = threading.Event()

    def resolve(self, *_: Any, **__: Any) -> dns.resolver.Answer:
        self.go.wait()
        raise dns.resolver.NXDOMAIN


async def test_a_thread_that_does_not_come_back_is_not_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(authentication, "_GRACE_SECONDS", 0)
    stuck = StuckResolver()
    authenticator = Authenticator(AuthenticationSettings(timeout_seconds=0.05), resolver=stuck)
    found = await authenticator.authenticate(a_mail(), parse(a_mail()), from_outside())
    stuck.go.set()
    authenticator.close()
    assert found.verdict == "temperror"
    assert [fact.source for fact in found.facts] == ["no result within 0.1 s"]


async def test_new_settings_are_in_force_for_the_next_mail(zone: FakeDns) -> None:
    authenticator = Authenticator(AuthenticationSettings(timeout_seconds=5))
    raw = said("mx.desk.test; dmarc=pass header.from=corp.test")
    assert (await authenticator.authenticate(raw, parse(raw), by_relay())).verdict == "none"
    authenticator.take_over(
        AuthenticationSettings("mx.desk.test", dns_servers=(f"127.0.0.1:{zone.port}",), timeout_seconds=5)
    )
    assert (await authenticator.authenticate(raw, parse(raw), by_relay())).verdict == "pass"
    assert (await authenticator.authenticate(raw, parse(raw), from_outside())).verdict == "pass"
    authenticator.close()


async def test_what_is_shown_of_a_mail_is_one_printable_line(zone: FakeDns) -> None:
    raw = signed(a_mail()).replace(b"s=s1", b"s=s\x1b[2J")
    found = await asked(zone, raw, from_outside('"\x1b[2J"@corp.test', helo="\x1b[2J"))
    found_internal = await told(a_mail(above=RECEIVED, more="X-Authenticated-Sender: a\x1b[2J\u202e\r\n"), by_relay())
    for one in (*found.facts, *found_internal.facts):
        assert one.source.isprintable()
        assert one.domain.isprintable()


async def test_many_mails_are_asked_for_side_by_side(zone: FakeDns) -> None:
    raw = signed(a_mail())
    authenticator = Authenticator(SETTINGS, resolver=zone.resolver())
    found = await asyncio.gather(*(authenticator.authenticate(raw, parse(raw), from_outside()) for _ in range(12)))
    authenticator.close()
    assert {one.verdict for one in found} == {"pass"}


async def test_nothing_of_the_mail_is_logged(zone: FakeDns, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.DEBUG):
        await asked(zone, signed(a_mail(body="segredo\r\n")).replace(b"bh=", b"bh=A"))
    assert "segredo" not in caplog.text
    assert "corp.test" not in caplog.text


# --- who the author is ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "author",
    [
        "Ana <ana@corp.test>\r\nFrom: Eve <eve@corp.test>",
        "Ana <ana@corp.test>\r\nFrom: Ana <ana@corp.test>",
        "ana@corp.test, eve@corp.test",
        "ana@corp.test <eve@evil.test>, ana@corp.test",
        "Ana",
        "undisclosed-recipients:;",
        "",
    ],
)
async def test_an_author_in_doubt_is_vouched_for_by_nobody(zone: FakeDns, author: str) -> None:
    raw = signed(a_mail(author)) if author else a_mail("x").replace(b"From: x\r\n", b"")
    for envelope in (from_outside(), by_relay()):
        found = await asked(
            zone, b"Authentication-Results: mx.desk.test; dmarc=pass header.from=corp.test\r\n" + raw, envelope
        )
        assert found.verdict == "none"
        assert [fact.method for fact in found.facts] == ["from"]


@pytest.mark.parametrize(
    "author",
    [
        "=?utf-8?Q?Eva_<eva@corp.test>?=",
        "=?utf-8?B?RXZhIDxldmFAY29ycC50ZXN0Pg==?=",
    ],
)
async def test_an_address_within_an_encoded_word_is_vouched_for_by_nobody(zone: FakeDns, author: str) -> None:
    raw = signed(a_mail(author))
    assert getattr(parse(raw).author, "address", None) == "eva@corp.test"
    assert (await asked(zone, raw)).verdict == "none"


async def test_two_readings_of_one_mail_that_differ_leave_nobody(zone: FakeDns) -> None:
    authenticator = Authenticator(SETTINGS, resolver=zone.resolver())
    found = await authenticator.authenticate(signed(a_mail()), parse(a_mail("eva@corp.test")), from_outside())
    authenticator.close()
    assert found == Authentication("none", (AuthFact("from", "none", "", "From can be read in two ways"),))


@pytest.mark.parametrize(
    ("raw", "why"),
    [
        (b" folded from nothing\r\n" + a_mail(), "the header section is damaged"),
        (b"From: a@corp.test\r\nX: " + b"x" * 300_000, "the header section is too long"),
    ],
)
async def test_a_header_section_that_is_none_has_no_signatures(zone: FakeDns, raw: bytes, why: str) -> None:
    assert check_dkim(raw, Lookups(zone.resolver(), 5)) == (AuthFact("dkim", "permerror", "", why),)


# --- servers we trust -------------------------------------------------------------------------------------

RECEIVED = "Received: from mail.corp.test ([192.0.2.1]) by mx.desk.test with ESMTPS id 4F1; Mon, 3 Mar 2025\r\n"
EXCHANGE = "Received: from a.prod.outlook.com (2603::1) by b.prod.outlook.com with HTTPS; Mon, 3 Mar 2025\r\n"


def said(value: str, top: str = RECEIVED) -> bytes:
    return a_mail(above=f"{top}Authentication-Results: {value}\r\n")


@pytest.mark.parametrize("source", ["smtp", "lmtp"])
async def test_our_relay_is_believed_and_nobody_is_asked(source: str) -> None:
    found = await told(
        said("mx.desk.test; dmarc=pass (p=reject) header.from=corp.test; dkim=none; iprev=pass"), by_relay(source)
    )
    assert found.verdict == "pass"
    assert found.facts == (
        AuthFact("dmarc", "pass", "corp.test", "Authentication-Results of mx.desk.test"),
        AuthFact("dkim", "none", "", "Authentication-Results of mx.desk.test"),
    )


async def test_a_mailbox_is_believed_under_the_id_of_its_account() -> None:
    imap = "imap.desk.test; dmarc=pass header.from=corp.test"
    assert (await told(said(imap), by_relay("imap:suporte"))).verdict == "pass"
    assert (await told(said(imap), by_relay())).verdict == "none"
    assert (
        await told(said("mx.desk.test; dmarc=pass header.from=corp.test"), by_relay("imap:suporte"))
    ).verdict == "none"
    assert (await told(said(imap), by_relay("imap:unknown"))).verdict == "none"


async def test_microsofts_form_is_believed_in_its_own_mailboxes() -> None:
    value = "spf=pass smtp.mailfrom=corp.test; dmarc=pass action=none header.from=corp.test"
    found = await told(said(value, EXCHANGE), by_relay("imap:m365"))
    assert found.verdict == "pass"
    assert fact(found, "dmarc").source == "Authentication-Results of Microsoft 365"
    assert (await told(said(value), by_relay("imap:m365"))).verdict == "none"
    assert (await told(said(value, EXCHANGE), by_relay("imap:suporte"))).verdict == "none"


async def test_a_stranger_with_our_id_is_not_believed(zone: FakeDns) -> None:
    raw = said("mx.desk.test; dmarc=pass header.from=corp.test")
    found = await asked(zone, raw, from_outside(peer=ELSEWHERE))
    assert found.verdict == "fail"


async def test_without_a_configured_id_a_relay_is_not_believed() -> None:
    settings = AuthenticationSettings(timeout_seconds=1)
    found = await told(said("mx.desk.test; dmarc=pass header.from=corp.test"), by_relay(), settings)
    assert found == Authentication(
        "none", (AuthFact("dmarc", "none", "", "no authserv_id is configured for this door"),)
    )


@pytest.mark.parametrize(
    ("raw", "why"),
    [
        (a_mail(above=RECEIVED), "there is no Authentication-Results"),
        (said("mx.evil.test; none"), "the topmost Authentication-Results is of mx.evil.test, not of mx.desk.test"),
        (said("("), "the topmost Authentication-Results is not well-formed, or not of mx.desk.test"),
    ],
)
async def test_why_nothing_is_believed_is_said(raw: bytes, why: str) -> None:
    assert (await told(raw, by_relay())).facts == (AuthFact("dmarc", "none", "", why),)


async def test_encoded_words_do_not_turn_into_results() -> None:
    value = "mx.desk.test; spf=none smtp.mailfrom==?utf-8?q?x;_dmarc=3Dpass_header.from=3Dcorp.test?="
    raw = said(value)
    assert any("dmarc=pass" in shown for _, shown in parse(raw).headers)
    assert (await told(raw, by_relay())).verdict == "none"


# --- internal evidence ------------------------------------------------------------------------------------

LOGGED_IN = "X-Authenticated-Sender: ana@corp.test\r\n"
AUTH_AS = "X-MS-Exchange-Organization-AuthAs: Internal\r\n"


@pytest.mark.parametrize("source", ["smtp", "lmtp", "imap:suporte", "imap:m365"])
async def test_the_header_the_operator_names_shows_a_login(source: str) -> None:
    found = await told(a_mail(above=RECEIVED, more=LOGGED_IN), by_relay(source))
    assert found.internal is True
    assert found.verdict == "none"
    assert fact(found, "internal") == AuthFact("internal", "pass", "", "X-Authenticated-Sender (ana@corp.test)")


@pytest.mark.parametrize(
    "more", [LOGGED_IN * 2, "X-Authenticated-Sender: \r\n", "X-Authenticated: ana@corp.test\r\n", ""]
)
async def test_twice_or_empty_it_shows_nothing(more: str) -> None:
    assert (await told(a_mail(above=RECEIVED, more=more), by_relay())).internal is False


async def test_nobody_from_outside_is_internal(zone: FakeDns) -> None:
    assert (await asked(zone, a_mail(above=EXCHANGE, more=LOGGED_IN + AUTH_AS))).internal is False


async def test_what_the_operator_does_not_name_shows_nothing() -> None:
    settings = AuthenticationSettings(account_authserv_ids={"m365": ""}, timeout_seconds=1)
    found = await told(a_mail(above=EXCHANGE, more=LOGGED_IN + AUTH_AS), by_relay("imap:m365"), settings)
    assert found.internal is False


async def test_exchange_marks_its_own_people() -> None:
    found = await told(a_mail(above=EXCHANGE, more=AUTH_AS), by_relay("imap:m365"))
    assert found.internal is True
    assert fact(found, "internal").source == "X-MS-Exchange-Organization-AuthAs: Internal"


@pytest.mark.parametrize(
    ("top", "more", "source"),
    [
        (EXCHANGE, "X-MS-Exchange-Organization-AuthAs: Anonymous\r\n", "imap:m365"),
        (EXCHANGE, AUTH_AS + "X-MS-Exchange-Organization-AuthAs: Anonymous\r\n", "imap:m365"),
        (EXCHANGE, AUTH_AS * 2, "imap:m365"),
        (EXCHANGE, "X-MS-Exchange-CrossTenant-AuthAs: Internal\r\n", "imap:m365"),
        (EXCHANGE, AUTH_AS.replace("Internal", "Internal74"), "imap:m365"),
        (EXCHANGE, AUTH_AS, "imap:suporte"),
        (EXCHANGE, AUTH_AS, "smtp"),
        (RECEIVED, AUTH_AS, "imap:m365"),
        ("", AUTH_AS, "imap:m365"),
    ],
)
async def test_exchanges_mark_holds_nowhere_else(top: str, more: str, source: str) -> None:
    assert (await told(a_mail(above=top, more=more), by_relay(source))).internal is False


# --- configuration, resolver, and what a domain publishes -------------------------------------------------


def test_settings_come_from_the_configuration() -> None:
    config = Config.model_validate(
        {
            "instance": {"hostname": "mail.desk.test"},
            "smtp_in": {"authserv_id": "mx.desk.test"},
            "imap_in": ({"name": "suporte", "host": "imap.desk.test", "authserv_id": "imap.desk.test"},),
            "queue": ({"name": "suporte", "addresses": ("suporte@desk.test",)},),
            "trust": {"internal_evidence": ("exchange-internal",)},
            "dns": {"servers": ("127.0.0.1:5353",), "timeout_seconds": 3},
        }
    )
    assert AuthenticationSettings.of(config) == AuthenticationSettings(
        "mx.desk.test", {"suporte": "imap.desk.test"}, ("exchange-internal",), ("127.0.0.1:5353",), 3
    )
    without = config.model_copy(update={"smtp_in": None})
    assert AuthenticationSettings.of(without).relay_authserv_id == ""


async def test_the_configured_servers_are_asked(zone: FakeDns) -> None:
    settings = AuthenticationSettings(dns_servers=(f"127.0.0.1:{zone.port}",), timeout_seconds=5)
    authenticator = Authenticator(settings)
    raw = signed(a_mail())
    first = await authenticator.authenticate(raw, parse(raw), from_outside())
    count = len(zone.questions)
    again = await authenticator.authenticate(raw, parse(raw), from_outside())
    authenticator.close()
    assert first == again
    assert first.verdict == "pass"
    assert len(zone.questions) == count  # answers are kept as long as their TTL


@pytest.mark.parametrize(
    ("server", "expected"),
    [
        ("192.0.2.53", ("192.0.2.53", 53)),
        ("192.0.2.53:5353", ("192.0.2.53", 5353)),
        ("2001:db8::53", ("2001:db8::53", 53)),
        ("[2001:db8::53]", ("2001:db8::53", 53)),
        ("[2001:db8::53]:5353", ("2001:db8::53", 5353)),
    ],
)
def test_servers_are_written_with_or_without_a_port(server: str, expected: tuple[str, int]) -> None:
    (found,) = resolver([server], 5).nameservers
    assert isinstance(found, dns.nameserver.Do53Nameserver)
    assert (found.address, found.port) == expected


async def test_no_records_and_no_answer_are_told_apart(zone: FakeDns) -> None:
    zone.add("open.test", "A", PEER)
    zone.fail("failing.test")
    lookups = Lookups(zone.resolver(), 10)
    assert await asyncio.to_thread(lookups.txt, "nowhere.test") == []
    assert await asyncio.to_thread(lookups.exchanges, "open.test") == []
    assert await asyncio.to_thread(lookups.txt, "a..b") == []
    assert await asyncio.to_thread(lookups.txt, "x" * 70 + ".test") == []
    with pytest.raises(Unanswered, match=r"TXT failing\.test: the servers could not say"):
        await asyncio.to_thread(lookups.txt, "failing.test")


async def test_what_a_domain_publishes_is_said_in_words(zone: FakeDns) -> None:
    assert await published("corp.test", zone.resolver()) == [
        AuthFact("spf", "published", "corp.test", "TXT corp.test: v=spf1 ip4:192.0.2.1 -all"),
        AuthFact(
            "dmarc",
            "published",
            "corp.test",
            "TXT _dmarc.corp.test: v=DMARC1; p=reject; rua=mailto:d@corp.test (for mail that fails it asks: refusal)",
        ),
    ]


async def test_a_subdomain_shows_the_policy_it_inherits(zone: FakeDns) -> None:
    zone.txt("_dmarc.open.test", "v=DMARC1; p=reject; sp=none")
    spf, dmarc = await published("rh.open.test", zone.resolver())
    assert (spf.result, dmarc.result) == ("none", "published")
    assert dmarc.source.endswith("(for mail that fails it asks: nothing is asked)")


async def test_what_cannot_be_learnt_about_a_domain_is_said_too(zone: FakeDns) -> None:
    zone.fail("down.test")
    zone.keep_silent("_dmarc.down.test")
    found = await published("down.test", zone.resolver(0.2))
    assert [fact.result for fact in found] == ["temperror", "temperror"]
    zone.txt("twice.test", "v=spf1 -all", "v=spf1 +all")
    found = await published("twice.test", zone.resolver())
    assert [fact.result for fact in found] == ["permerror", "none"]
