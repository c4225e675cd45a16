"""The way out: the smarthost or the Maildir, and a test message."""

from collections.abc import Iterable
from dataclasses import replace

from mailtickets.cli.check import roundtrip
from mailtickets.cli.check.subject import Subject
from mailtickets.edges.out.maildir import MaildirOut
from mailtickets.edges.out.smtp import SmtpOut, SmtpOutSettings
from mailtickets.views.check import CheckLine, ok


async def lines(subject: Subject) -> Iterable[CheckLine]:
    config = subject.config
    if config.delivery.method == "maildir":
        out: MaildirOut | SmtpOut = MaildirOut(config.maildir)
        found = [ok("delivery", f"mail is put into {config.maildir}, not sent")]
    else:
        out = SmtpOut(replace(SmtpOutSettings.of(config), credential=subject.credential(config.delivery)))
        probe = await out.probe()
        found = [CheckLine("ok" if one.ok else "wrong", "delivery", one.text) for one in probe.findings]
    if subject.send:
        told = await roundtrip.findings(config, out, subject.send)
        found += [CheckLine("ok" if right else "wrong", f"--send {subject.send}", text) for right, text in told]
    await out.close()
    return found
