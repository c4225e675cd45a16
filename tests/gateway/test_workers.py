"""Workers may be killed: the mail in hand is tried once more, and no other mail notices."""

import asyncio
import os
import signal
import time
from collections.abc import Iterator
from dataclasses import replace

import pytest

from mailtickets.config.places import shipped, template_texts
from mailtickets.desk.letters.samples import sample
from mailtickets.desk.letters.sandbox import Templates
from mailtickets.desk.notices.discretion import Discretion
from mailtickets.gateway.workers import Unreadable, Workers, parse_for
from mailtickets.mail.model import InboundMail
from mailtickets.mail.read.text_file import text_file
from tests.desk.builders import POLICY
from tests.store.office import a_message, with_file

LONG = b"From: a@b.test\r\nSubject: x\r\n\r\n" + b"palavra palavra palavra\r\n" * 600_000
"""15 MB: reading it takes a while."""

SLEEPER = a_message(subject="devagar")
"""Reading it takes longer than quick mail has, by the readers below."""


def read_or_sleep(raw: bytes, instance: str) -> InboundMail:
    """Called in the worker."""
    if raw == SLEEPER:
        time.sleep(60)
    return parse_for(raw, instance)


def which_process(raw: bytes, instance: str) -> InboundMail:
    """Called in the worker: the mail under its worker's number, after a moment."""
    time.sleep(0.5)
    return replace(parse_for(raw, instance), subject=str(os.getpid()))


BUILTIN = template_texts(shipped("templates"))
RECEIVED = ("received", "pt_BR", sample("received", "pt_BR"), None)


@pytest.fixture(scope="module")
def workers() -> Iterator[Workers]:
    made = Workers(1)
    yield made
    made.close()


async def test_a_mail_is_read_in_another_process(workers: Workers) -> None:
    mail = await workers.read(a_message(), "exemplo")
    assert (mail.subject, mail.kind) == ("Impressora", "human")
    assert await workers._quick.call(10, os.getpid) != os.getpid()


async def test_our_own_name_is_known_there(workers: Workers) -> None:
    raw = a_message(**{"x-mailtickets-loop": "exemplo; hops=1"})
    assert (await workers.read(raw, "exemplo")).kind == "loop"
    assert (await workers.read(raw, "outra")).kind == "auto_reply"


async def test_attachments_are_read_again_by_their_digests(workers: Workers) -> None:
    (file,) = (await workers.read(with_file(), "exemplo")).attachments
    assert await workers.attachments(with_file(), "exemplo", ["0" * 64, file.sha256]) == (file,)


async def test_a_mails_own_words_are_read_again_as_a_file(workers: Workers) -> None:
    words = text_file(await workers.read(with_file(), "exemplo"))
    assert words.content == b"Segue anexo."
    assert await workers.attachments(with_file(), "exemplo", [words.sha256]) == (words,)


async def test_a_mail_that_takes_too_long_is_unreadable_and_the_next_one_is_not() -> None:
    hasty = Workers(1, quick_seconds=0.05, read_seconds=0.05, reader=read_or_sleep)
    with pytest.raises(Unreadable) as trouble:
        await hasty.read(SLEEPER, "exemplo")
    assert trouble.value.reason == "reading-took-too-long"
    hasty.close()
    patient = Workers(1, quick_seconds=0.05, reader=read_or_sleep)
    assert await patient.read_quickly(SLEEPER, "exemplo") is None
    assert (await patient.read(a_message(), "exemplo")).subject == "Impressora"
    patient.close()


async def test_a_mail_that_is_not_quick_is_read_by_a_process_of_its_own() -> None:
    patient = Workers(1, quick_seconds=0.05, reader=which_process)
    slow, again = await patient.read(SLEEPER, "exemplo"), await patient.read(SLEEPER, "exemplo")
    assert slow.subject == again.subject
    assert slow.subject != str(await patient._quick.call(10, os.getpid))
    patient.close()


async def test_a_worker_that_dies_at_a_mail_costs_only_that_mail(workers: Workers) -> None:
    pid = await workers._quick.call(10, os.getpid)
    reading = asyncio.create_task(workers.read(LONG, "exemplo"))
    await asyncio.sleep(0.3)
    os.kill(pid, signal.SIGKILL)
    assert (await reading).text.startswith("palavra")  # by another worker
    assert (await workers.read(a_message(), "exemplo")).subject == "Impressora"


async def test_a_worker_that_dies_with_nothing_in_hand_is_replaced(workers: Workers) -> None:
    for _ in range(2):
        os.kill(await workers._quick.call(10, os.getpid), signal.SIGKILL)
        await asyncio.sleep(0.3)
        assert (await workers.read(a_message(), "exemplo")).subject == "Impressora"


async def test_words_are_found_without_a_worker_where_the_templates_are_our_own(workers: Workers) -> None:
    (words,) = await workers.words(Templates(BUILTIN), [RECEIVED])
    assert "[#1042]" in words.subject
    assert await workers.words(Templates(BUILTIN), []) == []


async def test_a_long_mails_words_are_found_beside_the_event_loop(workers: Workers) -> None:
    context = sample("new_ticket", "pt_BR")
    long = {**context, "message": {**context["message"], "text": "palavra " * 20_000}}
    (words,) = await workers.words(Templates(BUILTIN), [("new_ticket", "pt_BR", long, None)])
    assert words.text.count("palavra") >= 20_000


async def test_a_long_page_is_cut_to_its_words_beside_the_event_loop(workers: Workers) -> None:
    context, page = sample("answer", "pt_BR"), "<p><b>Bom</b> dia</p>" + "<blockquote>antes</blockquote>" * 500
    long = {**context, "message": {**context["message"], "text": "Bom dia", "html": page}}
    (words,) = await workers.words(Templates(BUILTIN), [("answer", "pt_BR", long, None)])
    assert "<p><b>Bom</b> dia</p>" in (words.html or "")
    assert "antes" not in (words.html or "")


async def test_what_customers_must_not_see_is_known_to_a_worker_too(workers: Workers) -> None:
    own = Templates(BUILTIN, {"pt_BR/received.txt": "Escreva a {{ customer.address }}, {{ ref }}"})
    rules = Discretion.of(POLICY, POLICY.queues[0])
    context = {**sample("received", "pt_BR"), "customer": {"name": None, "address": "ana@desk.test"}}
    (words,) = await workers.words(own, [("received", "pt_BR", context, rules)])
    assert words.text.startswith("Escreva a suporte@desk.test")


async def test_templates_of_the_house_are_filled_in_by_a_worker(workers: Workers) -> None:
    own = Templates(BUILTIN, {"pt_BR/received.txt": "{% block subject %}Oi{% endblock %}Alô, {{ ref }}"})
    (words,) = await workers.words(own, [RECEIVED])
    assert words.text.startswith("Oi")
    assert words.problems == ()


async def test_a_template_that_kills_its_worker_gives_way_to_the_built_in_one() -> None:
    frail = Workers(1, memory_bytes=1_000_000)
    own = Templates(BUILTIN, {"pt_BR/received.txt": "x" * 30_000_000})
    (words,) = await frail.words(own, [RECEIVED])
    assert words == (await frail.words(Templates(BUILTIN), [RECEIVED]))[0]
    frail.close()
