"""What somebody wrote now, as a file: it goes along with a notice that shows only the beginning of it.

Owns: the file's name and octets, the same whenever they are made of the same mail, so that it can be made again.
Fails with: nothing.
"""

import hashlib

from mailtickets.mail.model import Attachment, InboundMail

FILENAME = "e-mail.txt"
"""The word is the same in all our locales."""


def text_file(mail: InboundMail) -> Attachment:
    """The mail's own words, without the history below them."""
    content = mail.reply.encode("utf-8", "replace")
    digest = hashlib.sha256(content).hexdigest()
    return Attachment(FILENAME, "text/plain", len(content), digest, inline=False, content_id=None, content=content)
