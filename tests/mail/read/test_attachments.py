"""What may be attached to a notice about a mail, found again by its digest."""

import hashlib

from mailtickets.mail.read.attachments import of_read, of_unread, picked
from mailtickets.mail.read.parse import parse

RAW = (
    b"From: maria@cliente.test\r\nSubject: Foto\r\nMIME-Version: 1.0\r\n"
    b'Content-Type: multipart/mixed; boundary="b"\r\n\r\n'
    b"--b\r\nContent-Type: text/plain\r\n\r\nSegue a foto.\r\n"
    b'--b\r\nContent-Type: image/png; name="foto.png"\r\nContent-Disposition: attachment; filename="foto.png"\r\n\r\n'
    b"not really a picture\r\n--b--\r\n"
)


def test_the_mail_as_it_came_is_found_without_reading_it() -> None:
    digest = hashlib.sha256(RAW).hexdigest()
    (file,) = picked(of_unread(RAW), [digest])
    assert (file.filename, file.content) == ("message.eml", RAW)


def test_of_a_mail_that_was_read_its_files_its_text_and_itself_are_found_in_the_order_asked_for() -> None:
    mail = parse(RAW)
    found = of_read(RAW, mail)
    text = hashlib.sha256(mail.reply.encode()).hexdigest()
    wanted = [mail.attachments[0].sha256, text, hashlib.sha256(RAW).hexdigest()]
    assert [file.filename for file in picked(found, wanted)] == ["foto.png", "e-mail.txt", "message.eml"]
    assert [file.filename for file in picked(found, wanted[::-1])] == ["message.eml", "e-mail.txt", "foto.png"]


def test_a_digest_that_no_attachment_has_is_left_out() -> None:
    assert picked(of_unread(RAW), ["0" * 64]) == ()
