"""Lists the texts of notices and ready answers, and shows one of them with sample data."""

import argparse

from mailtickets.cli import BAD_USAGE, DONE, REFUSED, Stop
from mailtickets.cli.desk import configuration
from mailtickets.cli.session import add_page, print_json, print_table
from mailtickets.config.values import LOCALES
from mailtickets.desk.letters.canned import canned, canned_commands
from mailtickets.desk.letters.canned_files import canned_names
from mailtickets.desk.letters.checking import check
from mailtickets.desk.letters.render import render
from mailtickets.desk.letters.samples import sample
from mailtickets.desk.letters.sandbox import Templates
from mailtickets.desk.notices.rows import NOTICES, named
from mailtickets.gateway.rules import rules_of

_READY = "canned/"


def configure(parser: argparse.ArgumentParser) -> None:
    verbs = parser.add_subparsers(dest="verb", required=True, metavar="VERB")
    add_page(verbs.add_parser("list", help="list every notice and ready answer, and its file"))
    preview = verbs.add_parser("preview", help="show a notice or a ready answer with sample data")
    preview.add_argument("notice", metavar="NOTICE", help=f"{', '.join(NOTICES)}, or canned/NAME")
    preview.add_argument("--locale", choices=LOCALES)
    preview.add_argument("--html", action="store_true", help="show the HTML part instead of the text")


def run(args: argparse.Namespace) -> int:
    config = configuration(args)
    templates = rules_of(config, ()).templates
    if args.verb == "preview":
        locale = args.locale or config.instance.locale
        if args.notice.startswith(_READY):
            return _preview_ready(templates, args.notice.removeprefix(_READY), locale)
        return _preview(templates, args.notice, locale, html=args.html)
    return _list(templates, args)


def _preview(templates: Templates, name: str, locale: str, *, html: bool) -> int:
    notice = named(name)
    if notice is None:
        raise Stop(BAD_USAGE, f"there is no notice {name!r}; there are {', '.join(NOTICES)}, and canned/NAME")
    words = render(templates, notice, locale, sample(notice, locale))
    for problem in words.problems:
        raise Stop(REFUSED, f"{problem.file}:{problem.line}: {problem.message}")
    if html:
        print(words.html or "", end="")
    else:
        print(f"Subject: {words.subject}\n\n{words.text}", end="")
    return DONE


def _preview_ready(templates: Templates, name: str, locale: str) -> int:
    try:
        print(canned(templates, name, locale, sample("answer", locale)))
        if carried := canned_commands(templates, name, locale):
            print(f"\n{carried}")
    except KeyError:
        names = ", ".join(canned_names(templates, locale)) or "none"
        raise Stop(REFUSED, f"no ready answer {name!r} that works in {locale}; there are: {names}") from None
    return DONE


def _list(templates: Templates, args: argparse.Namespace) -> int:
    files: list[tuple[str, str, str]] = [
        (notice, locale, f"{locale}/{notice}.{end}")
        for notice in NOTICES
        for locale in LOCALES
        for end in ("txt", "html")
    ]
    files += [
        (f"{_READY}{name}", locale, f"{_READY}{locale}/{name}.txt")
        for locale in LOCALES
        for name in canned_names(templates, locale)
    ]
    broken = {problem.file: f"line {problem.line}: {problem.message}" for problem in check(templates)}
    rows = [
        {
            "notice": notice,
            "locale": locale,
            "file": file,
            "source": "own" if file in templates.overrides else "built-in",
            "problem": broken.pop(file, None),
        }
        for notice, locale, file in files
    ]
    rows += [
        {"notice": None, "locale": None, "file": file, "source": "own", "problem": problem}
        for file, problem in broken.items()
    ]
    page = rows[args.after or 0 :][: args.limit]
    if args.json:
        print_json(page)
    else:
        print_table(("FILE", "SOURCE", "PROBLEM"), [(r["file"], r["source"], r["problem"]) for r in page])
    return REFUSED if any(row["problem"] for row in rows) else DONE
