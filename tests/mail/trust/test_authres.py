"""Authentication-Results as servers write them and as forgers do: what is believed, and what follows from it."""
# ruff: noqa: E501, ISC004 - one row of a table is one header field, as long as it is

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailtickets.mail.domain import aligned, domain_of, organizational
from mailtickets.mail.model import AuthVerdict
from mailtickets.mail.trust import header_truth
from mailtickets.mail.trust.authres import AuthResults, MethodResult, believed, is_from_exchange, parse, verdict

ID = "mx.desk.test"
AUTHOR = "corp.test"
RECEIVED = (
    "received",
    "from mail.corp.test ([192.0.2.1]) by mx.desk.test (Postfix) with ESMTPS id 4F1; Mon, 3 Mar 2025",
)
OUTSIDE = ("received", "from [10.0.0.7] by mail.corp.test with ESMTPA id 9C; Mon, 3 Mar 2025")
EXCHANGE = (
    "received",
    "from AS8PR04MB1.eurprd04.prod.outlook.com (2603:10a6:20b::1) by DB7PR04MB2.eurprd04.prod.outlook.com with HTTPS;"
    " Mon, 3 Mar 2025 12:00:00 +0000",
)


def judged(value: str, author: str = AUTHOR, authserv_id: str = ID) -> AuthVerdict:
    """The verdict on a mail that carries this one field above everything that came with it."""
    results = believed([("authentication-results", value), RECEIVED], authserv_id)
    return verdict(results, author)[0] if results else "none"


def judged_by_microsoft(value: str, author: str = AUTHOR) -> AuthVerdict:
    results = believed([EXCHANGE, ("authentication-results", value), OUTSIDE], "", microsoft=True)
    return verdict(results, author)[0] if results else "none"


# What mail servers write. The names are ours, the manner is theirs.
WRITTEN: tuple[tuple[str, str, AuthVerdict], ...] = (
    # Gmail
    (
        "gmail, all well",
        "mx.desk.test; dkim=pass header.i=@corp.test header.s=20230601 header.b=Ab+C/dE=; spf=pass (desk.test: domain of"
        " ana@corp.test designates 192.0.2.1 as permitted sender) smtp.mailfrom=ana@corp.test; dmarc=pass (p=REJECT"
        " sp=REJECT dis=NONE) header.from=corp.test; dara=pass header.i=@desk.test",
        "pass",
    ),
    (
        "gmail, forwarded",
        "mx.desk.test; dkim=pass header.i=@corp.test header.s=s1 header.b=aBcD; arc=pass (i=1 spf=pass spfdomain=x.test"
        " dkim=pass dkdomain=corp.test dmarc=pass fromdomain=corp.test); spf=pass (desk.test: domain of"
        " srs0=x@fwd.test designates 192.0.2.9 as permitted sender) smtp.mailfrom=srs0=x@fwd.test; dmarc=pass"
        " (p=NONE sp=NONE dis=NONE) header.from=corp.test",
        "pass",
    ),
    (
        "gmail, forged",
        "mx.desk.test; spf=softfail (desk.test: domain of transitioning ana@corp.test does not designate 203.0.113.9 as"
        " permitted sender) smtp.mailfrom=ana@corp.test; dmarc=fail (p=NONE sp=NONE dis=NONE) header.from=corp.test",
        "fail",
    ),
    (
        "gmail, no policy, own server",
        "mx.desk.test; spf=pass (desk.test: domain of ana@corp.test designates 192.0.2.1 as permitted sender)"
        " smtp.mailfrom=ana@corp.test",
        "pass",
    ),
    (
        "gmail, no policy, somebody else's server",
        "mx.desk.test; spf=pass (desk.test: domain of bounce@news.test designates 192.0.2.8 as permitted sender)"
        " smtp.mailfrom=bounce@news.test",
        "none",
    ),
    (
        "gmail, broken signature",
        "mx.desk.test; dkim=fail header.i=@corp.test header.s=s1 header.b=ab12; spf=none (desk.test: mail.list.test does"
        " not designate permitted sender hosts) smtp.helo=mail.list.test",
        "none",
    ),
    (
        "gmail, body changed",
        "mx.desk.test; dkim=neutral (body hash did not verify) header.i=@corp.test header.s=x header.b=zz; spf=pass"
        " smtp.mailfrom=l-bounces@list.test; dmarc=fail (p=NONE) header.from=corp.test",
        "fail",
    ),
    (
        "gmail, key not found in time",
        "mx.desk.test; dkim=temperror (no key for signature) header.i=@corp.test header.s=x header.b=zz; spf=none"
        " smtp.mailfrom=ana@fwd.test",
        "temperror",
    ),
    # OpenDKIM, OpenDMARC, policyd-spf
    (
        "opendkim",
        'mx.desk.test; dkim=pass (2048-bit key; unprotected) header.d=corp.test header.i=@corp.test header.a=rsa-sha256'
        ' header.s=mail header.b="tU/3oT+k"; dkim-atps=neutral',
        "pass",
    ),
    (
        "opendkim, without a header.i",
        'mx.desk.test; dkim=pass (1024-bit key) header.d=corp.test header.b="X1"',
        "pass",
    ),
    (
        "opendkim, secure key",
        'mx.desk.test;\tdkim=pass (2048-bit key, secure) header.d=mail.corp.test header.i=@mail.corp.test header.b="q"',
        "pass",
    ),
    ("opendkim, of another", 'mx.desk.test; dkim=pass (2048-bit key) header.d=esp.test header.b="X1"', "none"),
    (
        "opendkim, one of two",
        'mx.desk.test; dkim=pass header.d=esp.test header.b="X1"; dkim=pass header.d=corp.test header.b="Y1"',
        "pass",
    ),
    (
        "opendkim, reason",
        'mx.desk.test; dkim=fail reason="signature verification failed" (2048-bit key) header.d=corp.test header.b="Z"',
        "none",
    ),
    (
        "opendkim, key unavailable",
        'mx.desk.test; dkim=temperror reason="key retrieval timed out" header.d=corp.test header.b="Z"',
        "temperror",
    ),
    (
        "opendkim, another's key unavailable",
        'mx.desk.test; dkim=temperror reason="key retrieval timed out" header.d=esp.test header.b="Z"',
        "none",
    ),
    ("opendmarc", "mx.desk.test; dmarc=pass (p=reject dis=none) header.from=corp.test", "pass"),
    ("opendmarc, fails", "mx.desk.test; dmarc=fail (p=quarantine dis=none) header.from=corp.test", "fail"),
    ("opendmarc, no policy", "mx.desk.test; dmarc=none (p=none dis=none) header.from=corp.test", "none"),
    ("opendmarc, broken policy", "mx.desk.test; dmarc=permerror header.from=corp.test", "none"),
    ("opendmarc, dns", "mx.desk.test; dmarc=temperror header.from=corp.test", "temperror"),
    (
        "policyd-spf",
        "mx.desk.test; spf=pass (mailfrom) smtp.mailfrom=corp.test (client-ip=192.0.2.1; helo=mail.corp.test;"
        " envelope-from=ana@corp.test; receiver=desk.test)",
        "pass",
    ),
    (
        "policyd-spf, the host alone",
        "mx.desk.test; spf=pass (helo) smtp.helo=mail.corp.test (client-ip=192.0.2.1; helo=mail.corp.test)",
        "none",
    ),
    (
        "policyd-spf, Portuguese names",
        "mx.desk.test; spf=softfail (mailfrom) smtp.mailfrom=corp.test (client-ip=203.0.113.9; receiver=<UNKNOWN>)",
        "none",
    ),
    (
        "policyd-spf, twice the same",
        "mx.desk.test; spf=pass (mailfrom) smtp.mailfrom=corp.test; spf=pass (sender SPF authorized)"
        " smtp.mailfrom=corp.test (client-ip=192.0.2.1)",
        "pass",
    ),
    ("spf alone fails", "mx.desk.test; spf=fail (SPF fail - not authorized) smtp.mailfrom=corp.test", "none"),
    ("spf without an answer", "mx.desk.test; spf=temperror smtp.mailfrom=corp.test", "temperror"),
    # rspamd
    (
        "rspamd",
        "mx.desk.test;\tdkim=pass header.d=corp.test header.s=20251104 header.b=PqTrvVUn;\tdmarc=pass (policy=none)"
        ' header.from=corp.test;\tspf=pass (mx.desk.test: domain of "l+b-27=desk.test@list.test" designates 192.0.2.4 as'
        ' permitted sender) smtp.mailfrom="l+b-27=desk.test@list.test";\tarc=pass ("list.test:s=arc-2024:i=1")',
        "pass",
    ),
    (
        "rspamd, forged",
        "mx.desk.test; dkim=none; dmarc=fail reason=\"SPF not aligned (relaxed), No valid DKIM\" header.from=corp.test"
        " (policy=reject); spf=fail (mx.desk.test: domain of ana@corp.test does not designate 203.0.113.9 as permitted"
        " sender) smtp.mailfrom=ana@corp.test",
        "fail",
    ),
    (
        "rspamd, quarantined",
        "mx.desk.test; dmarc=fail reason=\"No valid SPF, No valid DKIM\" header.from=corp.test (policy=quarantine)",
        "fail",
    ),
    (
        "rspamd, no policy",
        "mx.desk.test; dkim=pass header.d=corp.test header.s=s header.b=kY; spf=none (mx.desk.test: domain of"
        " ana@corp.test has no SPF policy when checking 192.0.2.1) smtp.mailfrom=ana@corp.test; dmarc=none",
        "pass",
    ),
    ("rspamd, key record broken", "mx.desk.test; dkim=permerror header.d=corp.test header.s=s header.b=kY", "none"),
    (
        "rspamd, key without an answer",
        "mx.desk.test; dkim=temperror (\"DNS error when getting key: timed out\") header.d=corp.test header.s=s",
        "temperror",
    ),
    ("rspamd, logged in", "mx.desk.test; auth=pass smtp.auth=ana@corp.test smtp.mailfrom=ana@corp.test", "none"),
    # Exim, amavis, SpamAssassin-like gateways, appliances
    (
        "exim",
        "mx.desk.test; iprev=pass (mail.corp.test) smtp.remote-ip=192.0.2.1; spf=pass smtp.mailfrom=corp.test; dkim=pass"
        " header.d=corp.test header.s=x header.a=rsa-sha256; dmarc=pass header.from=corp.test; arc=none",
        "pass",
    ),
    ("exim, no policy", "mx.desk.test; spf=pass smtp.mailfrom=corp.test; dmarc=none header.from=corp.test", "pass"),
    (
        "amavis",
        'mx.desk.test (amavisd-new); dkim=pass (2048-bit key) header.d=corp.test header.b="JvYq"; dkim=neutral'
        ' reason="invalid (public key: not available)" header.d=old.corp.test',
        "pass",
    ),
    (
        "proofpoint",
        "mx.desk.test; spf=pass smtp.mailfrom=ana@corp.test; dkim=pass header.d=corp.test header.s=sel1; dmarc=pass"
        " header.from=corp.test",
        "pass",
    ),
    (
        "mimecast",
        "mx.desk.test;\tdkim=pass header.d=corp.test header.s=mc header.b=F7;\tdmarc=pass (policy=reject)"
        " header.from=corp.test;\tspf=pass (mx.desk.test: domain of ana@corp.test designates 192.0.2.1 as permitted"
        " sender) smtp.mailfrom=ana@corp.test",
        "pass",
    ),
    ("cisco", "mx.desk.test; dkim=pass (signature verified) header.i=@corp.test; dmarc=pass (p=none dis=none) d=corp", "pass"),
    # Webmail providers
    (
        "yahoo",
        "mx.desk.test; dkim=pass header.i=@corp.test header.s=s2048; spf=pass smtp.mailfrom=corp.test;"
        " dmarc=pass(p=REJECT) header.from=corp.test;",
        "pass",
    ),
    (
        "yahoo, unknown",
        "mx.desk.test; dkim=unknown; spf=none smtp.mailfrom=corp.test; dmarc=unknown header.from=corp.test;",
        "none",
    ),
    (
        "zoho",
        "mx.desk.test;\tdkim=pass;\tspf=pass (desk.test: domain of corp.test designates 192.0.2.1 as permitted sender)"
        "  smtp.mailfrom=ana@corp.test;\tarc=pass (i=1 dmarc=pass fromdomain=corp.test);\tdmarc=pass(p=none dis=none)"
        "  header.from=corp.test",
        "pass",
    ),
    ("zoho, dkim without a domain", "mx.desk.test; dkim=pass; spf=none smtp.mailfrom=ana@corp.test", "none"),
    (
        "fastmail",
        "mx.desk.test; dkim=pass (2048-bit rsa key sha256) header.d=corp.test header.i=@corp.test header.b=Ab1"
        " header.a=rsa-sha256 header.s=fm1 x-bits=2048; dmarc=pass policy.published-domain-policy=none"
        " policy.applied-disposition=none policy.evaluated-disposition=none (p=none,d=none,d.eval=none)"
        " policy.policy-from=p header.from=corp.test; iprev=pass smtp.remote-ip=192.0.2.1 (mail.corp.test); spf=pass"
        " smtp.mailfrom=ana@corp.test smtp.helo=mail.corp.test; x-ptr=pass smtp.helo=mail.corp.test"
        " policy.ptr=mail.corp.test",
        "pass",
    ),
    (
        "fastmail today",
        "mx.desk.test; bimi=skipped (DMARC Policy is not at enforcement); arc=none (no signatures found); dkim=pass"
        " (2048-bit rsa key sha256) header.d=corp.test header.i=@corp.test header.b=Ab1 header.a=rsa-sha256"
        " header.s=fm1; dmarc=pass policy.published-domain-policy=none (p=none,d=none,d.eval=none)"
        " policy.policy-from=p header.from=corp.test; iprev=pass smtp.remote-ip=192.0.2.1 (mail.corp.test); spf=pass"
        " smtp.mailfrom=ana@corp.test smtp.helo=mail.corp.test; x-me-sender=none; x-csa=none; x-tls=pass"
        " smtp.version=TLSv1.3 smtp.cipher=TLS_AES_256_GCM_SHA384 smtp.bits=256/256",
        "pass",
    ),
    (
        "proton",
        'mx.desk.test; dmarc=pass (p=quarantine dis=none) header.from=corp.test; spf=pass smtp.mailfrom=corp.test;'
        ' arc=none smtp.remote-ip=192.0.2.1; dkim=pass (2048-bit key) header.d=corp.test header.i=@corp.test'
        ' header.b="hV"',
        "pass",
    ),
    (
        "mail.ru",
        "mx.desk.test; auth=pass smtp.auth=ana@corp.test smtp.mailfrom=ana@corp.test; dkim=pass header.d=corp.test;"
        " spf=pass smtp.mailfrom=ana@corp.test smtp.helo=mail.corp.test; dmarc=pass header.from=ana@corp.test",
        "pass",
    ),
    (
        "yandex",
        "mx.desk.test; spf=pass (mx.desk.test: domain of corp.test designates 192.0.2.1 as permitted sender, rule=[ip4:"
        "192.0.2.0/24]) smtp.mail=ana@corp.test; dkim=pass header.i=@corp.test",
        "pass",
    ),
    ("gmx", "mx.desk.test; dkim=pass header.i=@corp.test; dkim=none", "pass"),
    (
        "icloud",
        "mx.desk.test; dmarc=pass header.from=corp.test",
        "pass",
    ),
    # Brazilian providers run Postfix, Zimbra, qmail or cPanel
    (
        "locaweb",
        "mx.desk.test; spf=pass (sender IP is 192.0.2.1) smtp.mailfrom=ana@corp.test smtp.helo=mail.corp.test",
        "pass",
    ),
    ("uol", "mx.desk.test; spf=pass smtp.mailfrom=ana@corp.test; dkim=pass header.d=corp.test", "pass"),
    ("terra", "mx.desk.test; dkim=neutral (no signature); spf=neutral smtp.mailfrom=ana@corp.test", "none"),
    (
        "zimbra",
        "mx.desk.test (amavisd-new); dkim=softfail (fail, message has been altered) header.d=corp.test",
        "none",
    ),
    ("cpanel", "mx.desk.test;\tiprev=fail smtp.remote-ip=203.0.113.9;\tspf=none smtp.mailfrom=corp.test", "none"),
    ("plesk", 'mx.desk.test;\n\tdmarc=pass (p=NONE sp=NONE) smtp.from=corp.test header.from=corp.test', "pass"),
    # The grammar
    ("nothing was checked", "mx.desk.test; none", "none"),
    ("nothing was checked, version 1", "mx.desk.test 1; none", "none"),
    ("version 1", "mx.desk.test 1; dmarc=pass header.from=corp.test", "pass"),
    ("a version to come", "mx.desk.test 2; dmarc=pass header.from=corp.test", "none"),
    ("version of the method", "mx.desk.test; dkim/1 = pass header.d = corp.test", "pass"),
    ("capitals", "MX.Desk.Test; DMARC=Pass Header.From=CORP.test", "pass"),
    ("quoted id", '"mx.desk.test"; dmarc=pass header.from=corp.test', "pass"),
    ("folded", "mx.desk.test;\r\n\tdmarc=pass\r\n\t header.from=corp.test", "pass"),
    ("comments wherever they may be", "(a) mx.desk.test (b) 1 (c); (d) dmarc (e) = (f) pass (g) header (h) . (i) from (j) = (k) corp.test (l)", "pass"),
    ("nested comments", r"mx.desk.test; dmarc=pass (a (b \) ( c)) d) header.from=corp.test", "pass"),
    ("final semicolons", "mx.desk.test;; dmarc=pass header.from=corp.test; ;", "pass"),
    ("reason with a semicolon", 'mx.desk.test; dmarc=pass reason="a; b" header.from=corp.test', "pass"),
    ("address in brackets", "mx.desk.test; dmarc=pass header.from=<ana@corp.test>", "pass"),
    ("no results", "mx.desk.test", "none"),
    ("empty", "", "none"),
    # The author's domain
    ("subdomain in the report", "mx.desk.test; dmarc=pass header.from=mail.corp.test", "pass"),
    ("another domain", "mx.desk.test; dmarc=pass header.from=evil.test", "none"),
    ("another domain, though signed", "mx.desk.test; dmarc=pass header.from=evil.test; dkim=pass header.d=corp.test", "none"),
    ("a domain that ends alike", "mx.desk.test; dmarc=pass header.from=notcorp.test", "none"),
    ("a domain that begins alike", "mx.desk.test; dmarc=pass header.from=corp.test.evil.test", "none"),
    ("no domain", "mx.desk.test; dmarc=pass", "none"),
    ("two domains", "mx.desk.test; dmarc=pass header.from=corp.test header.from=evil.test", "none"),
    ("signer and agent differ", "mx.desk.test; dkim=pass header.d=evil.test header.i=@corp.test", "none"),
    ("ambiguous signer", "mx.desk.test; dkim=pass header.d=corp.test header.d=evil.test", "none"),
    ("reverse-path of two", "mx.desk.test; spf=pass smtp.mailfrom=a@corp.test; spf=pass smtp.mailfrom=a@evil.test", "none"),
    ("policy properties prove nothing", "mx.desk.test; dmarc=none policy.from=corp.test; spf=none policy.dkim=pass", "none"),
    ("arc is no proof", "mx.desk.test; arc=pass (i=1 dmarc=pass fromdomain=corp.test) header.oldest-pass=0", "none"),
)  # fmt: skip


@pytest.mark.parametrize(("value", "expected"), [row[1:] for row in WRITTEN], ids=[row[0] for row in WRITTEN])
def test_a_server_we_trust_is_understood(value: str, expected: AuthVerdict) -> None:
    assert judged(value) == expected


MICROSOFT: tuple[tuple[str, str, AuthVerdict], ...] = (
    (
        "all well",
        "spf=pass (sender IP is 192.0.2.1) smtp.mailfrom=corp.test; dkim=pass (signature was verified)"
        " header.d=corp.test;dmarc=pass action=none header.from=corp.test;compauth=pass reason=100",
        "pass",
    ),
    (
        "the older form names the recipient's domain",
        "spf=pass (sender IP is 192.0.2.1) smtp.mailfrom=corp.test; desk.test; dkim=pass (signature was verified)"
        " header.d=corp.test;desk.test; dmarc=bestguesspass action=none header.from=corp.test;",
        "pass",
    ),
    (
        "forged",
        "spf=fail (sender IP is 203.0.113.9) smtp.mailfrom=corp.test; dkim=none (message not signed)"
        " header.d=none;dmarc=fail action=oreject header.from=corp.test;compauth=fail reason=000",
        "fail",
    ),
    (
        "composite authentication is a guess",
        "spf=none (sender IP is 203.0.113.9) smtp.mailfrom=corp.test; dkim=none (message not signed)"
        " header.d=none;dmarc=none action=none header.from=corp.test;compauth=pass reason=106",
        "none",
    ),
    (
        "a best guess is no pass",
        "spf=pass (sender IP is 192.0.2.8) smtp.mailfrom=news.test; dkim=none (message not signed)"
        " header.d=none;dmarc=bestguesspass action=none header.from=corp.test",
        "none",
    ),
    ("inside one organisation", "dkim=none (message not signed) header.d=none;dmarc=none action=none header.from=corp.test;", "none"),
    ("null path", "spf=none (sender IP is 192.0.2.1) smtp.mailfrom=; dkim=pass header.d=corp.test;dmarc=pass action=none header.from=corp.test", "pass"),
    ("dns", "spf=temperror (sender IP is 192.0.2.1) smtp.mailfrom=corp.test; dkim=timeout (key query timeout) header.d=corp.test;dmarc=temperror action=none header.from=corp.test", "temperror"),
    ("another's form", "mx.desk.test; dmarc=pass header.from=corp.test", "none"),
    ("junk before", "dmarc; dmarc=pass header.from=corp.test", "none"),
)  # fmt: skip


@pytest.mark.parametrize(("value", "expected"), [row[1:] for row in MICROSOFT], ids=[row[0] for row in MICROSOFT])
def test_microsoft_365_writes_no_id(value: str, expected: AuthVerdict) -> None:
    assert judged_by_microsoft(value) == expected


def test_the_form_without_an_id_is_read_only_when_asked_for() -> None:
    assert judged("spf=pass smtp.mailfrom=corp.test; dmarc=pass header.from=corp.test") == "none"
    assert parse("spf=pass smtp.mailfrom=corp.test") is None


FORGED: tuple[tuple[str, str], ...] = (
    ("an id that begins with ours", "mx.desk.test.evil.test; dmarc=pass header.from=corp.test"),
    ("an id that ends with ours", "evil-mx.desk.test; dmarc=pass header.from=corp.test"),
    ("our id in a comment", "evil.test (mx.desk.test); dmarc=pass header.from=corp.test"),
    ("our id as a version", "evil.test mx.desk.test; dmarc=pass header.from=corp.test"),
    ("no id", "; dmarc=pass header.from=corp.test"),
    ("pass in a comment", "mx.desk.test; dmarc=none (dmarc=pass header.from=corp.test)"),
    ("pass in a comment after a semicolon", "mx.desk.test; dmarc=none (; dmarc=pass header.from=corp.test;) header.from=corp.test"),
    ("pass in a nested comment", "mx.desk.test; spf=none (a (b) ; dmarc=pass header.from=corp.test) smtp.mailfrom=x.test"),
    ("pass behind an escaped bracket", r"mx.desk.test; spf=none (a \) ; dmarc=pass header.from=corp.test) smtp.mailfrom=x.test"),
    ("pass in a quoted reason", 'mx.desk.test; dmarc=none reason="; dmarc=pass header.from=corp.test" header.from=corp.test'),
    ("pass in a quoted local part", r'mx.desk.test; spf=pass smtp.mailfrom="a; dmarc=pass header.from=corp.test"@evil.test'),
    ("pass behind an escaped quote", r'mx.desk.test; spf=pass smtp.mailfrom="a\"; dmarc=pass header.from=corp.test"@evil.test'),
    ("a comment that does not close", "mx.desk.test; dmarc=pass header.from=corp.test (a"),
    ("a comment that does not open", "mx.desk.test; dmarc=pass header.from=corp.test a)"),
    ("a comment broken out of", "mx.desk.test; spf=none (domain of a) dmarc=pass header.from=corp.test designates) smtp.mailfrom=x"),
    ("a quote that does not close", 'mx.desk.test; dmarc=pass header.from=corp.test reason="a'),
    ("a quote in the middle", 'mx.desk.test; dmarc=pass header.from=corp.test" "x'),
    ("no semicolon between", "mx.desk.test; dmarc=fail header.from=corp.test dmarc=pass header.from=corp.test"),
    ("a second word for dmarc", "mx.desk.test; dmarc=none header.from=corp.test; dmarc=pass header.from=corp.test"),
    ("fail and pass", "mx.desk.test; dmarc=pass header.from=corp.test; dmarc=fail header.from=corp.test"),
    ("encoded words stay what they are", "mx.desk.test; spf=none smtp.mailfrom==?utf-8?q?x;_dmarc=3Dpass_header.from=3Dcorp.test?="),
    ("a control character", "mx.desk.test; dmarc=pass\x00 header.from=corp.test"),
    ("an escape sequence", "mx.desk.test; dmarc=pass \x1b[2J header.from=corp.test"),
    ("another line", "mx.desk.test; dmarc=none\r\ndmarc=pass header.from=corp.test"),
    ("a space that is none", "mx.desk.test;\u00a0dmarc=pass header.from=corp.test"),
    ("a semicolon that is none", "mx.desk.test\uff1b dmarc=pass header.from=corp.test"),
    ("no result", "mx.desk.test; dmarc= header.from=corp.test"),
    ("no method", "mx.desk.test; =pass header.from=corp.test"),
    ("a bare word", "mx.desk.test; dmarc pass header.from=corp.test"),
    ("passed", "mx.desk.test; dmarc=passed header.from=corp.test"),
    ("pass by another method", "mx.desk.test; x-dmarc=pass header.from=corp.test; compauth=pass header.from=corp.test"),
    ("too long", "mx.desk.test; dmarc=pass header.from=corp.test (" + "x" * 40_000 + ")"),
)  # fmt: skip


@pytest.mark.parametrize("value", [row[1] for row in FORGED], ids=[row[0] for row in FORGED])
def test_no_trick_in_one_field_makes_a_pass(value: str) -> None:
    assert judged(value) != "pass"


def test_ten_thousand_brackets_are_only_not_well_formed() -> None:
    assert parse("mx.desk.test; " + "(" * 10_000) is None
    nested = parse("mx.desk.test; " + "(" * 10_000 + ")" * 10_000 + " none")
    assert nested == AuthResults("mx.desk.test")


# --- which fields are believed ----------------------------------------------------------------------------

PASS = ("authentication-results", "mx.desk.test; dmarc=pass header.from=corp.test")
FAIL = ("authentication-results", "mx.desk.test; dmarc=fail header.from=corp.test")
SIGNED = ("authentication-results", 'mx.desk.test; dkim=pass header.d=corp.test header.b="x"')
UNSIGNED = ("authentication-results", "mx.desk.test; dkim=none")
OTHERS = ("authentication-results", "mx.evil.test; dmarc=pass header.from=corp.test")
BROKEN = ("authentication-results", "mx.desk.test; (")
SUBJECT = ("subject", "x")


def judged_fields(*fields: tuple[str, str]) -> AuthVerdict | None:
    results = believed(fields, ID)
    return verdict(results, AUTHOR)[0] if results else None


def test_only_the_topmost_field_counts() -> None:
    assert judged_fields(FAIL, RECEIVED, PASS, OUTSIDE) == "fail"
    assert judged_fields(UNSIGNED, RECEIVED, PASS, OUTSIDE) == "none"


def test_a_field_of_somebody_else_on_top_hides_ours() -> None:
    assert judged_fields(OTHERS, PASS, RECEIVED) is None
    assert judged_fields(RECEIVED, OTHERS, PASS) is None


def test_a_damaged_field_on_top_hides_those_below() -> None:
    assert judged_fields(BROKEN, PASS, RECEIVED) is None


def test_the_field_may_stand_below_the_received_of_the_same_server() -> None:
    assert judged_fields(RECEIVED, PASS, OUTSIDE) == "pass"


def test_several_filters_of_one_server_count_together_above_all_received() -> None:
    assert judged_fields(UNSIGNED, SUBJECT, PASS, RECEIVED) == "pass"
    assert judged_fields(SIGNED, FAIL, RECEIVED) == "fail"


def test_a_forged_field_right_below_the_real_one_does_not_join_it() -> None:
    assert judged_fields(RECEIVED, UNSIGNED, PASS, OUTSIDE) == "none"


def test_a_forged_field_below_the_servers_received_does_not_join_those_above() -> None:
    assert judged_fields(UNSIGNED, RECEIVED, PASS) == "none"


def test_the_run_ends_at_a_field_of_somebody_else() -> None:
    assert judged_fields(UNSIGNED, OTHERS, PASS, RECEIVED) == "none"


def test_without_a_configured_id_nothing_is_believed() -> None:
    assert believed([("authentication-results", "; dmarc=pass header.from=corp.test"), RECEIVED], "") is None
    assert believed([PASS, RECEIVED], "") is None


def test_without_any_field_nothing_is_believed() -> None:
    assert believed([RECEIVED, SUBJECT], ID) is None


def test_the_arc_copy_of_a_result_is_not_one() -> None:
    arc = ("arc-authentication-results", "i=1; mx.desk.test; dmarc=pass header.from=corp.test")
    assert judged_fields(arc, RECEIVED) is None


MICROSOFTS = ("authentication-results", "dmarc=pass action=none header.from=corp.test")


def test_the_form_without_an_id_is_believed_only_in_a_mailbox_of_exchange() -> None:
    assert believed([EXCHANGE, MICROSOFTS], "", microsoft=True) is not None
    assert believed([RECEIVED, MICROSOFTS], "", microsoft=True) is None
    assert believed([MICROSOFTS], "", microsoft=True) is None


def test_of_microsofts_fields_only_the_topmost_counts() -> None:
    none = ("authentication-results", "dmarc=none action=none header.from=corp.test")
    results = believed([none, MICROSOFTS, EXCHANGE], "", microsoft=True)
    assert results is not None
    assert verdict(results, AUTHOR)[0] == "none"


@pytest.mark.parametrize(
    "value",
    [
        "from A.outlook.com (2603::1) by B.eurprd04.prod.outlook.com with HTTPS; Mon, 3 Mar 2025 12:00:00 +0000",
        "from A.prod.outlook.com (2603::1) by B.prod.outlook.com (2603::2) with Microsoft SMTP Server (version=TLS1_2,"
        " cipher=X) id 15.20.1; Mon, 3 Mar 2025 12:00:00 +0000",
        "from ex1.corp.test ([fe80::1]) by ex1.corp.test ([fe80::1%13]) with mapi id 15.01.1979.003; Mon, 3 Mar 2025",
        "from ex1.corp.test (10.0.0.1) by ex2.corp.test (10.0.0.2) with Microsoft\tSMTP Server id 15.1; Mon, 3 Mar 2025",
    ],
)
def test_exchange_is_known_by_its_received(value: str) -> None:
    assert is_from_exchange([("received", value), RECEIVED])


@pytest.mark.parametrize(
    "value",
    [
        RECEIVED[1],
        "from x by y.outlook.com (mail.evil.test [203.0.113.9]) by mx.desk.test (Postfix) with ESMTP id 4F1; Mon",
        "from x with mapi (mail.evil.test [203.0.113.9]) by mx.desk.test (Postfix) with ESMTP id 4F1; Mon",
        "from mail.outlook.com (mail.outlook.com [192.0.2.1]) by mx.desk.test with ESMTPS id 4F1; Mon",
        "from x (by y.outlook.com with mapi) by mx.desk.test (Postfix) with ESMTP id 4F1; Mon",
        "from x ( by y.outlook.com with mapi; Mon",
        "from x by outlook.com.evil.test with ESMTP; Mon",
        "from x by evil-outlook.com with ESMTP; Mon",
        "",
    ],
)
def test_a_helo_name_does_not_make_an_exchange(value: str) -> None:
    assert not is_from_exchange([("received", value), EXCHANGE])


# --- reading ----------------------------------------------------------------------------------------------


def test_properties_and_reasons_are_kept() -> None:
    value = 'mx.desk.test; dkim=fail reason="bad \\"key\\"" header.d=Corp.Test header.b="a b"@c'
    assert parse(value) == AuthResults(
        "mx.desk.test",
        (MethodResult("dkim", "fail", (("header.d", "Corp.Test"), ("header.b", "a b@c")), 'bad "key"'),),
    )


def test_a_result_names_the_domain_it_speaks_of() -> None:
    results = parse("mx.desk.test; dkim=pass header.i=ana@Corp.Test; spf=pass smtp.mailfrom=<a@b.test>; iprev=pass")
    assert results is not None
    assert [result.domain for result in results.results] == ["corp.test", "b.test", ""]


def test_the_verdict_names_the_result_that_decided() -> None:
    results = parse("mx.desk.test; spf=pass smtp.mailfrom=a@corp.test; dkim=pass header.d=corp.test")
    assert results is not None
    assert verdict(results, AUTHOR) == ("pass", MethodResult("dkim", "pass", (("header.d", "corp.test"),)))


@given(st.text(alphabet=st.sampled_from(list('mx.desk.test; dmarc=pass header.from=corp.test()\\"/\r\n\t1\u00e9\x00'))))
def test_reading_never_raises(value: str) -> None:
    parse(value)
    parse("mx.desk.test; " + value)
    parse(value, microsoft=True)
    is_from_exchange([("received", value)])


@given(st.text(alphabet=st.sampled_from(list('abc;=. ()\\"<>@\t'))))
def test_a_careful_server_can_quote_anything_into_a_comment(value: str) -> None:
    quoted = value.replace("\\", "\\\\").replace("(", "\\(").replace(")", "\\)")
    assert judged(f"mx.desk.test; dmarc=fail ({quoted}) header.from=corp.test") == "fail"


# --- alignment and the bytes ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("one", "other", "strict", "expected"),
    [
        ("corp.test", "corp.test", True, True),
        ("CORP.test.", "corp.test", True, True),
        ("mail.corp.test", "corp.test", False, True),
        ("mail.corp.test", "corp.test", True, False),
        ("a.loja.com.br", "b.loja.com.br", False, True),
        ("outra.com.br", "loja.com.br", False, False),
        ("com.br", "loja.com.br", False, False),
        ("a.social.br", "b.social.br", False, False),
        ("exämple.test", "xn--exmple-cua.test", True, True),
        ("", "", False, False),
        ("", "corp.test", False, False),
    ],
)
def test_domains_belong_together_up_to_the_public_suffix(one: str, other: str, strict: bool, expected: bool) -> None:
    assert aligned(one, other, strict=strict) is expected


def test_a_public_suffix_is_its_own_organisation() -> None:
    assert organizational("com.br") == "com.br"
    assert organizational("deep.mail.loja.com.br") == "loja.com.br"
    assert domain_of('"a@b"@Corp.Test.') == "corp.test"


def test_fields_are_unfolded_and_nothing_in_them_is_decoded() -> None:
    raw = b" of nothing\r\nA: one\r\n\ttwo\r\nno field\r\nFrom : =?utf-8?q?x?= <a@b.test>\r\n\r\nFrom: c@d.test\r\n"
    assert header_truth.fields(raw) == (("a", "one\ttwo"), ("from", "=?utf-8?q?x?= <a@b.test>"))


@pytest.mark.parametrize("line_break", [b"\r\n", b"\n"])
def test_the_author_is_all_there_is_in_the_one_from(line_break: bytes) -> None:
    def sole(*lines: bytes) -> str | None:
        author = header_truth.sole_author(header_truth.fields(line_break.join([*lines, b"", b"text"])))
        return author.address if author else None

    assert sole(b"From: Ana <ana@corp.test>", b"To: x@desk.test") == "ana@corp.test"
    assert sole(b"From: ana@corp.test", b"From: ana@corp.test") is None
    assert sole(b"From: ana@corp.test, eve@evil.test") is None
    assert sole(b"From: ana@corp.test <eve@evil.test>, <ana@corp.test>") is None
    assert sole(b"From: Ana") is None
    assert sole(b"To: x@desk.test") is None


def test_a_header_section_beyond_all_measure_has_no_fields() -> None:
    assert header_truth.fields(b"From: ana@corp.test\r\n" + b"X: y\r\n" * 2_000) == ()
    assert header_truth.fields(b"From: ana@corp.test\r\nX: " + b"y" * 300_000 + b"\r\n\r\n") == ()
