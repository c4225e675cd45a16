"""Which domains belong together: alignment as DMARC means it (RFC 7489, 3.1).

Owns: the organisational domain, by the public suffix list that comes with its package; no network is asked.
Fails with: nothing.
Limits: a public suffix that is younger than the installed list counts as somebody's domain.
"""

from functools import cache, lru_cache

from publicsuffixlist import PublicSuffixList

from mailtickets.mail.write.compose import to_ascii


def normal(domain: str) -> str:
    """The domain as DNS writes it: lower case, A-labels, no final dot."""
    return to_ascii(domain.strip().rstrip(".")).lower()


def domain_of(mailbox: str) -> str:
    """The domain of an addr-spec or of a bare domain, with or without angle brackets, as DNS has it.

    It is compared with other domains, and stored with each copy in the outbox, where copies are counted by it.
    """
    return normal(mailbox.strip().strip("<>").rpartition("@")[2])


def aligned(domain: str, author_domain: str, *, strict: bool = False) -> bool:
    """Whether the two domains are aligned (RFC 7489, 3.1). An empty domain is aligned with none."""
    one, other = normal(domain), normal(author_domain)
    if not one or not other:
        return False
    return one == other or (not strict and organizational(one) == organizational(other))


@lru_cache(maxsize=4096)
def organizational(domain: str) -> str:
    """The organisational domain: mail.loja.com.br -> loja.com.br. A public suffix is returned unchanged."""
    name = normal(domain)
    return _suffixes().privatesuffix(name) or name


@cache
def _suffixes() -> PublicSuffixList:
    return PublicSuffixList()
