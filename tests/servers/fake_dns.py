"""A DNS server in this process that knows what the test tells it, and nothing else.

    async with FakeDns() as dns:
        dns.txt("corp.test", "v=spf1 ip4:192.0.2.1 -all")
        dns.fail("slow.test")                           # SERVFAIL
        dns.keep_silent("_dmarc.corp.test")             # no answer at all, over UDP and TCP

Names it was told nothing about do not exist. Answers that do not fit into a datagram are truncated, so that the client
comes again over TCP.
"""

import asyncio
from collections import defaultdict
from typing import Self, cast

import dns.flags
import dns.message
import dns.name
import dns.nameserver
import dns.rcode
import dns.rdataclass
import dns.rdatatype
import dns.resolver
import dns.rrset

DATAGRAM_OCTETS = 512


class FakeDns:
    """Listens on a free port of loopback, UDP and TCP, while the `async with` block runs."""

    host = "127.0.0.1"

    def __init__(self) -> None:
        self.port = 0
        self.questions: list[tuple[str, str, str]] = []
        """(transport, type, name) of every question, in order."""
        self._records: dict[tuple[str, str], list[str]] = defaultdict(list)
        self._names: set[str] = set()
        self._failing: set[str] = set()
        self._silent: set[str] = set()
        self._server: asyncio.Server | None = None
        self._datagrams: asyncio.DatagramTransport | None = None
        self._sessions: set[asyncio.Task[None]] = set()

    def add(self, name: str, kind: str, *texts: str) -> None:
        """Records as a zone file has them: `add("corp.test", "MX", "10 mx.corp.test.")`."""
        self._records[_key(name), kind] += texts
        self._names.add(_key(name))

    def txt(self, name: str, *texts: str) -> None:
        """TXT records, each cut into strings of 255 octets."""
        for text in texts:
            pieces = [text[start : start + 255] for start in range(0, len(text), 255)] or [""]
            escaped = [piece.replace("\\", "\\\\").replace('"', '\\"') for piece in pieces]
            self.add(name, "TXT", " ".join(f'"{piece}"' for piece in escaped))

    def forget(self, name: str) -> None:
        """As if it had never been told of this name."""
        self._names.discard(_key(name))
        for key in [key for key in self._records if key[0] == _key(name)]:
            del self._records[key]

    def fail(self, name: str) -> None:
        self._failing.add(_key(name))

    def keep_silent(self, name: str) -> None:
        self._silent.add(_key(name))

    def resolver(self, seconds: float = 5.0) -> dns.resolver.Resolver:
        """One that asks this server, without a cache; gives up a question after `seconds`."""
        made = dns.resolver.Resolver(configure=False)
        made.nameservers = [dns.nameserver.Do53Nameserver(self.host, self.port)]
        made.timeout = made.lifetime = seconds
        return made

    async def __aenter__(self) -> Self:
        loop = asyncio.get_running_loop()
        self._server = await asyncio.start_server(self._serve, self.host, 0)
        self.port = self._server.sockets[0].getsockname()[1]
        self._datagrams, _ = await loop.create_datagram_endpoint(
            lambda: _Datagrams(self), local_addr=(self.host, self.port)
        )
        return self

    async def __aexit__(self, *_: object) -> None:
        assert self._server is not None
        assert self._datagrams is not None
        self._datagrams.close()
        self._server.close()
        for session in self._sessions:
            session.cancel()
        await asyncio.gather(*self._sessions, return_exceptions=True)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._sessions.add(task)
        try:
            while length := int.from_bytes(await reader.readexactly(2), "big"):
                answer = self.answer(await reader.readexactly(length), "tcp")
                if answer is not None:
                    writer.write(len(answer).to_bytes(2, "big") + answer)
                    await writer.drain()
        except (OSError, asyncio.IncompleteReadError):
            pass
        finally:
            writer.transport.abort()
            self._sessions.discard(task)

    def answer(self, wire: bytes, transport: str) -> bytes | None:
        query = dns.message.from_wire(wire)
        question = query.question[0]
        name, kind = question.name.to_text(omit_final_dot=True).lower(), dns.rdatatype.to_text(question.rdtype)
        self.questions.append((transport, kind, name))
        if name in self._silent:
            return None
        reply = dns.message.make_response(query)
        reply.flags |= dns.flags.RA
        if name in self._failing:
            reply.set_rcode(dns.rcode.SERVFAIL)
        else:
            self._look_up(reply, name, kind)
        return _fitting(reply, transport)

    def _look_up(self, reply: dns.message.Message, name: str, kind: str) -> None:
        seen: set[str] = set()
        while alias := self._records.get((name, "CNAME")):
            if name in seen:
                return
            seen.add(name)
            reply.answer.append(_rrset(name, "CNAME", alias))
            name = _key(alias[0])
        if records := self._records.get((name, kind)):
            reply.answer.append(_rrset(name, kind, records))
        elif name not in self._names:
            reply.set_rcode(dns.rcode.NXDOMAIN)


class _Datagrams(asyncio.DatagramProtocol):
    def __init__(self, server: FakeDns) -> None:
        self._server = server
        self._transport: asyncio.DatagramTransport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.DatagramTransport", transport)

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        assert self._transport is not None
        answer = self._server.answer(data, "udp")
        if answer is not None:
            self._transport.sendto(answer, addr)


def _key(name: str) -> str:
    return name.rstrip(".").lower()


def _rrset(name: str, kind: str, records: list[str]) -> dns.rrset.RRset:
    return dns.rrset.from_text_list(dns.name.from_text(name + "."), 300, "IN", kind, records)


def _fitting(reply: dns.message.Message, transport: str) -> bytes:
    wire = reply.to_wire(max_size=65_535)
    if transport == "udp" and len(wire) > DATAGRAM_OCTETS:
        reply.answer.clear()
        reply.flags |= dns.flags.TC
        wire = reply.to_wire()
    return wire
