"""Reports by mail, from the clock or a command to what lies in the mailboxes. On both databases."""

import email
import email.policy
from collections.abc import AsyncIterator, Iterator
from dataclasses import replace
from datetime import date, datetime, timedelta
from email.message import EmailMessage
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import select, update

from mailtickets.config.reports import ScheduledReport
from mailtickets.desk.figures.order import ReportOrder
from mailtickets.desk.figures.report import Period
from mailtickets.desk.model.delivery import Deferred, Delivery, Sent
from mailtickets.desk.model.policy import Policy
from mailtickets.gateway import charts
from mailtickets.gateway.charts import NoPictures
from mailtickets.gateway.delivery.send import Sender
from mailtickets.gateway.workers import Workers
from mailtickets.jobs.counting import Counting
from mailtickets.jobs.digest import digest
from mailtickets.jobs.reports import Reports
from mailtickets.mail.model import Address
from mailtickets.store import enclosures, report_orders, schema
from mailtickets.store.database import Database
from mailtickets.store.read import report as reports
from mailtickets.store.read.inbound import listed
from mailtickets.store.read.reader import within
from mailtickets.store.report_orders import PER_HOUR
from tests.desk.builders import AGENTS, ANA, BRUNO, a_policy
from tests.gateway.alarmed import OPS, Station
from tests.store.databases import database, migrated_file, migrated_postgres
from tests.store.office import a_message
from tests.store.test_who_receives import take

__all__ = ["database", "migrated_file", "migrated_postgres"]

ZONE = ZoneInfo("America/Sao_Paulo")
MONDAY = datetime(2026, 11, 30, 8, 0, tzinfo=ZONE)
CHIEF = "chefe@empresa.test"
WEEK = ScheduledReport(name="semana", schedule="mon 08:00", to=(CHIEF,))
PNG = b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 40


class House(Station):
    """A station that keeps what everybody receives."""

    def __init__(self, database: Database, workers: Workers) -> None:
        super().__init__(database, workers)
        self.letters: list[tuple[str, bytes]] = []
        self.answer = lambda recipient: Sent("250 ok")

    async def _send(self, raw: bytes, sender: str, recipient: str) -> Delivery:
        self.letters.append((recipient, raw))
        return self.answer(recipient)

    async def delivered(self) -> list[tuple[str, EmailMessage]]:
        """What has been sent since this was asked last."""
        self.letters.clear()
        for gateway in self.running:
            while await gateway.deliver():
                await gateway.delivering.tasks.all_done()
        return [(who, _read(raw)) for who, raw in self.letters]

    async def write(self) -> list[tuple[str, EmailMessage]]:
        """Every gateway looks after its reports once; what goes out then."""
        for gateway in self.running:
            await Reports(gateway).send()
        return await self.delivered()

    def policy(self, *reports: ScheduledReport, managers: tuple[str, ...] = (), **changes: Any) -> None:
        """The desk of these reports."""
        policy = a_policy(
            suporte={"managers": managers, "locale": "pt_BR"},
            instance={"ops_address": OPS, "locale": "pt_BR", "timezone": str(ZONE)},
            **changes,
        )
        self.use(replace(policy, reports=reports))

    def use(self, policy: Policy) -> None:
        self.office.use(policy)
        for gateway in self.running:
            gateway.clerk.rules = self.office.clerk.rules


def _read(raw: bytes) -> EmailMessage:
    return email.message_from_bytes(raw, policy=email.policy.default)  # type: ignore[return-value]


@pytest.fixture(scope="module")
def workers() -> Iterator[Workers]:
    made = Workers(1)
    yield made
    made.close()


@pytest.fixture
async def house(database: Database, workers: Workers, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[House]:
    monkeypatch.setattr(charts, "png", lambda svgs: [PNG + svg.encode()[:50] for svg in svgs])
    found = House(database, workers)
    found.policy(WEEK)
    found.office.now = MONDAY - timedelta(days=5)
    await found.begin()
    for number in range(12):
        found.office.take(a_message(message_id=f"<m{number}@cliente.test>", subject=f"Pedido {number}"))
    await found.delivered()
    found.office.now = MONDAY
    yield found
    await found.close()


def part(mail: EmailMessage, kind: str) -> EmailMessage:
    return next(one for one in mail.walk() if one.get_content_type() == kind)  # type: ignore[return-value]


def content(mail: EmailMessage, kind: str) -> Any:
    return part(mail, kind).get_content()


# --- by the clock -------------------------------------------------------------------------------------


async def test_a_report_waits_for_some_hours_until_old_tickets_are_counted(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reports, "COUNTED_HERE", 5)  # after an upgrade, more are uncounted than a report counts itself
    assert await house.write() == []
    Counting().count_some(house.running[0])
    ((_, mail),) = await house.write()
    assert "12 chamados; na semana anterior, nenhum." in content(mail, "text/plain")


async def test_a_report_that_waited_too_long_says_first_that_something_is_missing(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reports, "COUNTED_HERE", 5)
    assert await house.write() == []
    house.office.now += timedelta(hours=3)
    ((_, mail),) = await house.write()
    text = content(mail, "text/plain")
    assert "Ainda nem tudo está contado: neste relatório falta o que veio depois de 25 nov. 2026, 8h00." in text
    assert "chamado;" not in text


async def test_a_report_comes_at_its_time_with_everything_that_it_carries(house: House) -> None:
    ((who, mail),) = await house.write()
    assert who == CHIEF
    assert mail["Subject"] == "Relatório semana: 23 a 29 de novembro de 2026"
    assert (mail["Auto-Submitted"], mail["To"], mail["Reply-To"]) == (
        "auto-generated",
        CHIEF,
        "Suporte Exemplo <suporte@desk.test>",
    )
    assert "OOF" in mail["X-Auto-Response-Suppress"]
    assert "Ref.:" not in content(mail, "text/plain")  # no token for somebody who is no agent
    assert "12 chamados" in content(mail, "text/plain")
    page = content(mail, "text/html")
    assert '<th scope="row"' in page
    assert [one.get_content_type() for one in mail.iter_parts()] == ["multipart/alternative", "text/csv"]
    related = next(one for one in mail.walk() if one.get_content_type() == "multipart/related")
    shown, *pictures = related.iter_parts()
    assert shown.get_content_type() == "text/html"
    for picture in pictures:
        assert picture.get_content().startswith(PNG)
        cid = picture["Content-ID"].strip("<>")
        image = page.partition(f'src="cid:{cid}" alt="')[2].partition('"')[0]
        assert len(image) > 20  # a sentence, and not a file name
    assert len(pictures) in (1, 2)
    table = part(mail, "text/csv")
    assert table.get_filename() == "relatório-semana-2026-11-23-2026-11-29.csv"
    assert len(table.get_content().splitlines()) > 1


async def test_a_report_comes_once_for_each_slot_whatever_gateway_sees_it_and_however_the_clock_goes(
    house: House,
) -> None:
    await house.begin("two")
    assert len(await house.write()) == 1
    house.office.now = MONDAY - timedelta(minutes=30)  # the clock is set back
    assert await house.write() == []
    for minutes in (0, 5, 600):
        house.office.now = MONDAY + timedelta(minutes=minutes)
        assert await house.write() == []
    house.office.now = MONDAY + timedelta(days=7, minutes=1)
    ((_, mail),) = await house.write()
    assert "30 de novembro a 6 de dezembro" in mail["Subject"]


async def test_a_gateway_that_was_down_sends_it_late_and_once(house: House) -> None:
    house.office.now = MONDAY + timedelta(weeks=10, hours=9)
    ((_, mail),) = await house.write()
    assert "1º a 7 de fevereiro de 2027" in mail["Subject"]
    assert await house.write() == []
    house.office.now = MONDAY + timedelta(weeks=11, days=1)  # that Monday nobody was there
    assert await house.write() == []


async def test_each_recipient_has_a_mail_of_their_own_and_agents_can_answer_by_lines(house: House) -> None:
    house.policy(WEEK.model_copy(update={"to": (CHIEF, ANA.address, "outra@empresa.test")}))
    letters = dict(await house.write())
    assert sorted(letters) == [ANA.address, CHIEF, "outra@empresa.test"]
    assert "suporte+" in letters[ANA.address]["Reply-To"]
    assert "suporte+" not in letters[CHIEF]["Reply-To"]
    assert letters[CHIEF]["To"] == CHIEF


async def test_an_absence_notice_of_a_reader_is_no_ticket_and_a_reply_is_one(house: House) -> None:
    """Every week until the reader is back: it came to the return path, which only our report named."""
    letters = dict(await house.write())
    assert list(letters) == [CHIEF]
    newest = select(schema.outbox.c.verp).order_by(schema.outbox.c.id.desc()).limit(1)
    tag = house.office.run(lambda c: c.execute(newest).scalar())
    away = a_message("Estou de férias.", **{"from": CHIEF, "auto-submitted": "auto-replied", "subject": "Ausência"})
    row = house.office.take(away, recipients=(f"suporte+{tag}@desk.test",), sender="")
    assert (row.outcome, row.reason, row.ticket) == ("ignored", "auto-submitted", None)
    reply = a_message("Quem cuida disso?", message_id="<r@empresa.test>", **{"from": CHIEF, "subject": "Re: x"})
    assert house.office.take(reply, recipients=("suporte@desk.test",), sender=CHIEF).outcome == "opened"


@pytest.mark.parametrize(
    ("locale", "subject", "words"),
    [
        ("pt_BR", "Relatório semana: 23 a 29 de novembro de 2026", "12 chamados"),
        ("en", "Report semana: November 23 to 29, 2026", "12 tickets"),
        ("es", "Informe semana: 23 al 29 de noviembre de 2026", "12 solicitudes"),
    ],
)
async def test_a_report_is_in_the_language_that_it_asks_for(
    house: House, locale: Any, subject: str, words: str
) -> None:
    house.policy(WEEK.model_copy(update={"locale": locale}))
    ((_, mail),) = await house.write()
    assert words in content(mail, "text/plain")
    assert words in content(mail, "text/html")
    assert mail["Subject"].split(":")[0] == subject.split(":")[0]


async def test_without_reports_nothing_is_written(house: House) -> None:
    house.policy()
    assert await house.write() == []
    assert house.office.run(lambda c: c.execute(select(schema.report_order)).all()) == []


# --- files --------------------------------------------------------------------------------------------


async def test_every_attempt_writes_the_same_bytes_and_what_is_stored_is_small(house: House) -> None:
    house.answer = lambda recipient: Deferred("451 later")
    await house.write()
    house.office.pass_time(hours=1)
    house.answer = lambda recipient: Sent("250 ok")
    before = list(house.letters)
    await house.delivered()
    assert [raw for _, raw in house.letters] == [raw for _, raw in before]
    row = house.office.run(lambda c: c.execute(select(schema.notice).order_by(schema.notice.c.id.desc())).first())
    assert "base64" not in row.html
    assert len(row.html) + len(row.text) < 30_000


async def test_files_are_forgotten_when_no_copy_waits_any_more(house: House) -> None:
    def kept() -> int:
        return len(house.office.run(lambda c: c.execute(select(schema.enclosure.c.notice)).all()))

    def forget() -> None:
        house.office.run(lambda c: enclosures.forget_sent(c, house.office.now))

    house.answer = lambda recipient: Deferred("451 later")
    await house.write()
    assert kept() >= 2
    house.office.pass_time(days=31)
    forget()
    assert kept() >= 2  # a copy still waits
    house.office.run(lambda c: c.execute(update(schema.outbox).values(state="failed", next_attempt_at=None)))
    forget()
    assert kept() == 0


async def test_a_report_whose_charts_fail_goes_without_them_and_ops_are_told(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(charts, "png", lambda svgs: NoPictures("failed", "the charts could not be drawn: no font"))
    letters = dict(await house.write())
    assert sorted(letters) == [CHIEF, OPS]
    report = letters[CHIEF]
    assert "Desta vez não foi possível desenhar os gráficos." in content(report, "text/html")
    assert "cid:" not in content(report, "text/html")
    assert not [one for one in report.walk() if one.get_content_type() == "image/png"]
    assert part(report, "text/csv")
    assert "no font" in content(letters[OPS], "text/plain")
    monkeypatch.setattr(charts, "png", lambda svgs: [PNG for _ in svgs])
    house.office.take(a_message(message_id="<later@cliente.test>"))
    house.office.now = MONDAY + timedelta(days=7)
    await house.write()
    assert house.open() == []


async def test_a_report_that_cannot_be_read_is_tried_again_and_ops_are_told(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as broken:
        broken.setattr("mailtickets.jobs.reports.read", lambda *_: 1 / 0)
        ((who, mail),) = await house.write()
    assert who == OPS
    assert "ZeroDivisionError" in content(mail, "text/plain")
    assert await house.write() == []  # its lease has not ended
    house.office.pass_time(minutes=11)
    ((who, _),) = await house.write()
    assert who == CHIEF


# --- by request ---------------------------------------------------------------------------------------


def ask(house: House, author: str, words: str, verdict: str = "pass", subject: str = "Oi") -> tuple[str, str]:
    """A mail to the queue; gives its outcome and reason."""
    house.office.pass_time(minutes=1)
    row = take(house.office, words, verdict, **{"from": author, "subject": subject})
    return row.outcome, row.reason


async def test_an_agent_asks_and_gets_their_queues_and_no_colleague(house: House) -> None:
    house.policy()
    ask(house, BRUNO.address, "Vou olhar.")  # a ticket of Bruno's
    assert ask(house, ANA.address, "#relatorio semana passada") == ("commanded", "agent-asks")
    ((who, mail),) = [letter for letter in await house.write() if letter[1]["Subject"].startswith("Relatório")]
    assert who == ANA.address
    assert "23 a 29 de novembro" in mail["Subject"]
    assert BRUNO.name not in content(mail, "text/html")


@pytest.mark.parametrize("words", ["#relatorio", "#report week", "#informe hoy", "#relatorio 30d", "#relatório 2026-11",
                                   "#relatorio mês por tipo", "#relatorio fila suporte semana",
                                   "#informe semana área suporte"])  # fmt: skip
async def test_words_that_are_understood(house: House, words: str) -> None:
    house.policy()
    assert ask(house, ANA.address, words) == ("commanded", "agent-asks")
    ((who, mail),) = await house.write()
    assert (who, mail["Subject"].split(":")[0]) == (ANA.address, "Relatório")


async def test_the_command_may_stand_in_the_subject_alone(house: House) -> None:
    house.policy(managers=(CHIEF,))
    assert ask(house, ANA.address, "", subject="#relatorio ontem")[0] == "commanded"
    assert ask(house, CHIEF, "", subject="#relatorio ontem") == ("commanded", "manager-asks")
    assert [who for who, _ in await house.write()] == [ANA.address, CHIEF]


async def test_an_agent_sees_only_their_queues_and_gets_no_figures_of_colleagues(house: House) -> None:
    house.policy()
    held = "held", "command-not-understood"
    assert ask(house, ANA.address, "#relatorio fila vendas") == held
    assert ask(house, ANA.address, "#relatorio por atendente") == held
    assert ask(house, ANA.address, "#relatorio banana") == held
    told = [content(mail, "text/plain") for who, mail in await house.write() if who == ANA.address]
    assert "Nenhuma fila se chama assim. Talvez: suporte" in told[0]
    assert "Os números de cada atendente são para quem gerencia a fila." in told[1]
    assert "hoje, semana, 30d, 2026-03, semana fila financeiro ou mês por tipo" in " ".join(told[2].split())


async def test_a_correction_brings_the_report(house: House) -> None:
    house.policy()
    ask(house, ANA.address, "#relatorio banana")
    await house.write()
    row = take(house.office, "#relatorio ontem", "pass", house.office.reply_address(ANA.address, None),  # type: ignore[arg-type]
               **{"from": ANA.address, "subject": "Re: x"})  # fmt: skip
    assert row.outcome == "commanded"
    while waiting := [r.id for r in house.office.run(lambda c: listed(within(c), state="accepted"))]:
        for number in waiting:
            house.office.settle(house.office.draft(number))
    assert [mail["Subject"] for who, mail in await house.write()] == ["Relatório: 29 de novembro de 2026"]


async def test_a_manager_who_is_no_agent_asks_with_proof_and_sees_each_agent(house: House) -> None:
    house.policy(managers=(CHIEF,))
    assert ask(house, CHIEF, "#relatorio semana por atendente") == ("commanded", "manager-asks")
    ((who, mail),) = await house.write()
    assert who == CHIEF
    assert "suporte+" not in mail["Reply-To"]
    assert "Ref.:" not in content(mail, "text/plain")


async def test_a_manager_is_answered_with_examples(house: House) -> None:
    house.policy(managers=(CHIEF,))
    assert ask(house, CHIEF, "#relatorio banana") == ("commanded", "manager-asks")
    ((who, mail),) = await house.write()
    assert (who, mail["Subject"], mail["Auto-Submitted"]) == (
        CHIEF,
        "Relatório: o que você pode pedir",
        "auto-generated",
    )
    text = content(mail, "text/plain")
    assert "#relatorio banana" in text
    assert "#relatório semana passada" in text
    assert "#relatório semana fila suporte" in text


@pytest.mark.parametrize("verdict", ["none", "fail"])
async def test_without_proof_a_managers_mail_is_a_ticket_as_anybodys(house: House, verdict: str) -> None:
    house.policy(managers=(CHIEF,))
    assert ask(house, CHIEF, "#relatorio", verdict)[0] == "opened"
    assert not [who for who, _ in await house.write() if who == CHIEF]


async def test_who_is_neither_agent_nor_manager_gets_none(house: House) -> None:
    house.policy(managers=(CHIEF,))
    assert ask(house, "maria@cliente.test", "#relatorio")[0] == "opened"
    assert ask(house, CHIEF, "#relatorio\nA impressora parou.")[0] == "opened"  # words of a person are never eaten
    assert not [who for who, mail in await house.write() if mail["Subject"].startswith("Relatório")]


async def test_a_reply_to_a_ticket_may_ask_too_and_the_ticket_stays_as_it_is(house: House) -> None:
    house.policy()
    to = house.office.reply_address(ANA.address, 1)
    before = house.office.ticket(1).ticket.status
    row = take(house.office, "#relatorio hoje", "pass", to, **{"from": ANA.address, "subject": "Re: [#1] Pedido"})
    assert row.outcome == "commanded"
    assert [who for who, mail in await house.write() if mail["Subject"].startswith("Relatório")] == [ANA.address]
    assert house.office.ticket(1).ticket.status == before


async def test_a_mail_that_says_what_would_happen_orders_no_report(house: House) -> None:
    house.policy()
    to = house.office.reply_address(ANA.address, 1)
    take(house.office, "#simular\n#relatorio hoje", "pass", to, **{"from": ANA.address, "subject": "Re: [#1] Pedido"})
    assert not [who for who, mail in await house.write() if mail["Subject"].startswith("Relatório:")]


async def test_a_flood_of_requests_costs_a_bounded_number_of_reports(house: House) -> None:
    house.policy()
    flood(house, 39)
    told = [mail["Subject"] for who, mail in await house.write() if who == ANA.address]
    assert len([subject for subject in told if subject.startswith("Relatório: limite")]) == 1
    assert len([subject for subject in told if subject.startswith("Relatório:")]) == PER_HOUR + 1


def flood(house: House, count: int) -> None:
    for number in range(1, count + 1):
        take(house.office, f"#relatorio {number}d", "none", **{"from": ANA.address, "subject": f"Oi {number}"})


async def test_the_first_request_beyond_the_limit_is_answered_once_in_an_hour(house: House) -> None:
    house.policy(managers=(CHIEF,))
    flood(house, PER_HOUR)
    await house.write()
    flood(house, 1)
    ((who, mail),) = await house.write()
    assert (who, mail["Subject"], mail["Auto-Submitted"]) == (
        ANA.address,
        "Relatório: limite de pedidos atingido",
        "auto-generated",
    )
    assert f"na última hora já fizemos {PER_HOUR} para você" in " ".join(content(mail, "text/plain").split())
    flood(house, 3)
    assert await house.write() == []
    assert ask(house, CHIEF, "#relatorio ontem")[0] == "commanded"  # somebody else's hour is their own
    assert [who for who, _ in await house.write()] == [CHIEF]
    house.office.pass_time(minutes=61)
    flood(house, 1)
    assert [mail["Subject"].startswith("Relatório: limite") for _, mail in await house.write()] == [False]


async def test_what_a_report_says_of_replies_to_it_is_so(house: House) -> None:
    """An agent and a manager get another report; anybody else's reply is a ticket, and the report says so."""
    boss = "gerente@empresa.test"
    house.policy(WEEK.model_copy(update={"to": (ANA.address, boss, CHIEF)}), managers=(boss,))
    said = {who: " ".join(content(mail, "text/plain").split()) for who, mail in await house.write()}
    asks = {who: "Se você responder a este e-mail só com uma linha como #relatório hoje" in said[who] for who in said}
    assert asks == {ANA.address: True, boss: True, CHIEF: False}
    assert "Uma resposta a este e-mail abriria um chamado novo." in said[CHIEF]
    outcomes = {who: reply(house, who) for who in said}
    assert outcomes == {ANA.address: "commanded", boss: "commanded", CHIEF: "opened"}
    brought = [who for who, mail in await house.write() if mail["Subject"].startswith("Relatório: 30 de novembro")]
    assert sorted(brought) == sorted([ANA.address, boss])


def reply(house: House, who: str) -> str:
    """The outcome of a reply to the report that somebody got, with the report below it as mail clients quote it."""
    (raw,) = (raw for to, raw in house.letters if to == who)
    mail = _read(raw)
    quoted = "\n".join(f"> {line}" for line in content(mail, "text/plain").splitlines())
    words = f"#relatorio hoje\n\nEm seg., 30 de nov. de 2026 às 08:01, Suporte <suporte@desk.test> escreveu:\n{quoted}"
    house.office.pass_time(minutes=1)
    to = mail["Reply-To"].addresses[0].addr_spec
    row = take(house.office, words, "pass", to, **{"from": who, "subject": f"Re: {mail['Subject']}"})
    return row.outcome


async def test_a_report_by_agent_is_divided_where_some_of_its_readers_may_not_see_colleagues(house: House) -> None:
    house.policy(managers=(BRUNO.address,))
    house.office.now = MONDAY - timedelta(days=3)
    by_agent(house, 1, "Troque o cabo.\n\n#resolver", BRUNO)
    await house.delivered()
    house.office.now = MONDAY
    everybody = tuple(Address("", one) for one in (CHIEF, ANA.address, BRUNO.address))
    order = ReportOrder(Period(date(2026, 11, 23), date(2026, 11, 29)), ("suporte",), everybody, "pt_BR", "agent", "x")
    house.office.run(lambda c: report_orders.schedule(c, date(2026, 11, 30), order, house.office.now))
    seen = {who: BRUNO.name in content(mail, "text/plain") for who, mail in await house.write()}
    assert seen == {CHIEF: True, BRUNO.address: True, ANA.address: False}


# --- an agent's own week ------------------------------------------------------------------------------


def digesting(house: House, **changes: Any) -> None:
    """Ana and Bruno get a digest at seven."""
    agents = tuple(agent.model_copy(update={"digest": "07:00", **changes}) for agent in AGENTS[:2])
    policy = a_policy(
        suporte={"satisfaction": True}, agents=agents, instance={"locale": "pt_BR", "timezone": str(ZONE)}
    )
    house.use(policy)


def by_agent(house: House, number: int, words: str, agent: Address = ANA) -> None:
    to = house.office.reply_address(agent.address, number)
    take(house.office, words, "pass", to, **{"from": agent.address, "subject": f"Re: [#{number}] Pedido"})


def by_maria(house: House, number: int, words: str) -> None:
    to = house.office.reply_address("maria@cliente.test", number)
    take(house.office, words, "pass", to, subject=f"Re: [#{number}] Pedido")


async def digests(house: House) -> dict[str, str]:
    for gateway in house.running:
        await gateway.off_loop(digest, gateway)
    return {who: content(mail, "text/plain") for who, mail in await house.delivered()}


async def test_on_monday_an_agent_reads_their_own_week_and_nothing_of_colleagues(house: House) -> None:
    digesting(house)
    house.office.now = MONDAY - timedelta(days=3)
    by_agent(house, 1, "Troque o cabo.\n\n#resolver")
    by_agent(house, 2, "Já está pago.\n\n#resolver")
    by_agent(house, 3, "Feito.\n\n#resolver", BRUNO)
    by_agent(house, 4, "#assumir")
    house.office.pass_time(hours=1)
    by_maria(house, 1, "Muito obrigada, Ana!")
    by_maria(house, 2, "5 excelente atendimento")
    by_maria(house, 3, "1 péssimo")
    await house.delivered()
    house.office.now = MONDAY
    told = await digests(house)
    ana, bruno = told[ANA.address], told[BRUNO.address]
    assert "Sua semana, 23 a 29 de novembro de 2026" in ana
    assert "Você resolveu 2 chamados e escreveu 2 respostas." in ana
    assert "Muito obrigada, Ana!" in ana
    assert "excelente atendimento" in ana
    assert "(#2)" in ana
    assert "Quem espera há mais tempo é" in ana
    assert "#4 Pedido 3" in ana
    assert "Você resolveu 1 chamado e escreveu 1 resposta." in bruno
    assert "péssimo" not in bruno  # that is no thanks, and the queue was told at once
    assert BRUNO.name not in ana
    assert "obrigada" not in bruno
    house.office.now = MONDAY + timedelta(minutes=5)
    assert await digests(house) == {}


async def test_on_other_days_and_without_anything_to_say_the_digest_is_as_it_was(house: House) -> None:
    digesting(house)
    house.office.now = MONDAY
    assert "Sua semana" not in (await digests(house))[ANA.address]
    by_agent(house, 1, "Troque o cabo.\n\n#resolver")
    house.office.now = MONDAY + timedelta(days=1)
    await house.delivered()
    assert "Sua semana" not in (await digests(house))[ANA.address]


async def test_the_pictures_are_drawn_by_a_process_of_its_own(
    database: Database, workers: Workers, house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.undo()
    ((_, mail),) = await house.write()
    pictures = [one.get_content() for one in mail.walk() if one.get_content_type() == "image/png"]
    assert pictures
    assert all(one.startswith(b"\x89PNG") and 5_000 < len(one) < 200_000 for one in pictures)


async def test_what_is_too_large_for_the_smarthost_goes_without_its_table_first(house: House) -> None:
    sender = house.running[0].delivering.sender
    whole = len((await sized(house, sender, None))[0])
    table, pictures = await sized(house, sender, whole - 100), await sized(house, sender, 20_000)
    assert kinds(table[1]) == ["image/png", "text/html", "text/plain"]
    assert kinds(pictures[1]) == ["text/html", "text/plain"]


async def sized(house: House, sender: Sender, limit: int | None) -> tuple[bytes, EmailMessage]:
    """The report of a week later, by a smarthost that takes no more."""
    house.office.take(a_message(message_id=f"<s{limit}@cliente.test>"))
    await house.delivered()
    sender._largest = lambda: limit
    house.office.pass_time(days=7)
    ((_, mail),) = [letter for letter in await house.write() if letter[0] == CHIEF]
    sender._largest = lambda: None
    return house.letters[-1][1], mail


def kinds(mail: EmailMessage) -> list[str]:
    return sorted({part.get_content_type() for part in mail.walk() if not part.is_multipart()})
