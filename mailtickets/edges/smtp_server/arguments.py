"""The arguments of MAIL and RCPT: paths and parameters (RFC 5321, 4.1.2)."""

import re
from collections.abc import Mapping, Sequence

from mailtickets.edges.smtp_server.replies import NO_SPACE, TOO_LARGE, Refusal
from mailtickets.edges.smtp_server.settings import Settings

# RFC 3461 parameters are understood and ignored. DSN is not announced: then the relay before us writes the
# success reports that senders ask for, which we would otherwise have to write ourselves.
MAIL_PARAMETERS = frozenset({"SIZE", "BODY", "SMTPUTF8", "RET", "ENVID"})
RCPT_PARAMETERS = frozenset({"NOTIFY", "ORCPT"})
_LOCAL_PART = r'(?:"(?:[^"\\\x00-\x1f\x7f]|\\[^\x00-\x1f\x7f])*"|[^\s"<>()\[\],;:\\@\x00-\x1f\x7f]+)'
_DOMAIN = r'(?:\[[^\[\]\s<>\x00-\x1f\x7f]+\]|[^\s"<>()\[\],;:\\@\x00-\x1f\x7f]+)'
_MAILBOX = rf"{_LOCAL_PART}(?:@{_DOMAIN})?"
# RFC 5321, 4.1.2. A source route is dropped (appendix C), missing angle brackets are accepted.
_PATH = re.compile(rf"\s*(?:<(?:@[^:<>\s]+:)?(?P<path>{_MAILBOX})?>|(?P<bare>{_MAILBOX}))(?P<rest>(?:\s.*)?)")
_PARAMETER = re.compile(r"([A-Za-z0-9][A-Za-z0-9-]*)(?:=([^\s=\x00-\x1f\x7f]+))?")


def parse_path(arg: str, keyword: str, refusal: str, known: frozenset[str]) -> tuple[str, Mapping[str, str]]:
    """`FROM:<a@b> SIZE=3` -> (a@b, {SIZE: 3}). The null path is empty. `refusal` is the code for a bad address."""
    if not arg[: len(keyword)].upper() == keyword:
        raise Refusal(f"501 5.5.4 {keyword}<address> was expected")
    found = _PATH.fullmatch(arg[len(keyword) :])
    if found is None or not _is_utf8(arg):
        raise Refusal(f"{refusal} That is no address")
    return found["path"] or found["bare"] or "", parse_parameters(found["rest"].split(), known)


def _is_utf8(text: str) -> bool:
    """False if aiosmtpd has kept bytes that are not UTF-8 as surrogates."""
    return text.isascii() or not any("\ud800" <= character <= "\udfff" for character in text)


def parse_parameters(words: Sequence[str], known: frozenset[str]) -> Mapping[str, str]:
    """Keywords in upper case, with their values. The value is empty if the keyword has none."""
    parameters: dict[str, str] = {}
    for word in words:
        found = _PARAMETER.fullmatch(word)
        if found is None or found[1].upper() in parameters:
            raise Refusal("501 5.5.4 The parameters cannot be read")
        parameters[found[1].upper()] = found[2] or ""
    if not parameters.keys() <= known:
        raise Refusal("555 5.5.4 There are parameters that are not implemented")
    return parameters


def check_mail_parameters(parameters: Mapping[str, str], settings: Settings) -> None:
    size = parameters.get("SIZE", "0")
    if not re.fullmatch(r"[0-9]{1,20}", size):  # RFC 1870, section 4
        raise Refusal("501 5.5.4 SIZE is a number of octets")
    if int(size) > settings.max_message_bytes:
        raise Refusal(TOO_LARGE)
    if not settings.spool.has_room(int(size)):
        raise Refusal(NO_SPACE)
    if parameters.get("BODY", "7BIT").upper() not in {"7BIT", "8BITMIME"}:
        raise Refusal("501 5.5.4 BODY is 7BIT or 8BITMIME")
    if parameters.get("SMTPUTF8"):
        raise Refusal("501 5.5.4 SMTPUTF8 takes no value")
