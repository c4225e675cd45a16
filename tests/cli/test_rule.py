"""`mailtickets rule`: which rules there are, what they make of a mail, and what others would have made of old mail."""

import json
from contextlib import closing
from datetime import UTC, datetime
from typing import Any

import pytest
from sqlalchemy import select, update

from mailtickets.cli.check import areas
from mailtickets.config.load import load
from mailtickets.config.state import load_secrets, prepare
from mailtickets.daemon import warn_of_shadows
from mailtickets.gateway.rules import rules_of
from mailtickets.store import migrate, schema
from mailtickets.store.database import Database
from tests.cli.conftest import CONFIG, Shell
from tests.desk.builders import MARIA
from tests.servers.postgres import Postgres
from tests.store.office import Office, a_message
from tests.store.test_work_by_mail import agent, maria, token

SINCE = ("--since", "2025-03-01")

BOLETO = """
[[rule]]
name = "boleto"
all = [{ queue = "suporte" }, { words = ["boleto", "fatura"] }]
set = { queue = "vendas", priority = "high" }
add_tags = ["cobranca"]
"""


def use(shell: Shell, office: Office, rules: str) -> None:
    """From now on the desk has these rules."""
    shell.config.write_text(CONFIG + rules, encoding="utf-8")
    config = load(shell.config)
    office.clerk.rules = rules_of(config, load_secrets(config))


@pytest.fixture
def new(shell: Shell) -> Any:
    """Writes another configuration, and compares with it."""

    def compare(rules: str, *words: object) -> tuple[int, str]:
        file = shell.directory / "new.toml"
        file.write_text(CONFIG + rules, encoding="utf-8")
        status, out, err = shell.run("rule", "diff", *SINCE, file, *words)
        assert err == ""
        return status, out

    return compare


def found(told: str) -> dict[str, Any]:
    report: dict[str, Any] = json.loads(told)
    return report


def changes(told: str, rule: str | None) -> dict[int, dict[str, tuple[str, str]]]:
    """By ticket: what differs because of a rule, from and to."""
    [group] = [one for one in found(told)["rules"] if one["rule"] == rule]
    return {one["ticket"]: {c["what"]: (c["old"], c["new"]) for c in one["changes"]} for one in group["changes"]}


# --- diff ---------------------------------------------------------------------------------------------


def test_only_tickets_that_would_differ_are_shown_by_rule(office: Office, new: Any) -> None:
    maria(office, "Preciso da segunda via do boleto.", subject="Boleto")
    maria(office, "A impressora não imprime.")
    status, out = new(BOLETO)
    assert status == 1
    assert out.startswith("rule boleto: 1 ticket\n  #1  2025-03-03 ")
    assert "queue suporte -> vendas, priority normal -> high, tags - -> cobranca  Boleto\n" in out
    assert "#2" not in out
    assert "2 mails since 2025-03-01 00:00 replayed\n1 ticket would differ\n" in out


def test_the_same_rules_change_nothing(shell: Shell, office: Office, new: Any) -> None:
    use(shell, office, BOLETO)
    maria(office, "Preciso da segunda via do boleto.")
    assert new(BOLETO) == (0, "1 mail since 2025-03-01 00:00 replayed\nnothing would differ\n")


def test_what_a_rule_does_no_more_is_said_of_that_rule(shell: Shell, office: Office, new: Any) -> None:
    use(shell, office, BOLETO)
    maria(office, "Preciso da segunda via do boleto.", subject="Boleto")
    status, out = new("")
    assert (status, out.splitlines()[0]) == (1, "rule boleto (as it is now): 1 ticket")
    assert "queue vendas -> suporte, priority high -> normal, tags cobranca -> -" in out


def test_a_later_customer_was_new_then(office: Office, new: Any) -> None:
    for number in range(3):
        maria(office, "Preciso de ajuda.", subject=f"Pedido {number}")
        office.pass_time(hours=1)
    rule = '[[rule]]\nname = "fiel"\nall = [{ tickets = ">=2" }]\nadd_tags = ["fiel"]\n'
    status, out = new(rule, "--json")
    assert status == 1
    assert changes(out, "fiel") == {3: {"tags": ("", "fiel")}}


def test_a_rating_that_came_later_was_not_there_then(shell: Shell, office: Office, new: Any) -> None:
    shell.config.write_text(CONFIG.replace("display_name =", "satisfaction = true\ndisplay_name ="))
    config = load(shell.config)
    office.clerk.rules = rules_of(config, load_secrets(config))
    maria(office, "A impressora não imprime.")
    agent(office, "#cliente\nReinicie.\n#resolver", token(office))
    office.pass_time(hours=1)
    maria(office, "Preciso de ajuda.", subject="Segundo")
    office.pass_time(hours=1)
    maria(office, "1", office.reply_address(MARIA.address))
    office.pass_time(hours=1)
    maria(office, "Preciso de ajuda.", subject="Terceiro")
    rule = '[[rule]]\nname = "triste"\nall = [{ last_score = "<=2" }]\nset = { priority = "high" }\n'
    status, out = new(rule, "--json")
    assert (status, changes(out, "triste")) == (1, {3: {"priority": ("normal", "high")}})


def test_a_reply_is_judged_by_the_ticket_as_it_was(office: Office, new: Any) -> None:
    maria(office, "A impressora não imprime.")
    office.pass_time(hours=1)
    maria(office, "E agora?", office.reply_address(MARIA.address))
    office.pass_time(hours=1)
    agent(office, "#prioridade alta\n#etiqueta +vip", token(office))
    office.pass_time(hours=1)
    maria(office, "E agora mesmo?", office.reply_address(MARIA.address))
    rule = '[[rule]]\nname = "urge"\non = ["reply"]\n'
    rule += 'all = [{ priority = "high" }, { tag = "vip" }]\nset = { type = "incident" }\n'
    status, out = new(rule, "--json")
    assert status == 1
    [change] = found(out)["rules"][0]["changes"]
    assert (change["inbound"], change["on"]) == (4, "mail")


def test_whether_the_author_was_known_is_asked_of_then(office: Office, new: Any) -> None:
    maria(office, "A impressora não imprime.")
    row = office.row(1)
    assert row.authentication is None or row.authentication["verdict"] != "pass"
    rule = '[[rule]]\nname = "visto"\nall = [{ verified = true }]\nadd_tags = ["visto"]\n'
    assert new(rule)[0] == 0


def test_a_status_that_an_agent_changed_is_replayed_too(office: Office, new: Any) -> None:
    maria(office, "A impressora não imprime.")
    office.pass_time(hours=1)
    agent(office, "#cliente\nReinicie.\n#resolver", token(office))
    office.pass_time(hours=1)
    agent(office, "#etiqueta +rede", token(office))
    rule = '[[rule]]\nname = "fim"\non = ["status"]\n'
    rule += 'all = [{ status = "resolved" }, { not = { tag = "rede" } }]\nadd_tags = ["fim"]\n'
    status, out = new(rule)
    assert status == 1
    assert "rule fim: 1 ticket\n" in out
    assert "status changed: tags - -> fim" in out


FIELD = '[[field]]\nname = "pedido"\nlabel = { pt_BR = "número do pedido" }\npattern = "#####-##"\n'


def test_values_of_fields_that_a_mail_says_are_seen_by_rules(shell: Shell, office: Office, new: Any) -> None:
    use(shell, office, FIELD)
    maria(office, "O pedido 88123-45 não chegou.")
    maria(office, "Nada chegou.", subject="Outra")
    rule = (
        FIELD + '[[rule]]\nname = "com-pedido"\nall = [{ field = { pedido = "88*" } }]\nset = { priority = "high" }\n'
    )
    status, out = new(rule, "--json")
    assert (status, changes(out, "com-pedido")) == (1, {1: {"priority": ("normal", "high")}})
    told = shell.directory / "pedido.eml"
    told.write_bytes(a_message("O pedido 88123-45 não chegou."))
    shell.config.write_text(CONFIG + rule)
    assert shell.json("rule", "test", told)[0]["changes"][0]["new"] == "high"


def test_the_priority_that_follows_from_levels_is_compared(office: Office, new: Any) -> None:
    maria(office, "Ninguém consegue entrar.")
    kind = '[[type]]\nname = "incident"\nimpact = ["one", "many", "all"]\nurgency = ["low", "normal", "high"]\n'
    rule = '[[rule]]\nname = "caiu"\nall = [{ words = "ninguém" }]\n'
    rule += 'set = { type = "incident", fields = { impact = "all", urgency = "high" } }\n'
    status, out = new(kind + rule, "--json")
    assert status == 1
    [group] = [one for one in found(out)["rules"] if one["rule"] == "caiu"]
    changed = {c["what"]: c["new"] for c in group["changes"][0]["changes"]}
    assert changed == {"type": "incident", "priority": "critical", "field impact": "all", "field urgency": "high"}


def test_a_rule_whose_time_came_is_replayed_once(office: Office, new: Any) -> None:
    maria(office, "A impressora não imprime.")
    maria(office, "O telefone também não.", subject="Telefone")
    office.pass_time(hours=3)
    agent(office, "Reinicie.", token(office))
    rule = '[[rule]]\nname = "{}"\non = ["due"]\nall = [{{ waiting = "{}" }}]\nset = {{ priority = "high" }}\n'
    status, out = new(rule.format("esquecido", "4h"), "--json")
    assert (status, changes(out, "esquecido")) == (1, {2: {"priority": ("normal", "high")}})
    [change] = found(out)["rules"][0]["changes"]
    assert (change["on"], change["at"]) == ("due", "2025-03-03T16:00:00+00:00")
    status, out = new(rule.format("logo", "2h"), "--json")
    assert set(changes(out, "logo")) == {1, 2}


def test_a_rule_that_comes_at_another_time_says_when(shell: Shell, office: Office, new: Any) -> None:
    rule = '[[rule]]\nname = "esquecido"\non = ["due"]\nall = [{{ age = "{}" }}]\nset = {{ priority = "high" }}\n'
    use(shell, office, rule.format("4h"))
    maria(office, "A impressora não imprime.")
    assert new(rule.format("4h"))[0] == 0
    status, out = new(rule.format("6h"))
    assert status == 1
    assert "in time: when 2025-03-03 16:00 -> 2025-03-03 18:00  Impressora" in out


def test_what_cannot_be_replayed_is_counted(office: Office, new: Any) -> None:
    maria(office, "Preciso do boleto.", subject="Um")
    maria(office, "Preciso do boleto.", subject="Dois")
    agent(office, "#prioridade alta", token(office))
    office.run(lambda c: c.execute(update(schema.inbound).where(schema.inbound.c.id == 1).values(raw=b"")))
    status, out = new(BOLETO, "--json")
    assert (status, list(changes(out, "boleto"))) == (1, [2])
    assert found(out)["not_replayed"] == {"of agents": 1, "without their raw mail": 1}
    assert found(out)["replayed"] == {"mails": 1, "statuses": 0, "timers": 0}


def test_unused_and_shadowed_rules_are_named(office: Office, new: Any) -> None:
    maria(office, "Preciso do boleto.", subject="Um")
    rest = (
        '[[rule]]\nname = "depois"\nall = [{ words = "boleto" }, { queue = "suporte" }]\nset = { priority = "low" }\n'
    )
    stop = BOLETO + "stop = true\n" + rest
    _, out = new(stop)
    assert "unused: rule depois matched nothing of this\n" in out
    assert (
        "shadowed: rule depois is never asked: whatever it matches, 'boleto' has matched before it, and stops\n" in out
    )


def test_comparing_writes_nothing_and_sends_nothing(shell: Shell, office: Office, new: Any) -> None:
    maria(office, "Preciso do boleto.")
    read = lambda: office.run(lambda c: [list(c.execute(select(table))) for table in schema.metadata.sorted_tables])  # noqa: E731
    before = read()
    assert new(BOLETO + 'notify = ["vendas"]\n')[0] == 1
    assert read() == before


def test_a_limit_bounds_what_is_shown_and_not_what_is_counted(office: Office, new: Any) -> None:
    for number in range(4):
        maria(office, "Preciso do boleto.", subject=f"Boleto {number}")
    _, out = new(BOLETO, "--limit", 2)
    assert out.splitlines()[0] == "rule boleto: 4 tickets"
    assert "  ... and 2 more (--limit)\n" in out


def test_a_broken_configuration_is_refused_with_its_errors(shell: Shell, office: Office) -> None:
    file = shell.directory / "new.toml"
    file.write_text(CONFIG + '[[rule]]\nname = "x"\nset = { queue = "nenhuma" }\n')
    status, out, err = shell.run("rule", "diff", file)
    assert (status, out) == (2, "")
    assert "rule.0.set.queue: there is no queue 'nenhuma'" in err
    assert shell.run("rule", "diff", shell.directory / "none.toml")[0] == 2
    assert "is no date" in shell.run("rule", "diff", "--since", "ontem", file)[2]


def test_a_mail_that_a_rule_held_is_compared_as_it_was_held(shell: Shell, office: Office, new: Any) -> None:
    hold = '[[rule]]\nname = "fiscal"\nall = [{ words = "boleto" }]\nhold = true\n'
    use(shell, office, hold)
    maria(office, "Preciso do boleto.", subject="Boleto")
    assert office.row(1).outcome == "held"
    status, out = new("")
    assert (status, "outcome held -> opened" in out) == (1, True)
    office.pass_time(hours=1)
    assert shell.run("inbound", "release", 1)[0] == 0
    office.settle(office.draft(1))
    assert office.row(1).outcome == "opened"
    assert new(hold)[0] == 0
    status, out = new("")
    assert (status, "rule fiscal (as it is now)" in out) == (1, True)


def test_the_mail_of_a_desk_on_postgresql_is_compared_too(shell: Shell, postgres: Postgres, new: Any) -> None:
    shell.config.write_text(f'{CONFIG}[database]\nurl = "{postgres.database()}"\n', encoding="utf-8")
    config = load(shell.config)
    prepare(config)
    with closing(Database(config.database_url)) as database:
        migrate.upgrade(database)
        office = Office(database, rules_of(config, load_secrets(config)))
        maria(office, "Preciso da segunda via do boleto.", subject="Boleto")
        office.pass_time(hours=1)
        agent(office, "#cliente\nSegue.\n#resolver", token(office))
        rest = '[[rule]]\nname = "fim"\non = ["status"]\nall = [{ status = "resolved" }]\nadd_tags = ["fim"]\n'
        rest += '[[rule]]\nname = "logo"\non = ["due"]\nall = [{ waiting = "30m" }]\nadd_tags = ["logo"]\n'
        status, out = new(BOLETO + rest, "--json")
    assert status == 1
    assert {one["rule"]: one["tickets"] for one in found(out)["rules"]} == {"boleto": 1, "fim": 1, "logo": 1}


def test_a_desk_that_is_not_there_has_nothing_to_compare(shell: Shell) -> None:
    status, _, err = shell.run("rule", "diff", shell.config)
    assert (status, "has no desk yet" in err) == (2, True)


# --- list ---------------------------------------------------------------------------------------------


def test_rules_are_listed_with_how_often_they_matched(shell: Shell, office: Office) -> None:
    use(shell, office, BOLETO + '[[rule]]\nname = "nunca"\non = ["reply"]\nadd_tags = ["x"]\n')
    maria(office, "Preciso do boleto.")
    maria(office, "Preciso da fatura.", subject="Outra")
    told = shell.json("rule", "list")
    assert [(rule["name"], rule["on"]) for rule in told] == [("boleto", ["new"]), ("nunca", ["reply"])]
    assert told[0]["last_at"].startswith("2025-03-03")
    assert (told[1]["last_at"], told[1]["fired"]) == (None, 0)
    _, out, _ = shell.run("rule", "list")
    assert "has never matched" in out


def test_firings_of_the_last_days_are_counted(shell: Shell, office: Office) -> None:
    use(shell, office, BOLETO)
    office.now = datetime.now(UTC)
    maria(office, "Preciso do boleto.")
    maria(office, "Preciso da fatura.", subject="Outra")
    assert shell.json("rule", "list")[0]["fired"] == 2


def test_a_shadowed_rule_says_so_in_the_list(shell: Shell, office: Office) -> None:
    use(shell, office, '[[rule]]\nname = "a"\nstop = true\n' + BOLETO)
    for _ in range(2):  # with a configuration that is checked now, and with one that has been
        told = shell.json("rule", "list")
        assert [rule["shadowed"] and rule["shadowed"]["by"] for rule in told] == [None, ["a"]]


# --- test ---------------------------------------------------------------------------------------------


@pytest.fixture
def mail(shell: Shell) -> Any:
    file = shell.directory / "boleto.eml"
    file.write_bytes(a_message("Preciso da segunda via do boleto.", message_id="<t1@cliente.test>"))
    return file


VIP = '[[rule]]\nname = "vip"\nall = [{ from = "@grande.test" }]\nadd_tags = ["vip"]\n'


def check_trial(told: dict[str, Any]) -> None:
    assert (told["outcome"], told["queue"], told["author"]) == ("opened", "suporte", "maria@cliente.test")
    assert [(line["rule"], line["verdict"]) for line in told["rules"]] == [("boleto", "matches"), ("vip", "no")]
    assert told["rules"][1]["why"] == 'all.0.from = "@grande.test"'
    assert {one["what"]: one["new"] for one in told["changes"]} == {
        "queue": "vendas", "priority": "high", "tags": "cobranca",
    }  # fmt: skip
    assert {one["rule"] for one in told["changes"]} == {"boleto"}


def test_a_mail_file_is_tried_without_a_desk(shell: Shell, mail: Any) -> None:
    shell.config.write_text(CONFIG + BOLETO + VIP, encoding="utf-8")
    [told] = shell.json("rule", "test", mail)
    check_trial(told)
    assert not (shell.directory / "var").exists()


def test_a_mail_file_is_tried_at_the_desk_and_leaves_no_trace(shell: Shell, office: Office, mail: Any) -> None:
    use(shell, office, BOLETO + VIP)
    office.now = datetime.now(UTC)  # a reply address is good for some time
    maria(office, "A impressora não imprime.")
    agent(office, "Reinicie.", token(office))
    reply = shell.directory / "reply.eml"
    to = office.reply_address(MARIA.address)
    reply.write_bytes(a_message("Chegou o boleto.", message_id="<t2@cliente.test>", to=to))
    read = lambda: office.run(lambda c: [list(c.execute(select(table))) for table in schema.metadata.sorted_tables])  # noqa: E731
    before = read()
    told, replied = shell.json("rule", "test", mail, reply)
    check_trial(told)
    assert (replied["outcome"], replied["ticket"], replied["changes"]) == ("appended", 1, [])
    assert {line["verdict"] for line in replied["rules"]} == {"not asked"}
    assert read() == before
    _, out, _ = shell.run("rule", "test", mail)
    assert '  rule boleto  matches\n  rule vip     no: all.0.from = "@grande.test"\n' in out
    assert "  queue: suporte -> vendas  (rule boleto)\n" in out


def test_a_mail_that_rules_are_not_asked_about_says_so(shell: Shell, office: Office, mail: Any) -> None:
    use(shell, office, BOLETO)
    mail.write_bytes(a_message("#prioridade alta", **{"from": "ana@desk.test"}))
    status, out, _ = shell.run("rule", "test", mail)
    assert (status, "no rule is asked about such a mail" in out) == (0, True)


def test_a_file_that_is_not_there_is_named_and_the_others_are_tried(shell: Shell, mail: Any) -> None:
    status, out, err = shell.run("rule", "test", shell.directory / "none.eml", mail)
    assert (status, "boleto.eml: opened" in out) == (1, True)
    assert "none.eml: No such file or directory" in err


# --- rules that can never win -------------------------------------------------------------------------


SHADOWED = '[[rule]]\nname = "a"\nstop = true\n' + VIP


def test_check_names_them_with_what_to_do(shell: Shell, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(areas, "AREAS", [area for area in areas.AREAS if area[0] == "rule"])
    shell.config.write_text(CONFIG + SHADOWED, encoding="utf-8")
    status, out, _ = shell.run("check")
    assert status == 0
    assert "warning  rule.1: vip is never asked: whatever it matches, 'a' has matched before it, and stops\n" in out
    assert "next: put it before 'a', or take `stop` away there, or take this rule away\n" in out
    shell.config.write_text(CONFIG + BOLETO + VIP, encoding="utf-8")
    assert "ok       rule: 2 rules; none is in the way of another\n" in shell.run("check")[1]


def test_the_daemon_logs_them_when_it_reads_its_configuration(shell: Shell, caplog: pytest.LogCaptureFixture) -> None:
    shell.config.write_text(CONFIG + SHADOWED, encoding="utf-8")
    warn_of_shadows(load(shell.config))
    [line] = caplog.records
    assert (line.message, line.levelname, vars(line)["key"]) == ("configuration", "WARNING", "rule.1")
    assert vars(line)["text"].startswith("vip is never asked")
