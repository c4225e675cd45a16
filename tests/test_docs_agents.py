"""The page that agents print: every command is on it and does what the page says, in both languages alike."""

import re
from pathlib import Path
from typing import Any

import pytest

from mailtickets.config.kinds import TicketField, TicketKind
from mailtickets.config.stages import QueueStage
from mailtickets.config.values import LOCALES
from mailtickets.desk.commands import reading
from mailtickets.desk.commands.digest import read_lines
from mailtickets.desk.commands.rows import COMMANDS, known
from mailtickets.desk.customers.ratings import rating
from mailtickets.desk.customers.wishes import wishes
from mailtickets.desk.model.decision import Decision, Done
from mailtickets.desk.model.effects import DropHeld, MoveTo, ReleaseHeld, SetPriority
from mailtickets.desk.model.facts import Authentication, Origin, RatingFact, Undoable
from mailtickets.desk.model.ticket import STATUSES, Said
from mailtickets.desk.rules.decide import decide
from mailtickets.mail.model import Forwarded
from mailtickets.words.fold import folded
from tests.desk.builders import ANA, BRUNO, MARIA, NOW, a_mail, a_policy, a_ticket, a_token, facts

DOCS = Path(__file__).parents[1] / "docs"
PAGES = {"en": DOCS / "agents.md", "pt_BR": DOCS / "agentes.pt-BR.md"}
BY_LOCALE = pytest.mark.parametrize("locale", PAGES)

TEXT = ("#", "/", "#1042", "/etc/hosts", "# steps", "# passos")
"""What is on the page because it is no command."""


def with_stage(name: str) -> dict[str, Any]:
    """A queue in which every status has a stage, and one more has the name on the page."""
    stages = [QueueStage(**{"name": status, "is": status}) for status in STATUSES]
    return {"stages": (*stages, QueueStage(**{"name": name, "is": "pending"}))}


_KINDS = (TicketKind(name="incident", impact=("one", "many", "all"), urgency=("low", "normal", "high")),)
POLICIES = {
    locale: a_policy(
        suporte=with_stage(stage),
        vendas={"display_name": queue},
        kinds=_KINDS,
        fields=(TicketField(name=field, pattern="#####-##"),),
    )
    for locale, queue, field, stage in (
        ("en", "Billing", "order", "waiting-for-part"),
        ("pt_BR", "Financeiro", "pedido", "aguardando-peca"),
    )
}
"""Each with the queue, the field and the stage of its page's examples."""


def page(locale: str) -> str:
    return PAGES[locale].read_text("utf-8")


def rows(locale: str) -> list[list[str]]:
    lines = [line for line in page(locale).splitlines() if line.startswith("|")][2:]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]


def examples(locale: str) -> list[str]:
    """What the table says to write, in its order."""
    return [cell.strip("`") for row in rows(locale) for cell in (row[0], row[2]) if cell]


def blocks(locale: str) -> list[str]:
    return re.findall(r"^```text\n(.*?)^```$", page(locale), re.MULTILINE | re.DOTALL)


def spans(locale: str) -> list[str]:
    return re.findall(r"`([^`\n]+)`", re.sub(r"^```.*?^```$", "", page(locale), flags=re.MULTILINE | re.DOTALL))


def named(example: str) -> str:
    """Which command an example names, by its key."""
    command = known(example.partition(" ")[0].lstrip("#"))
    assert command is not None, example
    return command.key


EXAMPLES = [(locale, example) for locale in PAGES for example in examples(locale)]
BY_EXAMPLE = pytest.mark.parametrize(("locale", "example"), EXAMPLES, ids=[example for _, example in EXAMPLES])


# --- the list -----------------------------------------------------------------------------------------


@BY_LOCALE
def test_every_command_is_in_the_table_once(locale: str) -> None:
    assert sorted(map(named, examples(locale))) == sorted(command.key for command in COMMANDS)


@BY_EXAMPLE
def test_a_command_is_spelled_in_the_language_of_its_page(locale: str, example: str) -> None:
    spelled = next(command for command in COMMANDS if command.key == named(example)).spelled(locale)
    assert folded(example.partition(" ")[0]) == folded(spelled)


def test_both_pages_have_the_same_rows_blocks_and_paragraphs() -> None:
    english, portuguese = PAGES
    assert [named(one) for one in examples(english)] == [named(one) for one in examples(portuguese)]
    assert [shape(block) for block in blocks(english)] == [shape(block) for block in blocks(portuguese)]
    assert [len(row) for row in rows(english)] == [len(row) for row in rows(portuguese)]
    assert page(english).count("\n\n**") == page(portuguese).count("\n\n**")


def shape(block: str) -> list[str]:
    """A block with its commands by name and everything else left out."""
    return [key for word in re.findall(r"#([^\W\d]+)", block) if (command := known(word)) for key in (command.key,)]


@BY_LOCALE
def test_everything_between_the_lines_that_looks_like_a_command_is_one(locale: str) -> None:
    for span in spans(locale):
        if span.startswith(("#", "/")) and span not in TEXT:
            assert known(span.partition(" ")[0].lstrip("#")), span


@pytest.mark.parametrize("span", [span for span in TEXT if len(span) > 1])
def test_what_the_page_calls_text_is_text(span: str) -> None:
    asked = reading.read(f"{span}\n\nOlá, Maria!\n\n{span}")
    assert not asked.commands
    assert not asked.problems
    assert asked.words.count(span) == 2


@BY_LOCALE
def test_the_page_says_what_the_help_by_mail_says(locale: str) -> None:
    """Not word for word: but what the help gives as an example is understood as the same command."""
    for command in COMMANDS:
        behind = next(one for one in examples(locale) if named(one) == command.key).partition(" ")[2]
        assert bool(behind) >= bool(command.wording(locale).example), command.key
    assert set(PAGES) <= set(LOCALES)


# --- each of them -------------------------------------------------------------------------------------


ALONE = frozenset({"end", "to", "customer"})
"""Nothing but a note ends, only a new mail goes to somebody new, and nothing goes to the customer without words."""


@pytest.mark.parametrize(("locale", "example"), [one for one in EXAMPLES if named(one[1]) not in ALONE])
def test_an_example_is_the_command_that_it_names_and_is_carried_out(locale: str, example: str) -> None:
    asked = reading.read(example)
    assert not asked.problems
    assert not asked.words
    command = next(command for command in COMMANDS if command.key == named(example))
    if command.key == "note":
        assert asked.note == example.partition(" ")[2]
    else:
        assert [order.name for order in asked.commands] == [command.name]
    done = decided(example, locale)
    assert done.outcome in {"commanded", "noted", "appended"}
    assert {line.kind for line in done.feedback.done} <= {*command.receipt}
    assert not {"returned", "held", "stale"} & set(done.notices)


def decided(text: str, locale: str = "pt_BR", **known_too: Any) -> Decision:
    """Ana's answer with these words, on a ticket on which everything is possible."""
    about = facts(
        a_ticket(assignee=ANA.address, tags=("vpn",), priority="high", type="incident"),
        a_ticket(1043),
        tokens=(a_token(ANA), a_token(ANA, 1043, source="reference")),
        canned={"closing": "Tudo certo.", "encerramento": "Tudo certo."},
        undoable=Undoable(7, None, gone=False, changes=(("priority", "normal", "high"),)),
        origin=Origin(8, MARIA, "Outra coisa"),
        rating=RatingFact(5, "ótimo", MARIA.address, quotable=False),
        **known_too,
    )
    return decide(a_mail(ANA, text=text, subject="Re: [#42] Impressora"), about, POLICIES[locale], NOW)


@BY_LOCALE
def test_the_queue_of_the_example_is_where_the_ticket_goes(locale: str) -> None:
    (example,) = (one for one in examples(locale) if named(one) == "queue")
    assert MoveTo("vendas") in decided(example, locale).effects


@BY_LOCALE
def test_a_note_ends_where_its_end_is_said(locale: str) -> None:
    note, end = (next(one for one in examples(locale) if named(one) == key) for key in ("note", "end"))
    asked = reading.read(f"{note}\n{end}\nA peça chegou.")
    assert (asked.words, asked.note, asked.problems) == ("A peça chegou.", note.partition(" ")[2], ())


@BY_LOCALE
def test_a_new_mail_to_somebody_goes_there(locale: str) -> None:
    (example,) = (one for one in examples(locale) if named(one) == "to")
    new = a_mail(ANA, text=f"{example}\n\nBom dia!", subject="Visita")
    done = decide(new, facts(authentication=Authentication("pass")), POLICIES["en"], NOW)
    assert done.reason == "opened-by-agent"
    assert [person.address for person in done.feedback.sent_to] == [example.partition(" ")[2]]


MOMENTS = [(locale, span) for locale in PAGES for row in rows(locale) for span in re.findall(r"`([^`#]+)`", row[1])]


@pytest.mark.parametrize(("locale", "moment"), MOMENTS)
def test_the_moments_of_the_table_are_moments(locale: str, moment: str) -> None:
    (example,) = (one for one in examples(locale) if named(one) == "remind")
    asked = reading.read(f"{example.partition(' ')[0]} {moment}")
    assert [order.name for order in asked.commands] == ["remind"]
    assert len(MOMENTS) == 6


# --- what is said around them ----------------------------------------------------------------------------


@BY_LOCALE
def test_the_answer_on_the_page_is_read_as_it_says(locale: str) -> None:
    asked = reading.read(blocks(locale)[0])
    assert not asked.problems
    assert [order.name for order in asked.commands] == ["take", "tag"]
    assert asked.words.splitlines() == [blocks(locale)[0].splitlines()[0]]
    assert "4711" in asked.note


@BY_LOCALE
def test_the_lines_on_the_page_act_on_the_tickets_that_they_name(locale: str) -> None:
    listed = read_lines(blocks(locale)[1])
    assert not listed.problems
    assert not listed.rest
    assert [(number, order.name) for number, order in listed.orders] == [
        (1042, "status"), (1043, "take"), (1043, "priority"), (1044, "tag"), (1045, "tag"),
    ]  # fmt: skip


SECOND_WORDS = {"en": ("SEND", "DISCARD", "yes", "no"), "pt_BR": ("ENVIAR", "DESCARTAR", "sim", "não")}


def second(said: str, held: str, since: tuple[Said, ...] = ()) -> Decision:
    token = a_token(ANA, confirms=9, held=held)
    return decide(a_mail(ANA, text=said), facts(a_ticket(), tokens=(token,), since=since), POLICIES["en"], NOW)


@BY_LOCALE
def test_the_second_words_on_the_page_do_as_it_says(locale: str) -> None:
    send, discard, yes, no = SECOND_WORDS[locale]
    assert {send, discard, yes, no} <= set(spans(locale))
    for held in ("command-not-understood", "stale-answer"):
        assert second(send, held).effects == (ReleaseHeld(9, seen=3),)
        assert second(discard, held).effects == (DropHeld(9),)
    assert second(yes, "agent-without-token").effects == (ReleaseHeld(9),)
    assert second(no, "agent-without-token").effects == (DropHeld(9),)


@BY_LOCALE
def test_a_corrected_line_on_the_page_lets_all_of_it_go_on(locale: str) -> None:
    (line,) = re.findall(r"`(#[^`]+)`\), ", page(locale))
    assert second(line, "command-not-understood").effects == (ReleaseHeld(9, line),)


@BY_LOCALE
def test_an_unclear_forward_is_opened_for_whom_the_page_says_to_name(locale: str) -> None:
    line = re.findall(r"`(#(?:requester|requerente) [^`]+)`", page(locale))[-1]
    forwarded = Forwarded(None, None, "Impressora", (), (), "Não imprime.", "", None, "inline", ambiguous=True)
    known_too = facts(authentication=Authentication("pass"), confirmed=frozenset({"forward-unclear"}), correction=line)
    done = decide(a_mail(ANA, text=line, forwarded=forwarded), known_too, POLICIES["en"], NOW)
    assert done.feedback.done[0].value == line.partition(" ")[2]


def test_an_answer_that_others_were_faster_than_waits_and_commands_do_not() -> None:
    since = (Said(BRUNO, "out", "public", "Vou aí.", NOW),)
    assert decided("Reinicie.", since=since).reason == "stale-answer"
    assert decided("#assumir", since=since).outcome == "commanded"


def test_undoing_gives_back_what_was_changed() -> None:
    assert SetPriority("normal") in decided("#undo").effects
    assert Done("undone") in decided("#desfazer").feedback.done


# --- what the READMEs promise ----------------------------------------------------------------------------

READMES = [DOCS.parent / name for name in ("README.md", "README.pt-BR.md")]
BY_README = pytest.mark.parametrize("readme", READMES, ids=lambda path: path.name)
CUSTOMERS_SAY = {
    "status": "status", "meus chamados": "tickets", "reabrir": "reopen", "encerrar": "close", "parar avisos": "mute",
}  # fmt: skip


@BY_README
def test_what_a_readme_says_in_commands_is_understood(readme: Path) -> None:
    said = re.findall(r"`((?:\d+ )?#[^\W\d][^`\n]*)`", readme.read_text("utf-8"))
    assert len(said) >= 10
    for line in said:
        listed = read_lines(line)
        asked = reading.read(f"{line} algo" if line == "#nota" else line)
        assert listed.orders if line[0].isdigit() else asked.commands or asked.note, line
        assert not (listed.problems if line[0].isdigit() else asked.problems), line


@BY_README
def test_what_a_readme_says_of_customers_words_is_so(readme: Path) -> None:
    text = readme.read_text("utf-8")
    for words, meaning in CUSTOMERS_SAY.items():
        assert f"`{words}`" in text
        assert wishes("", words).on_ticket == meaning
    for words in ("5", "ótimo atendimento"):
        assert f"`{words}`" in text
        given = rating(words)
        assert given is not None
        assert given.score == 5
