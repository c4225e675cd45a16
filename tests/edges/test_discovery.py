"""Where a domain's mail is read and handed in: SRV records of a DNS server, autoconfig of an https server."""

import asyncio
import http.client
import socket
from collections.abc import AsyncIterator, Iterator
from contextlib import suppress
from functools import partial
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailtickets.config.providers import Server, provider_of, providers
from mailtickets.edges.checks.resolver import Lookups
from mailtickets.edges.discovery import autoconfig, records
from mailtickets.edges.discovery.autoconfig import NoAutoconfig
from mailtickets.edges.discovery.discover import Found, discover
from tests.servers.fake_autoconfig import XML, FakeAutoconfig
from tests.servers.fake_dns import FakeDns

ADDRESS = "suporte@desk.test"
PATH = "/mail/config-v1.1.xml"


def nothing(url: str) -> bytes:
    raise NoAutoconfig(f"{url}: nothing")


@pytest.fixture
async def dns() -> AsyncIterator[FakeDns]:
    async with FakeDns() as server:
        yield server


async def found(dns: FakeDns, fetch: Any = nothing) -> Found:
    return await asyncio.to_thread(discover, ADDRESS, Lookups(dns.resolver(), 10), fetch)


# --- MX -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("exchange", "key"),
    [
        ("aspmx.l.google.com", "google"),
        ("ALT1.ASPMX.L.GOOGLE.COM.", "google"),
        ("empresa-com-br.mail.protection.outlook.com", "microsoft"),
        ("empresa.a-v1.mx.microsoft", "microsoft"),
        ("mx.zoho.eu", "zoho-eu"),
        ("mx1.hostinger.com", "hostinger"),
        ("notgoogle.com", None),
        ("google.com.evil.test", None),
        ("outlook-com.olc.protection.outlook.com", None),
    ],
)
def test_the_provider_is_known_by_the_end_of_its_mx_hosts(exchange: str, key: str | None) -> None:
    provider = provider_of([exchange])
    assert (provider.key if provider else None) == key


async def test_the_preferred_mx_comes_first(dns: FakeDns) -> None:
    dns.add("desk.test", "MX", "20 b.desk.test.", "10 a.desk.test.")
    assert await asyncio.to_thread(records.exchanges, "desk.test", Lookups(dns.resolver(), 10)) == [
        "a.desk.test",
        "b.desk.test",
    ]


async def test_a_domain_that_takes_no_mail_names_no_host(dns: FakeDns) -> None:
    dns.add("desk.test", "MX", "0 .")
    assert await asyncio.to_thread(records.exchanges, "desk.test", Lookups(dns.resolver(), 10)) == []


def test_every_preset_is_a_host_with_tls_and_names_a_page_and_a_login() -> None:
    for provider in providers().values():
        assert provider.imap.tls == "implicit", provider
        assert provider.smtp.tls in {"implicit", "starttls"}, provider
        assert provider.logins, provider


def test_names_of_some_logins_are_the_local_part() -> None:
    uol = providers()["uol"]
    assert uol.imap.for_address("maria@uol.com.br").username == "maria"
    assert providers()["icloud"].smtp.for_address("maria@icloud.com").username == "maria@icloud.com"


# --- SRV ------------------------------------------------------------------------------------------------


async def test_srv_records_name_the_servers(dns: FakeDns) -> None:
    dns.add("_imaps._tcp.desk.test", "SRV", "10 1 993 backup.desk.test.", "0 1 1993 imap.desk.test.")
    dns.add("_submission._tcp.desk.test", "SRV", "0 1 587 smtp.desk.test.")
    told = await found(dns)
    assert told.imap == Server("imap.desk.test", 1993, "implicit", ADDRESS)
    assert told.smtp == Server("smtp.desk.test", 587, "starttls", ADDRESS)
    assert told.source == "in the SRV records of desk.test"
    assert told.elsewhere(ADDRESS) == []


async def test_tls_from_the_first_octet_is_preferred(dns: FakeDns) -> None:
    dns.add("_imaps._tcp.desk.test", "SRV", "0 1 993 imap.desk.test.")
    dns.add("_submission._tcp.desk.test", "SRV", "0 1 587 smtp.desk.test.")
    dns.add("_submissions._tcp.desk.test", "SRV", "0 1 465 smtp.desk.test.")
    told = await found(dns)
    assert told.smtp is not None
    assert (told.smtp.port, told.smtp.tls) == (465, "implicit")


async def test_a_service_that_is_not_offered_is_no_server(dns: FakeDns) -> None:
    dns.add("_imaps._tcp.desk.test", "SRV", "0 0 0 .")
    dns.add("_submissions._tcp.desk.test", "SRV", "0 0 0 .")
    told = await found(dns)
    assert (told.imap, told.smtp, told.source) == (None, None, "")


async def test_a_host_of_another_domain_is_named(dns: FakeDns) -> None:
    dns.add("_imaps._tcp.desk.test", "SRV", "0 1 993 imap.host.test.")
    dns.add("_submissions._tcp.desk.test", "SRV", "0 1 465 smtp.desk.test.")
    assert (await found(dns)).elsewhere(ADDRESS) == ["imap.host.test"]


async def test_a_dns_that_does_not_answer_is_said_and_autoconfig_is_asked(dns: FakeDns) -> None:
    dns.fail("_imaps._tcp.desk.test")
    told = await found(dns, lambda url: XML.format(host="desk.test").encode())
    assert told.source == f"at https://autoconfig.desk.test{PATH}"
    assert "could not say" in told.silent[0]


# --- autoconfig -----------------------------------------------------------------------------------------


def test_autoconfig_names_the_servers() -> None:
    assert autoconfig.read(XML.format(host="desk.test").encode(), ADDRESS) == (
        Server("imap.desk.test", 993, "implicit", ADDRESS),
        Server("smtp.desk.test", 587, "starttls", "suporte"),
    )


@pytest.mark.parametrize(
    ("was", "becomes"),
    [
        ("<port>993</port>", "<port>0</port>"),
        ("<port>993</port>", "<port>99399399</port>"),
        ("<port>993</port>", "<port>٣</port>"),
        ("<hostname>imap.", "<hostname>imap host."),
        ("<hostname>imap.", "<hostname>-imap."),
        ("<socketType>SSL</socketType>", "<socketType>plain</socketType>"),
        ("<socketType>SSL</socketType>", "<socketType>STARTTLS</socketType>"),
        ("<username>%EMAILADDRESS%", "<username>a&#10;b"),
        ("<username>%EMAILADDRESS%", f"<username>{'%EMAILADDRESS%' * 100}"),
        ("<hostname>imap.", f"<hostname>{'a' * 64}."),
        ("<hostname>imap.", f"<hostname>{'a.' * 130}"),
    ],
)
def test_a_server_that_cannot_be_used_is_left_out(was: str, becomes: str) -> None:
    imap, smtp = autoconfig.read(XML.format(host="desk.test").replace(was, becomes).encode(), ADDRESS)
    assert imap is None
    assert smtp is not None


@pytest.mark.parametrize(
    "octets",
    [
        b"",
        b"<html><body>404",
        b"\xff\xfe\x00",
        b'<?xml version="1.0" encoding="no-such"?><a/>',
        b'<!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>',
        '<?xml version="1.0" encoding="UTF-16"?><!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>'.encode("utf-16"),
        b"<a>" * 100_000,
    ],
)
def test_what_is_no_plain_xml_is_refused(octets: bytes) -> None:
    with pytest.raises(NoAutoconfig):
        autoconfig.read(octets, ADDRESS)


def test_a_file_that_names_nobody_is_empty() -> None:
    assert autoconfig.read(b"<clientConfig/>", ADDRESS) == (None, None)


@pytest.fixture
def web(monkeypatch: pytest.MonkeyPatch) -> Iterator[FakeAutoconfig]:
    """The https server of `autoconfig.desk.test`, at its own port; its certificate is believed."""
    with FakeAutoconfig("autoconfig.desk.test") as server:
        monkeypatch.setenv("SSL_CERT_FILE", str(server.certificate))
        real = socket.create_connection

        def here(place: tuple[str, int], *rest: Any, **more: Any) -> socket.socket:
            assert place == ("autoconfig.desk.test", 443)
            return real(("127.0.0.1", server.port), *rest, **more)

        monkeypatch.setattr(
            http.client.HTTPSConnection, "__init__", partial_init(http.client.HTTPSConnection.__init__, here)
        )
        yield server


def partial_init(real: Any, connect: Any) -> Any:
    def made(self: http.client.HTTPSConnection, *words: Any, **more: Any) -> None:
        real(self, *words, **more)
        self._create_connection = connect  # type: ignore[attr-defined]

    return made


fetch = partial(autoconfig.fetch, f"https://autoconfig.desk.test{PATH}")


def test_the_file_is_fetched_over_https(web: FakeAutoconfig) -> None:
    web.pages[PATH] = b"<a/>"
    assert fetch() == b"<a/>"
    assert web.asked == [f"autoconfig.desk.test {PATH}"]


def test_a_certificate_of_somebody_else_is_not_believed(web: FakeAutoconfig, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("SSL_CERT_FILE")
    with pytest.raises(NoAutoconfig, match="certificate"):
        fetch()


def test_redirects_are_followed_only_over_https_and_not_for_ever(web: FakeAutoconfig) -> None:
    web.pages["/there"] = b"<b/>"
    web.pages[PATH] = (302, {"Location": "/there"}, b"")
    assert fetch() == b"<b/>"
    web.pages[PATH] = (301, {"Location": "http://autoconfig.desk.test/there"}, b"")
    with pytest.raises(NoAutoconfig, match="only https"):
        fetch()
    web.pages[PATH] = (307, {"Location": PATH}, b"")
    with pytest.raises(NoAutoconfig, match="too often"):
        fetch()


def test_a_large_file_is_not_read_to_its_end(web: FakeAutoconfig) -> None:
    web.pages[PATH] = b"x" * (autoconfig.MAX_OCTETS + 1)
    with pytest.raises(NoAutoconfig, match="larger"):
        fetch()


def test_a_missing_file_is_said(web: FakeAutoconfig) -> None:
    with pytest.raises(NoAutoconfig, match="404"):
        fetch()


def test_a_server_that_drips_is_given_up(web: FakeAutoconfig, monkeypatch: pytest.MonkeyPatch) -> None:
    web.pages[PATH] = b"x" * 200_000
    web.drips = True
    monkeypatch.setattr(autoconfig, "SECONDS", 0.5)
    with pytest.raises(NoAutoconfig, match="in time"):
        fetch()


def test_there_is_no_time_left_for_another_redirect(web: FakeAutoconfig, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(autoconfig, "SECONDS", 0)
    with pytest.raises(NoAutoconfig, match="in time"):
        fetch()


@given(st.binary(max_size=300) | st.text(max_size=300).map(lambda text: f"<a>{text}</a>".encode()))
def test_reading_fails_with_nothing_else(octets: bytes) -> None:
    with suppress(NoAutoconfig):
        autoconfig.read(octets, ADDRESS)
