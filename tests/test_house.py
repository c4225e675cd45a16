"""What holds for the house: pure rooms, one schema; one list of keys, of reasons, of notices, of commands."""

import ast
import re
import tomllib
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any, get_args

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from jinja2 import meta, nodes
from pydantic import BaseModel
from pydantic_core import PydanticUndefined

from mailtickets.config.models import Config
from mailtickets.config.places import shipped, template_texts
from mailtickets.config.values import LOCALES
from mailtickets.desk.commands.command import CommandKey, CommandName
from mailtickets.desk.commands.row import CommandRow
from mailtickets.desk.commands.rows import COMMANDS
from mailtickets.desk.commands.take_back import CHANGES
from mailtickets.desk.letters.render import render
from mailtickets.desk.letters.samples import bare, sample
from mailtickets.desk.letters.sandbox import Templates
from mailtickets.desk.letters.sentences import EXPECTED, HAPPENED
from mailtickets.desk.model.decision import DoneKind
from mailtickets.desk.model.reason import DeskReason
from mailtickets.desk.notices.row import NoticeName
from mailtickets.desk.notices.rows import NOTICES
from mailtickets.desk.notices.shapes import ALWAYS, COMMON
from mailtickets.desk.reasons import REASONS, sentence
from mailtickets.mail.kind import classify
from mailtickets.store import version
from mailtickets.store.database import Database
from mailtickets.store.schema import metadata
from tests.store.databases import database, migrated_file, migrated_postgres

__all__ = ["database", "migrated_file", "migrated_postgres"]

PACKAGE = Path(__file__).parent.parent / "mailtickets"
PURE = sorted(path for room in ("words", "mail", "desk") for path in (PACKAGE / room).rglob("*.py"))
CLOCKS = {"now", "utcnow", "today", "time", "time_ns", "monotonic", "perf_counter", "random", "choice", "urandom",
          "token_bytes", "uuid4", "getenv"}  # fmt: skip


def test_there_are_rooms_to_look_into() -> None:
    assert len(PURE) > 30


@pytest.mark.parametrize("path", PURE, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_mail_and_desk_ask_no_clock_no_dice_and_no_environment(path: Path) -> None:
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if (
            isinstance(node, ast.Call)
            and isinstance(node.func, ast.Attribute)
            and isinstance(node.func.value, ast.Name)
        ):
            asked = f"{node.func.value.id}.{node.func.attr}"
            assert not (node.func.attr in CLOCKS and node.func.value.id in {"datetime", "date", "time", "random", "os",
                        "uuid", "secrets"}), f"{path.name}:{node.lineno} {asked}"  # fmt: skip
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
            assert node.func.id not in {"open", "print", "input"}, f"{path.name}:{node.lineno} {node.func.id}"


# --- the schema ---------------------------------------------------------------------------------------


def test_the_migrations_make_the_schema_that_the_program_uses(database: Database) -> None:
    def differences(connection: Any) -> list[Any]:
        ours = {"include_name": lambda name, kind, _: kind != "table" or name in metadata.tables}
        found: list[Any] = compare_metadata(MigrationContext.configure(connection, opts=ours), metadata)
        return found

    assert database.transact(differences) == []


def test_the_newest_migration_is_the_one_the_program_asks_for() -> None:
    steps = sorted((PACKAGE / "store" / "migrations" / "versions").glob("[0-9]*.py"))
    assert steps[-1].stem.partition("_")[0] == version.NEWEST


def test_migrations_import_nothing_of_the_program() -> None:
    for step in (PACKAGE / "store" / "migrations").rglob("*.py"):
        assert "mailtickets" not in _imported(step), step.name


def _imported(path: Path) -> set[str]:
    """The packages that a module imports from."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {name.name.partition(".")[0] for name in node.names}
        elif isinstance(node, ast.ImportFrom):
            found.add((node.module or "").partition(".")[0])
    return found


def test_no_name_of_a_module_is_given_a_value_twice() -> None:
    twice = [f"{path.relative_to(PACKAGE)}: {name}" for path in PACKAGE.rglob("*.py") for name in _set_twice(path)]
    assert twice == []


def _set_twice(path: Path) -> list[str]:
    """Constants of a module that it sets more than once, other than one branch or another."""
    names = Counter(
        target.id
        for node in ast.parse(path.read_text(encoding="utf-8")).body
        if isinstance(node, ast.Assign | ast.AnnAssign)
        for target in (node.targets if isinstance(node, ast.Assign) else [node.target])
        if isinstance(target, ast.Name)
    )
    return [name for name, times in names.items() if times > 1]


def test_no_class_and_no_type_has_the_name_of_another() -> None:
    where: dict[str, list[str]] = {}
    for path in sorted(PACKAGE.rglob("*.py")):
        for name in _types(path):
            where.setdefault(name, []).append(str(path.relative_to(PACKAGE)))
    assert {name: places for name, places in where.items() if len(places) > 1} == {}


def _types(path: Path) -> Iterator[str]:
    """The public classes and type aliases of a module. An alias is known by its capital letter."""
    for node in ast.parse(path.read_text(encoding="utf-8")).body:
        targets = (
            node.targets if isinstance(node, ast.Assign) else [node.target] if isinstance(node, ast.AnnAssign) else []
        )
        names = [target.id for target in targets if isinstance(target, ast.Name) and not target.id.isupper()]
        names += [node.name] if isinstance(node, ast.ClassDef) else []
        yield from (name for name in names if name[0].isupper())


# --- transactions -------------------------------------------------------------------------------------

TAKE_WORK = {"transact", "share", "alone", "off_loop", "do", "do_first", "order", "draft_order", "tell"}
"""Functions that call the function they are handed: in a transaction, or in a thread of the database."""


def test_work_goes_to_a_transaction_under_a_name_that_can_be_followed() -> None:
    lambdas = [f"{path.relative_to(PACKAGE)}:{line}" for path in PACKAGE.rglob("*.py") for line in _lambdas(path)]
    assert lambdas == []


def _lambdas(path: Path) -> Iterator[int]:
    """The lines of calls that hand a lambda to one of `TAKE_WORK`."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in TAKE_WORK:
            arguments = [*node.args, *(keyword.value for keyword in node.keywords)]
            if any(isinstance(inner, ast.Lambda) for argument in arguments for inner in ast.walk(argument)):
                yield node.lineno


# --- the configuration --------------------------------------------------------------------------------

ASKED_OF_EVERYBODY = {
    "instance.name", "instance.hostname", "delivery.method", "delivery.host", "queue.name", "queue.addresses",
    "queue.display_name", "agent.name", "agent.address", "agent.queues", "imap_in.name", "imap_in.host",
    "imap_in.username", "imap_in.password_file", "imap_in.queue", "trust.agents",
    "oauth.name", "oauth.provider", "oauth.flow",
}  # fmt: skip
"""Keys of the example that show a value of somebody's own rather than the default."""
TABLES_OF_ONES_OWN = {"calendar", "service_level", "type", "field", "rule"}
"""Tables that nobody has without writing them: the example shows each as somebody might have it."""
ONLY_SAID = {"imap_in.password_env"}
"""Keys that the example names in a comment, beside another that does the same."""


def example() -> dict[str, Any]:
    """The example file, its commented tables included."""
    text = shipped("config.example.toml").read_text(encoding="utf-8")
    return tomllib.loads(re.sub(r"^# (?=\[|[a-z_]+ = )", "", text, flags=re.MULTILINE))


def keys_of_models() -> Iterator[tuple[str, Any]]:
    for name, field in Config.model_fields.items():
        section = next(
            kind for kind in _within(field.annotation) if isinstance(kind, type) and issubclass(kind, BaseModel)
        )
        for key, inner in section.model_fields.items():
            yield f"{name}.{key}", inner.default


def _within(annotation: Any) -> Iterator[Any]:
    yield annotation
    for inner in get_args(annotation):
        yield from _within(inner)


def keys_of_example() -> dict[str, Any]:
    shown: dict[str, Any] = {}
    for name, section in example().items():
        table = section[0] if isinstance(section, list) else section
        shown |= {f"{name}.{key}": tuple(v) if isinstance(v, list) else v for key, v in table.items()}
    return shown


def test_the_example_shows_every_key_there_is() -> None:
    assert set(keys_of_example()) | ONLY_SAID == {key for key, _ in keys_of_models()}


def test_the_example_shows_the_defaults() -> None:
    shown = keys_of_example()
    for key, default in keys_of_models():
        of_ones_own = key.partition(".")[0] in TABLES_OF_ONES_OWN
        if key not in ASKED_OF_EVERYBODY | ONLY_SAID and not of_ones_own and default is not PydanticUndefined:
            assert shown[key] == default, key


# --- reasons ------------------------------------------------------------------------------------------

KEBAB = re.compile(r"[a-z]+(?:-[a-z]+)+")
CODE = re.compile(r"[a-z]+(?:-[a-z]+)*")
NOT_REASONS = {
    "auto-generated", "auto-replied", "x-auto-response-suppress", "return-path", "mailer-daemon", "no-reply",
    "do-not-reply", "nao-responda", "no-responder", "delivered-to", "x-original-to", "envelope-to", "x-envelope-to",
    "x-delivered-to", "utf-8", "mail-disowned",
}  # fmt: skip
"""Header names, their values, names of mailboxes and of alarms."""


def codes(path: Path) -> set[str]:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    texts = {node.value for node in ast.walk(tree) if isinstance(node, ast.Constant) and isinstance(node.value, str)}
    return {text for text in texts if KEBAB.fullmatch(text)} - NOT_REASONS


def test_every_reason_the_desk_gives_is_listed() -> None:
    rooms = ("rules/decide", "commands/orders", "notices/plan", "claims/matching", "change")
    given = {code for name in rooms for code in codes(PACKAGE / "desk" / f"{name}.py")}
    workers = codes(PACKAGE / "gateway" / "workers.py")
    given |= {code for code in workers if code.startswith("reading")} | {"processing-failed"}
    assert given - REASONS.keys() == set()


def test_the_listed_reasons_are_those_that_the_type_checker_knows() -> None:
    assert sorted(REASONS) == sorted(get_args(DeskReason))


def test_every_listed_reason_is_given_somewhere() -> None:
    sources = " ".join(
        path.read_text(encoding="utf-8")
        for path in PACKAGE.rglob("*.py")
        if path.name not in {"reasons.py", "reason.py"}
    )
    for code in REASONS:
        assert f'"{code}"' in sources or code.partition("-")[0] in {"delivery", "budget"}, code


def test_reasons_are_kebab_case_and_have_a_sentence_of_their_own() -> None:
    for code, words in {**REASONS, **classify.REASONS}.items():
        assert CODE.fullmatch(code), code
        assert words.endswith("."), code
        assert sentence(code) == words
    assert not REASONS.keys() & classify.REASONS.keys()
    assert sentence("something-new") == "something-new"


# --- one row a notice ---------------------------------------------------------------------------------

TEMPLATES = Templates(template_texts(shipped("templates")))
PLANS = ("plan", "by_rules", "to_ops", "agents", "late", "own_mail", "for_agents", "reports")
"""Modules of `desk/notices` that make notices of what happened."""


def test_every_name_of_a_notice_has_a_row_and_nothing_else_has() -> None:
    assert tuple(NOTICES) == get_args(NoticeName)


@pytest.mark.parametrize("name", NOTICES)
def test_a_notice_has_a_plan(name: NoticeName) -> None:
    trees = [ast.parse((PACKAGE / "desk" / "notices" / f"{module}.py").read_text("utf-8")) for module in PLANS]
    assert any(isinstance(node, ast.Constant) and node.value == name for tree in trees for node in ast.walk(tree))


@pytest.mark.parametrize("name", NOTICES)
def test_a_notice_has_six_templates(name: NoticeName) -> None:
    files = {f"{locale}/{name}.{form}" for locale in LOCALES for form in ("txt", "html")}
    assert sorted(files - TEMPLATES.builtin.keys()) == []


def seen_by(template: str) -> set[str]:
    """The names that a template asks for, with those of the templates that it extends or includes."""
    tree = TEMPLATES.shipped.parse(TEMPLATES.builtin[template])
    made = {node.name for node in tree.find_all(nodes.Name) if node.ctx == "store"}
    others = [other for other in meta.find_referenced_templates(tree) if other]
    return meta.find_undeclared_variables(tree) - made | {name for other in others for name in seen_by(other)}


@pytest.mark.parametrize("name", NOTICES)
def test_the_row_of_a_notice_says_what_its_templates_see(name: NoticeName) -> None:
    ours = {"lang", "locale", "ref", "subject_line"}
    seen = {key for locale in LOCALES for form in ("txt", "html") for key in seen_by(f"{locale}/{name}.{form}")}
    assert sorted(seen - ours - ALWAYS.keys() - COMMON.keys() - NOTICES[name].sees.keys()) == []
    assert sorted(NOTICES[name].sees.keys() - seen) == [], "said to be seen, and asked for nowhere"


@pytest.mark.parametrize("name", NOTICES)
def test_a_notice_has_a_sample_that_can_be_put_into_words(name: NoticeName) -> None:
    for locale in LOCALES:
        for context in (sample(name, locale), bare(name, locale)):
            rendered = render(TEMPLATES, name, locale, context)
            assert (bool(rendered.subject), bool(rendered.text.strip()), rendered.problems) == (True, True, ())


# --- one row a command --------------------------------------------------------------------------------

AGENTS_PAGES = {"en": "agents.md", "pt_BR": "agentes.pt-BR.md"}
NEED_NO_FUNCTION = {"end", "to"}
"""One bounds a note, the other begins a ticket: both are done by what reads the mail."""
NOT_OF_A_COMMAND = {"left_out", "discarded"}
"""Lines of a receipt that say what became of the mail."""
EACH_COMMAND = pytest.mark.parametrize("row", COMMANDS, ids=lambda row: row.key)


def test_every_name_of_a_command_has_a_row_and_nothing_else_has() -> None:
    assert {row.name for row in COMMANDS} == set(get_args(CommandName))
    assert sorted(row.key for row in COMMANDS) == sorted(_texts(CommandKey))


def _texts(literals: Any) -> Iterator[str]:
    """The strings of a Literal, or of a union of them."""
    for inner in get_args(literals):
        yield from [inner] if isinstance(inner, str) else _texts(inner)


@EACH_COMMAND
def test_a_command_has_words_and_a_line_of_help_in_every_language(row: CommandRow) -> None:
    for wording in (row.pt, row.en, row.es):
        assert wording.words
        assert wording.purpose
        assert bool(wording.example) is (bool(row.takes) and not row.optional and row.key != "note")
    for locale in LOCALES:
        text = render(TEMPLATES, "commands_help", locale, sample("commands_help", locale)).text
        assert f"- {row.spelled(locale)}" in text
        assert f": {row.wording(locale).purpose}" in text


@EACH_COMMAND
def test_a_command_says_how_its_argument_is_read(row: CommandRow) -> None:
    assert not row.means or row.takes in {"", "solution"}
    if row.read is None:
        assert row.takes in {"", "words", "name", "field", "level", "report", "solution"}
    else:
        assert row.takes
        assert is_of_a_module(row.read)
    if row.takes:
        assert all(row.takes in EXPECTED[locale] for locale in LOCALES)


@EACH_COMMAND
def test_a_command_leads_to_one_function_that_can_be_found_by_its_name(row: CommandRow) -> None:
    functions = [function for function in (row.on_ticket, row.at_the_desk) if function is not None]
    assert len(functions) == (0 if row.key in NEED_NO_FUNCTION else 1)
    assert all(map(is_of_a_module, functions))


def is_of_a_module(function: Any) -> bool:
    """No lambda and no function within a function: a name that a reader, or a tool, can go to."""
    return str(function.__qualname__).isidentifier()


@EACH_COMMAND
def test_what_a_command_says_and_takes_back_exists(row: CommandRow) -> None:
    assert set(row.receipt) <= set(get_args(DoneKind))
    assert all(kind in HAPPENED[locale] for kind in row.receipt for locale in LOCALES)
    assert set(row.undo) <= set(CHANGES)
    assert not (row.undo and row.on_ticket is None), "it does nothing to a ticket"


def test_every_line_of_a_receipt_and_every_way_back_belongs_to_a_command() -> None:
    assert {kind for row in COMMANDS for kind in row.receipt} == {*get_args(DoneKind)} - NOT_OF_A_COMMAND
    assert {change.kind for row in COMMANDS for change in row.undo} == {change.kind for change in CHANGES}


@EACH_COMMAND
@pytest.mark.parametrize("locale", AGENTS_PAGES)
def test_a_command_is_on_the_page_that_agents_print(row: CommandRow, locale: str) -> None:
    page = (PACKAGE.parent / "docs" / AGENTS_PAGES[locale]).read_text("utf-8")
    assert re.search(rf"\| `{row.spelled(locale)}[` ]", page)
