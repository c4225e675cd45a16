"""The doors by which mail comes in: what is believed of a message that came through one, and who is told what of it."""

from dataclasses import dataclass
from typing import Literal, Self

Answers = Literal["once", "each-recipient", "nobody"]

_IMAP = "imap:"


@dataclass(frozen=True, slots=True)
class Door:
    """One way in."""

    name: str
    """`smtp`, `lmtp`, `imap:ACCOUNT` or `import`: what is stored with a message and shown in lists."""
    answers: Answers = "once"
    """How the client is told what became of a message: by one reply (SMTP), by a reply for each recipient (LMTP, RFC
    2033, 4.2), or not at all (IMAP: nobody waits, and nobody sends the message a second time)."""
    is_public: bool = False
    """Servers of strangers deliver here: their address is checked by SPF, and mail that is not wanted is refused while
    they wait."""
    is_behind_a_server: bool = False
    """A server has looked at the message before. If the envelope is trusted, the Authentication-Results of that server
    are read instead of asking DNS."""
    account: str | None = None
    """The IMAP account whose server that is; None when it is the relay before SMTP and LMTP."""
    is_history: bool = False
    """What comes in here is old: somebody imports it. Nobody is written to because of it, and nothing is carried
    out."""

    @property
    def kind(self) -> str:
        """The name without the account: `smtp`, `lmtp`, `imap`."""
        return self.name.partition(":")[0]

    @classmethod
    def imap(cls, account: str) -> Self:
        """The mailbox of a configured account."""
        return cls(f"{_IMAP}{account}", answers="nobody", is_behind_a_server=True, account=account)

    @classmethod
    def named(cls, name: str) -> "Door":
        """The door whose name was stored with a message. A name that is not known is a door of which nothing is
        believed."""
        if name.startswith(_IMAP):
            return cls.imap(name.removeprefix(_IMAP))
        return next((door for door in (SMTP, LMTP, IMPORT) if door.name == name), cls(name))


SMTP = Door("smtp", is_public=True, is_behind_a_server=True)
LMTP = Door("lmtp", answers="each-recipient", is_behind_a_server=True)
IMPORT = Door("import", answers="nobody", is_history=True)
"""Old mail that somebody imports. No server has looked at it for us: nothing in it is believed."""
