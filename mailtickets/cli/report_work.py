"""The work of `mailtickets report`: the period is read, the figures are gathered, and the report is written."""

import argparse
import json
import os
import sys
from collections.abc import Iterator, Sequence
from datetime import datetime
from importlib.util import find_spec
from pathlib import Path
from stat import S_IWOTH
from tempfile import NamedTemporaryFile
from zoneinfo import ZoneInfo

from mailtickets.cli import BAD_USAGE, DONE, REFUSED, Stop
from mailtickets.cli.desk import opened
from mailtickets.cli.report import FORMATS
from mailtickets.cli.session import user_name
from mailtickets.config.nearest import nearest
from mailtickets.config.places import shipped
from mailtickets.desk.figures.periods import period_of
from mailtickets.desk.figures.report import DeskReport
from mailtickets.desk.figures.wording import word
from mailtickets.desk.model.policy import Policy
from mailtickets.gateway import charts as pictures
from mailtickets.gateway.clerk import Clerk, utc_now
from mailtickets.store.read.reader import within
from mailtickets.store.read.report import ReportWanted, read
from mailtickets.views import charts
from mailtickets.views.reports import html, sheet
from mailtickets.views.reports.as_json import as_json
from mailtickets.views.reports.lines import lines
from mailtickets.words import locales

MAX_LINKS = 40
"""As many as Linux follows; `resolve` names a circle of links."""
_ENDINGS = {f".{form}": form for form in FORMATS} | {".txt": "text", ".htm": "html"}


def run(args: argparse.Namespace) -> int:
    """Exits 2 for a period, a queue or a form that is none, 1 if the file cannot be written."""
    form, out = _form(args), None if str(args.out) == "-" else args.out
    if form == "pdf" and out is None and sys.stdout.isatty():
        raise Stop(BAD_USAGE, "a PDF is nothing for a terminal: name a file, as with --out report.pdf")
    with opened(args) as clerk:
        now, policy = utc_now(), clerk.rules.policy
        wanted = _wanted(args, policy, now)
        report = _read(clerk, wanted, now)
    locale = args.locale or policy.instance.locale
    octets = _octets(form, report, locale, policy, now, excel=args.excel)
    if out is None:
        _print(octets)
    else:
        _write(out, octets)
    return DONE


def _form(args: argparse.Namespace) -> str:
    """The form that is wanted. Ends the command if two are, or if it cannot be made."""
    asked = {form for form, wanted in (("json", args.json), ("csv", args.excel), (args.format, args.format)) if wanted}
    if len(asked) > 1:
        raise Stop(BAD_USAGE, f"a report has one form, and this asks for {' and '.join(sorted(asked))}")
    form = str(next(iter(asked), _ENDINGS.get(args.out.suffix.lower(), "text") if args.out else "text"))
    if form == "pdf" and find_spec("fpdf") is None:
        raise Stop(BAD_USAGE, "--format pdf needs fpdf2, which is not installed: pip install 'mailtickets[pdf]'")
    return form


def _wanted(args: argparse.Namespace, policy: Policy, now: datetime) -> ReportWanted:
    names = [queue.name for queue in policy.queues]
    for name in args.queue:
        if name not in names:
            raise Stop(BAD_USAGE, f"there is no queue {name!r}{nearest(name, names)}")
    try:
        today = now.astimezone(ZoneInfo(policy.instance.timezone)).date()
        period = period_of(args.since, args.until, today)
    except ValueError as error:
        raise Stop(BAD_USAGE, str(error)) from error
    return ReportWanted(period, tuple(dict.fromkeys(args.queue)), args.by)


def _read(clerk: Clerk, wanted: ReportWanted, now: datetime) -> DeskReport:
    with clerk.database.looking() as connection:
        return read(within(connection), wanted, clerk.rules.policy, now)


# --- forms ----------------------------------------------------------------------------------------------------


def _octets(form: str, report: DeskReport, locale: str, policy: Policy, now: datetime, *, excel: bool) -> bytes:
    desk = policy.instance.name
    here = now.astimezone(ZoneInfo(policy.instance.timezone))
    made = word(locale, "made_by").format(locales.date(here, locale))
    match form:
        case "json":
            return f"{json.dumps(as_json(report), ensure_ascii=False, indent=2)}\n".encode()
        case "csv":
            return sheet.for_excel(report, locale) if excel else sheet.text(report, locale).encode()
        case "html":
            return html.page(report, locale, desk=desk, made=made).encode()
        case "pdf":
            return _pdf(report, locale, desk, here, made)
    return "".join(f"{line}\n" for line in lines(report, locale)).encode()


def _pdf(report: DeskReport, locale: str, desk: str, here: datetime, made: str) -> bytes:
    from mailtickets.views.reports import pdf  # needs the extra, and costs half a second

    font = shipped("fonts") / "DejaVuSans.ttf"
    drawn = _pictures(report, locale)
    return pdf.document(report, locale, drawn, font=font, desk=desk, made=here, made_by=made)


def _pictures(report: DeskReport, locale: str) -> Sequence[tuple[bytes, str]]:
    """The charts. If they cannot be drawn, there are none, and stderr says why."""
    which = html.worth_showing(report)
    made = pictures.png([charts.svg(report, one, locale) for one in which])
    if isinstance(made, pictures.NoPictures):
        print(f"mailtickets: {made.text}", file=sys.stderr)
        return []
    return [(png, charts.alt(report, one, locale)) for png, one in zip(made, which, strict=True)]


# --- where it goes --------------------------------------------------------------------------------------------


def _print(octets: bytes) -> None:
    sys.stdout.flush()
    try:
        sys.stdout.buffer.write(octets)
        sys.stdout.buffer.flush()
    except BrokenPipeError:
        raise
    except OSError as error:  # `> report.txt` on a full disk
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # or the interpreter complains at exit
        raise Stop(REFUSED, f"the report could not be written: {error.strerror}") from error


def _write(out: Path, octets: bytes) -> None:
    """Writes the file whole, or not at all. A pipe or a device is written to."""
    try:
        _check_links(out.absolute())
        target = out.resolve()
        if target.exists() and not target.is_file():
            target.write_bytes(octets)
        else:
            _replace(target, octets)
    except PermissionError as error:
        raise Stop(REFUSED, f"{out}: the user {user_name(os.geteuid())} may not write there") from error
    except OSError as error:
        raise Stop(REFUSED, f"{out}: {error.strerror}") from error


def _check_links(out: Path) -> None:
    """Ends the command if a link on the way to the file may have been planted: it stands in a folder where everybody
    may write (`/tmp`), and is neither ours nor of the folder's owner. Linux refuses to follow such links, too, if
    `fs.protected_symlinks` is set; `resolve` would go around that."""
    for path in _links(out):
        folder, link = path.parent.stat(), path.lstat()
        if folder.st_mode & S_IWOTH and link.st_uid not in (os.geteuid(), folder.st_uid):
            raise Stop(REFUSED, f"{out}: {path} is a link of another user, and is not followed")


def _links(path: Path) -> Iterator[Path]:
    """The links that lead to a file, one after the other."""
    for _ in range(MAX_LINKS):
        part = next((one for one in reversed((path, *path.parents)) if one.is_symlink()), None)
        if part is None:
            return
        yield part
        path = part.parent / part.readlink() / path.relative_to(part)


def _replace(target: Path, octets: bytes) -> None:
    """Writes another file beside it first. The new file has the mode of the old one."""
    mode = target.stat().st_mode & 0o777 if target.exists() else 0o666 & ~_umask()
    with NamedTemporaryFile(dir=target.parent, prefix=f".{target.name[:100]}.", delete=False) as new:
        try:
            new.write(octets)
            new.flush()
            os.fchmod(new.fileno(), mode)
            os.fsync(new.fileno())
            Path(new.name).replace(target)
        except OSError:
            Path(new.name).unlink(missing_ok=True)
            raise


def _umask() -> int:
    mask = os.umask(0o077)
    os.umask(mask)
    return mask
