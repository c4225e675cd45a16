"""Makes a text file of what somebody wrote now, to attach to a notice that shows only the beginning of that text.

Owns: the file's name and octets. The same mail always gives the same file, so that the file can be made again.
Fails with: nothing.
"""

import hashlib

from mailtickets.mail.model import Attachment, InboundMail
from mailtickets.words.secrets import masked

FILENAME = "e-mail.txt"
"""The file name is the same in all our locales."""


def text_file(mail: InboundMail) -> Attachment:
    """The mail's own text as an attachment, without the history below it, card numbers and passwords.

    `mail` is the mail as `parse` returns it: the file is made again from the raw mail when a notice is sent, and what
    is known of its author's signature may be different then.
    """
    return _file(masked(mail.reply))


def unmasked_text_file(mail: InboundMail) -> Attachment:
    """The file as it was made until 2026, for notices that were queued then."""
    return _file(mail.reply)


def _file(text: str) -> Attachment:
    content = text.encode("utf-8", "replace")
    digest = hashlib.sha256(content).hexdigest()
    return Attachment(FILENAME, "text/plain", len(content), digest, inline=False, content_id=None, content=content)
