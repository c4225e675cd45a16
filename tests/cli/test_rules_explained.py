"""`explain` and `inbound show` say which rules matched; `check` says which do less than they seem to."""

from typing import Any

import pytest

from mailtickets.cli.check import areas
from tests.cli.conftest import CONFIG, Shell
from tests.cli.test_rule import BOLETO, use
from tests.store.office import Office, a_message

VIP = '[[rule]]\nname = "vip"\nall = [{ words = "boleto" }, { from = "@grande.test" }]\nadd_tags = ["vip"]\n'
LATER = '[[rule]]\nname = "depois"\non = "reply"\nadd_tags = ["x"]\n'
STOPS = '[[rule]]\nname = "fim"\nstop = true\n'
NEVER = '[[rule]]\nname = "nunca"\nadd_tags = ["y"]\n'


@pytest.fixture
def mail(tmp_path: Any) -> Any:
    file = tmp_path / "boleto.eml"
    file.write_bytes(a_message("Preciso da segunda via do boleto."))
    return file


def test_explain_shows_every_rule_and_on_which_condition_it_failed(shell: Shell, office: Office, mail: Any) -> None:
    use(shell, office, VIP + BOLETO + LATER + STOPS + NEVER)
    status, out, _ = shell.run("explain", mail)
    assert status == 0
    assert (
        'rule      rule:vip: no  (all.1.from = "@grande.test")\n'
        "rule      rule:boleto: matches\n"
        "rule      rule:depois: not asked  (on = reply)\n"
        "rule      rule:fim: matches\n"
        "rule      rule:nunca: not asked  (rule:fim stops)\n"
    ) in out
    assert "by rule   queue: vendas  (rule:boleto)\n" in out
    found = shell.json("explain", mail)
    assert [(one["rule"], one["verdict"]) for one in found["rules"]][-5:] == [
        ("rule:vip", "no"),
        ("rule:boleto", "matches"),
        ("rule:depois", "not asked"),
        ("rule:fim", "matches"),
        ("rule:nunca", "not asked"),
    ]
    assert {"kind": "priority", "to": "high", "rule": "rule:boleto"} in found["by_rules"]


def test_only_rules_that_matched_are_stored_with_a_mail(shell: Shell, office: Office) -> None:
    use(shell, office, VIP + BOLETO)
    row = office.take(a_message("Preciso da segunda via do boleto."))
    lines = [line for line in row.trace if line[0].startswith("rule:")]
    assert lines == [["rule:boleto", "matches", ""]]
    assert "rule:boleto" in shell.run("inbound", "show", row.id)[1]


def test_check_names_rules_that_do_less_than_they_seem_to(shell: Shell, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(areas, "AREAS", [area for area in areas.AREAS if area[0] == "rule"])
    rules = (
        '[[rule]]\nname = "nada"\nall = [{ words = "x" }]\n'
        '[[rule]]\nname = "avisa"\nall = [{ words = "z" }]\nnotify = ["anna@desk.test", "chefe@fora.test"]\n'
        '[[rule]]\nname = "responde"\nall = [{ words = "y" }]\nanswer = "looking-into-it"\n'
        '[[rule]]\nname = "segue"\nall = [{ words = "z" }]\nwatch = ["ana@desk.test"]\n'
    )
    shell.config.write_text(CONFIG + rules, encoding="utf-8")
    status, out, _ = shell.run("check")
    assert status == 0
    assert "warning  rule.0: nada does nothing\n" in out
    figures = "anna@desk.test is no agent's address and gets figures only: 'ana@desk.test' is the nearest"
    assert f"warning  rule.1.notify.0: {figures}\n" in out
    assert "chefe" not in out
    assert (
        "warning  rule.2.answer: there is no ready answer 'looking-into-it' in pt_BR: customers there get none\n" in out
    )
    assert "warning  rule.3.watch: segue lets agents follow tickets, and nobody who only follows is told of mail" in out
