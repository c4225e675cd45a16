"""Messages made to hurt a reader, each small to send: name -> octets."""

HEAD = b"From: a@cliente.test\nDate: Mon, 3 Mar 2025 10:12:11 -0300\nSubject: x\n"


def _body(text: bytes, content_type: bytes = b"text/plain; charset=utf-8") -> bytes:
    return HEAD + b"Content-Type: " + content_type + b"\n\n" + text


def _nested(depth: int, filler: bytes) -> bytes:
    opened = b"".join(
        b"Content-Type: multipart/mixed; boundary=b%d\n\n--b%d\n" % (level, level) for level in range(depth)
    )
    return HEAD + opened + b"Content-Type: text/plain\n\n" + filler


def _nested_messages(depth: int) -> bytes:
    return HEAD + b"Content-Type: message/rfc822\n\n" * depth + b"Content-Type: text/plain\n\nx"


BOMBS: dict[str, bytes] = {
    "subject of a megabyte of encoded words": HEAD + b"Subject: " + b"=?utf-8?q?a?= " * 70_000 + b"\n\nx",
    "subject of unfinished encoded words": b"Subject: " + b"=?a?q?" * 100_000 + b"\n\nx",
    "from of open brackets": b"From: " + b"(" * 500_000 + b"\n\nx",
    "from of angles and quotes": b"From: " + b'<"' * 200_000 + b"\n\nx",
    "fifty thousand addresses": HEAD + b"To: " + b"a@b.test, " * 50_000 + b"\n\nx",
    "five thousand received": b"Received: from a by b; Mon, 3 Mar 2025 10:12:11 -0300\n" * 5_000 + HEAD + b"\nx",
    "a hundred thousand headers": b"X-A: b\n" * 100_000 + HEAD + b"\nx",
    "one header of ten megabytes": HEAD + b"X-A: " + b"b" * 10_000_000 + b"\n\nx",
    "a header folded a million times": HEAD + b"X-A: b\n" + b" c\n" * 1_000_000 + b"\nx",
    "a hundred thousand parameters": HEAD + b"Content-Type: text/plain" + b"; a=b" * 100_000 + b"\n\nx",
    "parameters in a hundred thousand sections": HEAD
    + b"Content-Type: text/plain"
    + b"".join(b"; name*%d=b" % number for number in range(50_000))
    + b"\n\nx",
    "references of a megabyte": HEAD + b"References: " + b"<a@b> " * 160_000 + b"\n\nx",
    "multiparts four hundred deep with a megabyte": _nested(400, b"x\n" * 500_000),
    "a hundred thousand empty parts": HEAD
    + b"Content-Type: multipart/mixed; boundary=b\n\n"
    + b"--b\n\n" * 100_000
    + b"--b--\n",
    "messages a thousand deep": _nested_messages(1_000),
    "boundary lines that are none": HEAD + b"Content-Type: multipart/mixed; boundary=b\n\n" + b"--bx\n" * 500_000,
    "a megabyte of on and at": _body(b" on xxx at yyy" * 75_000),
    "a megabyte of on in lines": _body(b"On Mon, Mar 3, 2025 at 10:12 AM\n" * 30_000),
    "a megabyte of attributions": _body(b"On Mon, Mar 3, 2025 at 10:12 AM a@b.test wrote:\n" * 20_000),
    "a megabyte of blank lines": _body(b"\n" * 1_000_000),
    "a megabyte of quote marks": _body(b">" * 1_000_000),
    "a megabyte of quoted lines": _body(b"> a\n\nb\n" * 150_000),
    "a megabyte of rules": _body(b"-----\n" * 170_000),
    "a megabyte of header keys": _body(b"From: a\n" * 125_000),
    "a megabyte of one letter": _body(b"a" * 1_000_000),
    "a megabyte of dashes": _body(b"-" * 1_000_000),
    "a megabyte of blanks": _body(b" " * 1_000_000),
    "a megabyte of underscores and spaces": _body(b"_ " * 500_000),
    "a megabyte of colons": _body(b":" * 1_000_000),
    "a megabyte of begin lines": _body(b"begin 644 a\n" * 80_000 + b"end\n"),
    "a megabyte of ybegin lines": _body(b"=ybegin name=a\n" * 70_000),
    "html twenty thousand deep": _body(b"<div>" * 20_000, b"text/html"),
    "html of tables in tables": _body(b"<table><tr><td>" * 60_000, b"text/html"),
    "html of open comments": _body(b"<!--" * 250_000, b"text/html"),
    "html of open attributes": _body(b'<a href="' * 100_000, b"text/html"),
    "html of less-thans": _body(b"<" * 1_000_000, b"text/html"),
    "html of paragraphs": _body(b"<p>a" * 100_000, b"text/html"),
    "html of blockquotes": _body(b"<blockquote>" * 100_000, b"text/html"),
    "html of entities": _body(b"&amp" * 250_000, b"text/html"),
    "html of line breaks": _body(b"<br>" * 250_000, b"text/html"),
    "html of links": _body(b"<a href='http://a.test/b'>c</a>" * 30_000, b"text/html"),
    "html of cells": _body(b"<table><tr>" + b"<td>a</td>" * 100_000, b"text/html"),
    "enriched of params": _body(b"<param>" * 150_000, b"text/enriched"),
    "flowed lines without end": _body(b"a \n" * 330_000, b"text/plain; format=flowed"),
    "base64 of padding": HEAD + b"Content-Transfer-Encoding: base64\n\n" + b"QQ==" * 250_000,
    "quoted-printable of equals and blanks": HEAD
    + b"Content-Transfer-Encoding: quoted-printable\n\n"
    + b"= " * 500_000,
    "calendar of lines": _body(b"BEGIN:VCALENDAR\nBEGIN:VEVENT\n" + b"SUMMARY;A=B:c\n" * 70_000, b"text/calendar"),
    "s/mime of nested octet strings": HEAD + b"Content-Type: application/pkcs7-mime\n\n" + b"\x24\x80" * 500_000,
    "tnef of nothing": HEAD
    + b"Content-Type: application/ms-tnef; name=winmail.dat\n\n\x78\x9f\x3e\x22"
    + b"\x01" * 9_999,
    "message id of a megabyte": HEAD + b"Message-ID: <" + b"a" * 1_000_000 + b"@b>\n\nx",
    "carriage returns alone": HEAD + b"\n" + b"\r" * 1_000_000,
    "nul alone": b"\0" * 1_000_000,
}
