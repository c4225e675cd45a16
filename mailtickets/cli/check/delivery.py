"""The way out: the smarthost with its limits, or the Maildir; and the test message of --send."""

from collections.abc import Iterable, Iterator
from dataclasses import replace
from datetime import datetime

from aiosmtplib import SMTPException, SMTPResponseException

from mailtickets.cli.check import clock, roundtrip
from mailtickets.cli.check.inquiry import Inquiry
from mailtickets.config.credentials import CredentialDead
from mailtickets.config.models import Config
from mailtickets.config.providers import provider_at
from mailtickets.edges import reach
from mailtickets.edges.out.advice import login_hint
from mailtickets.edges.out.login import LoginFailed
from mailtickets.edges.out.maildir import MaildirOut
from mailtickets.edges.out.session import NoConnection
from mailtickets.edges.out.settings import Timeouts
from mailtickets.edges.out.smtp import Probe, SmtpOut, SmtpOutSettings
from mailtickets.edges.sasl import NoTokenLogin, TokenRefused
from mailtickets.views.check import CheckLine, ok, warning, wrong

ABOUT = "delivery"
_TIMEOUTS = Timeouts(connect=10, command=30, data=30, final_dot=60)
_SMALL_OCTETS = 10_000_000
_THROTTLED = 400


async def lines(inquiry: Inquiry) -> Iterable[CheckLine]:
    config = inquiry.config
    if config.delivery.method == "maildir":
        found = [ok(ABOUT, f"mail is put into {config.maildir}, not sent")]
        maildir = MaildirOut(config.maildir)
        return [*found, *await roundtrip.lines(config, maildir, inquiry.send)] if inquiry.send else found
    settings = SmtpOutSettings.of(config)
    out = SmtpOut(replace(settings, credential=inquiry.credential(config.delivery), timeouts=_TIMEOUTS))
    try:
        before = clock.now()
        probe = await out.probe()
        found = [*_smarthost(config, probe), *_clock(config, probe, before)]
        if inquiry.send:
            found += await roundtrip.lines(config, out, inquiry.send)
        return found
    finally:
        await out.close()


def _smarthost(config: Config, probe: Probe) -> Iterator[CheckLine]:
    for one in probe.findings:
        if one.ok:
            yield ok(ABOUT, one.text)
    if probe.trouble is not None:
        yield _trouble(config, probe.trouble)
        return
    if probe.limits:
        yield ok(ABOUT, f"{config.delivery.host} says its limits: {probe.limits}")
    if probe.max_size and probe.max_size < _SMALL_OCTETS:
        text = f"{config.delivery.host} takes messages up to {probe.max_size / 1e6:.1f} MB only"
        yield warning(ABOUT, text, "answers with larger attachments go out without them: ask for a higher limit there")
    yield from _pace(config)


def _pace(config: Config) -> Iterator[CheckLine]:
    """Whether we may send faster than a provider lets us."""
    given, provider = config.delivery, provider_at(config.delivery.host)
    for key in ("max_per_minute", "max_per_day"):
        limit, own = getattr(provider, key, 0), getattr(given, key)
        if limit and not 0 < own <= limit:
            text = f"{own or 'no limit'}, and {given.host} slows down or locks accounts above some {limit}"
            yield warning(f"delivery.{key}", text, f"set delivery.{key} = {limit}")


def _clock(config: Config, probe: Probe, before: datetime) -> Iterator[CheckLine]:
    if theirs := clock.date_in(probe.greeting):
        yield clock.compared(config.delivery.host, theirs, before, clock.now())


# --- what to do about trouble -------------------------------------------------------------------------


def _trouble(config: Config, trouble: NoConnection) -> CheckLine:
    cause, given = trouble.__cause__, config.delivery
    match cause:
        case CredentialDead():
            return wrong(ABOUT, f"login at {given.host}: {cause.reason}", cause.advice)
        case TokenRefused() | LoginFailed():
            return _refused_login(config, str(trouble))
        case NoTokenLogin():
            then = f"see with the provider whether {given.host} takes tokens; otherwise log in by password_file"
            return wrong(ABOUT, str(trouble), then)
    return wrong(ABOUT, str(trouble), _remedy(config, cause))


def _refused_login(config: Config, text: str) -> CheckLine:
    given = config.delivery
    method = config.credential(given).method
    hint = login_hint(given.host, method, text).removeprefix("; ")
    said = text.replace(f"; {hint}", "") if hint else text
    if hint:
        return wrong(ABOUT, said, hint)
    if method == "token":
        return wrong(ABOUT, said, "mailtickets oauth status; then look at what the provider lets this application do")
    key = "delivery.password_env" if given.password_env else "delivery.password_file"
    return wrong(ABOUT, said, f"put the present password of {given.username} where {key} says")


def _remedy(config: Config, cause: BaseException | None) -> str:
    given = config.delivery
    if cause is not None and (found := reach.remedy(cause, given.host, given.port)):
        return found
    match cause:
        case SMTPResponseException(code=int(code)) if _THROTTLED <= code < _THROTTLED + 100:
            return f"wait some minutes and run it again; if it lasts, ask whoever runs {given.host}"
        case SMTPResponseException():
            return f"ask whoever runs {given.host} why it refuses this machine"
        case SMTPException() if "STARTTLS" in str(cause):
            return 'use the port for TLS from the first octet if there is one: tls = "implicit", port = 465'
        case SMTPException() if "no login" in str(cause):
            return f"see that {given.port} is the port for users (587 or 465), not the one for other servers (25)"
        case KeyError() | OSError():
            return "see that delivery.password_file names the password, and that this user may read it"
    return f"see that {given.host}:{given.port} is the smarthost, and that delivery.tls fits the port (465: implicit)"
