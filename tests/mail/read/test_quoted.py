"""What a mail answers, from the beginning of it alone."""

import pytest

from mailtickets.mail.read.quoted import HEAD_BYTES, message_id, quoted, tags


@pytest.mark.parametrize(
    ("head", "answers"),
    [
        (b"In-Reply-To: <a@x.test>\r\nReferences: <z@x.test> <a@x.test>\r\n\r\n<b@x.test>", ["a@x.test"]),
        (b"References: <z@x.test>\r\n\t<a@x.test>\r\n\r\n", ["a@x.test"]),
        (b"in-reply-to: <a@x.\n test>\nSubject: x\n\nIn-Reply-To: <b@x.test>\n", ["a@x.test"]),
        (b"Subject: In-Reply-To: <a@x.test>\r\n\r\n", []),
        (b"In-Reply-To: =?utf-8?q?=3Ca=40x.test=3E?=\r\n\r\n", ["a@x.test"]),
        (b"", []),
        (b"\x00\xff\xfe", []),
    ],
)
def test_the_ids_that_a_mail_answers(head: bytes, answers: list[str]) -> None:
    assert list(quoted(head).answers) == answers


def test_tags_are_those_of_all_addresses_a_mail_went_to() -> None:
    head = b"To: Desk <suporte+AAA@desk.test>, x@y.test\r\nCc: vendas+bbb@desk.test\r\nFrom: me+ccc@x.test\r\n\r\n"
    assert quoted(head, ["suporte+ddd@desk.test"]).tags == ("ddd", "aaa", "bbb")


def test_a_tag_is_what_stands_between_plus_and_at() -> None:
    assert tags(["plain@x.test", "a+b+c@x.test", "a+@x.test", f"a+{'x' * 65}@x.test"]) == ["c"]


def test_a_mail_names_itself() -> None:
    assert message_id(b"Message-ID: <a@x.test>\r\n\r\nMessage-ID: <b@x.test>\r\n") == "a@x.test"
    assert message_id(b"Subject: x\r\n\r\n") is None


def test_what_lies_beyond_the_beginning_is_not_read() -> None:
    assert quoted(b"X: " + b"a" * HEAD_BYTES + b"\r\nIn-Reply-To: <a@x.test>\r\n\r\n").answers == ()
