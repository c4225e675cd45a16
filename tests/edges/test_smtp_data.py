"""The end of a message is found wherever the network cuts it, and memory stays bounded."""

import tracemalloc
from io import BytesIO

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailtickets.edges.smtp_server.data import IncomingMessage

PIECES = st.lists(st.sampled_from([b"\r\n", b".", b"\r", b"\n", b"a", b"Subject: x", b"..", b"\r\n."]), max_size=30)


class Kept(BytesIO):
    """Forgets what was written when it is closed, as a spooled message does."""

    def close(self) -> None:
        self.truncate(0)


def received(chunks: list[bytes], limit_bytes: int = 10_000) -> tuple[bytes, bytes | None]:
    """The content, and what came after the end; None when there was no end."""
    kept = Kept()
    message = IncomingMessage(limit_bytes, kept)
    for at, chunk in enumerate(chunks):
        after = message.feed(chunk)
        if after is not None:
            return kept.getvalue(), after + b"".join(chunks[at + 1 :])
    return kept.getvalue(), None


@pytest.mark.parametrize(
    ("sent", "stored"),
    [
        (b".\r\n", b""),
        (b"\r\n.\r\n", b"\r\n"),
        (b"a\r\n.\r\n", b"a\r\n"),
        (b"..\r\n.\r\n", b".\r\n"),
        (b"a\r\n..b\r\n...\r\n.\r\n", b"a\r\n.b\r\n..\r\n"),
        (b"a\nb\rc\r\n.\r\n", b"a\r\nb\r\nc\r\n"),
        (b"a\n..b\r\n.\r\n", b"a\r\n.b\r\n"),
        (b"a\r\r\n.\r\n", b"a\r\n\r\n"),
        (b"a\n\n\r\n.\r\n", b"a\r\n\r\n\r\n"),
    ],
)
def test_content_is_unstuffed_and_in_crlf_however_it_is_cut(sent: bytes, stored: bytes) -> None:
    assert received([sent]) == (stored, b"")
    assert received([sent[at : at + 1] for at in range(len(sent))]) == (stored, b"")
    for cut in range(len(sent)):
        assert received([sent[:cut], sent[cut:]]) == (stored, b"")


@given(PIECES, st.lists(st.integers(min_value=1, max_value=7), min_size=1, max_size=40))
def test_chunk_edges_make_no_difference(pieces: list[bytes], sizes: list[int]) -> None:
    sent = b"".join(pieces) + b"\r\n.\r\nNOOP\r\n"
    chunks, at = [], 0
    for turn in range(len(sent)):
        size = sizes[turn % len(sizes)]
        chunks.append(sent[at : at + size])
        at += size
    whole, in_chunks = received([sent]), received([chunk for chunk in chunks if chunk])
    assert in_chunks == whole
    assert whole[1] is not None
    assert b"\n" not in whole[0].replace(b"\r\n", b"")
    assert b"\r" not in whole[0].replace(b"\r\n", b"")


@given(st.binary(max_size=200).map(lambda data: data.replace(b"\r", b"").replace(b"\n", b"\r\n.")))
def test_a_stuffed_message_comes_out_as_it_went_in(content: bytes) -> None:
    lines = content + b"\r\n"
    stuffed = (b"\r\n" + lines).replace(b"\r\n.", b"\r\n..")[2:]
    assert received([stuffed + b".\r\n"]) == (lines, b"")


def test_the_limit_counts_the_message_and_not_its_dots() -> None:
    assert received([b"..ab\r\n.\r\n"], limit_bytes=5) == (b".ab\r\n", b"")
    assert received([b"..ab\r\n.\r\n"], limit_bytes=4) == (b"", b"")


@pytest.mark.parametrize("flood", [b"x" * 65_536, b"\r\n" * 32_768, b"\n" * 65_536, b"\r\n..x" * 13_107])
def test_a_flood_is_read_in_bounded_memory(flood: bytes) -> None:
    kept = Kept()
    message = IncomingMessage(1_000_000, kept)
    tracemalloc.start()
    try:
        for _ in range(500):
            assert message.feed(flood) is None
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert message.oversized
    assert kept.getvalue() == b""
    assert peak < 4_000_000
    assert message.feed(b"\r\n.\r\nQUIT\r\n") == b"QUIT\r\n"


@pytest.mark.parametrize("sent", [b"a\nb\r\n.\r\n", b"a\rb\r\n.\r\n", b"a\r\r\n.\r\n", b"a\n\r\n.\r\n"])
def test_a_bare_line_end_is_noticed_however_it_is_cut(sent: bytes) -> None:
    for cut in range(len(sent)):
        message = IncomingMessage(1000, Kept())
        assert [message.feed(part) for part in (sent[:cut], sent[cut:]) if part][-1] == b""
        assert message.bare
    message = IncomingMessage(1000, Kept())
    assert [message.feed(sent[at : at + 1]) for at in range(len(sent))][-1] == b""
    assert message.bare


def test_what_ends_its_lines_well_is_not_taken_for_bare() -> None:
    message = IncomingMessage(1000, Kept())
    for octet in b"a\r\n..b\r\n\r\n.\r\n":
        message.feed(bytes([octet]))
    assert not message.bare


def test_what_cannot_be_kept_is_read_to_its_end_and_says_why() -> None:
    class Full(Kept):
        def write(self, piece: object) -> int:
            raise OSError(28, "No space left on device")

    message = IncomingMessage(1000, Full())
    assert message.feed(b"a\r\n") is None
    assert message.feed(b"b\r\n.\r\nNOOP\r\n") == b"NOOP\r\n"
    assert str(message.trouble) == "[Errno 28] No space left on device"
