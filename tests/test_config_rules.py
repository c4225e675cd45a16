"""`[[rule]]` in the configuration file: what is wrong is named with its key path and with the nearest name."""

from pathlib import Path

import pytest

from mailtickets.config.load import load
from mailtickets.config.models import Config
from mailtickets.config.places import ConfigError
from mailtickets.config.rules import Condition, Rule

HOUSE = """
[instance]
hostname = "mail.desk.test"
[delivery]
method = "maildir"
[[queue]]
name = "suporte"
addresses = ["suporte@desk.test"]
[[queue]]
name = "financeiro"
addresses = ["financeiro@desk.test"]
[[agent]]
name = "Ana"
address = "ana@desk.test"
queues = ["suporte"]
skills = ["vpn"]
[[calendar]]
name = "comercial"
hours = { "mon-fri" = "08:00-18:00" }
[[field]]
name = "pedido"
label = { pt_BR = "pedido" }
pattern = "###"
example = "123"
"""


def loaded(tmp_path: Path, *rules: str) -> Config:
    file = tmp_path / "config.toml"
    file.write_text(HOUSE + "".join(f"[[rule]]\n{rule}\n" for rule in rules), encoding="utf-8")
    return load(file)


def problems(tmp_path: Path, *rules: str) -> dict[str, str]:
    with pytest.raises(ConfigError) as error:
        loaded(tmp_path, *rules)
    return dict(error.value.problems)


def test_a_rule_with_every_key_is_read(tmp_path: Path) -> None:
    config = loaded(
        tmp_path,
        """
name = "boleto"
on = ["new", "reply"]
calendar = "comercial"
all = [
  { queue = "suporte", from = ["@cliente.test", "*@outro.test"], domain = "cliente.test", to = "suporte@desk.test" },
  { subject = "boleto", words = ["segunda via", "fatur*"], header = { X-Origem = "site*" }, language = "pt" },
  { attachment = { name = "*.pdf", type = "application/*", size = ">1MB" }, kind = "human", verified = true },
  { business_hours = true, tickets = ">=3", last_score = "<=2", tag = "vip", status = ["new", "open"] },
  { priority = "normal", type = "incident", assigned = false, age = "<2d", field = { pedido = "*" } },
  { not = { any = [{ words = "teste" }, { attachment = false }] } },
]
any = [{ words = "urgente" }, { all = [{ subject = "urgente" }] }]
set = { queue = "financeiro", priority = "high", type = "request", fields = { pedido = "999" } }
final = ["queue"]
add_tags = ["cobranca"]
remove_tags = "triagem"
assign = "skill:vpn"
watch = "ana@desk.test"
notify = ["financeiro", "ana@desk.test"]
answer = "estamos-verificando"
ask = ["pedido"]
stop = true
""",
    )
    (rule,) = config.rule
    assert rule.name == "boleto"
    assert rule.setters[:3] == (("queue", "financeiro"), ("priority", "high"), ("type", "request"))
    assert rule.remove_tags == ("triagem",)


@pytest.mark.parametrize(
    ("rule", "key", "words"),
    [
        (
            'all = [{ queue = "financero" }]\nstop = true',
            "all.0.queue",
            "there is no queue 'financero': 'financeiro' is",
        ),
        (
            'any = [{ words = "a" }, { queue = ["x", "suporte"] }]\nstop = true',
            "any.1.queue.0",
            "there is no queue 'x'",
        ),
        ('all = [{ not = { all = [{ type = "incidente" }] } }]\nstop = true', "all.0.not.all.0.type", "'incident' is"),
        ('all = [{ word = "a" }]\nstop = true', "all.0.word", "there is no such key: `words` is the nearest"),
        ('al = [{ words = "a" }]\nstop = true', "al", "there is no such key: `all` is the nearest"),
        ("all = [{}]\nstop = true", "all.0", "at least one condition"),
        ('all = [{ words = "" }]\nstop = true', "all.0.words.0", "not an empty one"),
        ('all = [{ words = "..." }]\nstop = true', "all.0.words", "no letter or digit"),
        ('all = [{ status = "resolvido" }]\nstop = true', "all.0.status.0", "'resolved'"),
        ('all = [{ age = "2 days" }]\nstop = true', "all.0.age", 'a duration like "2d"'),
        ("all = [{ age = 2 }]\nstop = true", "all.0.age", 'a duration like "2d"'),
        ('all = [{ tickets = "many" }]\nstop = true', "all.0.tickets", "a number like 0"),
        ('all = [{ attachment = { size = "5 apples" } }]\nstop = true', "all.0.attachment.size", "a size like"),
        ("all = [{ business_hours = true }]\nstop = true", "all.0.business_hours", "the name of a calendar"),
        ('all = [{ business_hours = "comercia" }]\nstop = true', "all.0.business_hours", "'comercial' is the nearest"),
        ('all = [{ field = { pedid = "1" } }]\nstop = true', "all.0.field.pedid", "'pedido' is the nearest"),
        ('on = "due"\nall = [{ status = "open" }]\nstop = true', "on", '"due" needs a condition'),
        ('on = "due"\nall = [{ age = "<1d" }]\nstop = true', "on", '"due" needs a condition'),
        ('on = "due"\nall = [{ age = "1d" }, { words = "a" }]\nstop = true', "all.1.words", "looks at a mail"),
        ('on = "status"\nhold = true', "hold", "holds a mail"),
        ('on = "often"\nstop = true', "on.0", "'reply'"),
        ('set = { queue = "vendas" }', "set.queue", "there is no queue 'vendas'"),
        ('set = { queue = "*" }', "set.queue", "there is no queue '*'"),
        ('set = { priority = "urgent" }', "set.priority", "'critical'"),
        ('set = { fields = { cpf = "1" } }', "set.fields.cpf", "there is no field 'cpf'"),
        ('set = { priority = "high" }\nfinal = ["queue"]', "final.0", "the rule does not set 'queue'"),
        ('assign = "bia@desk.test"', "assign", "there is no agent 'bia@desk.test': 'ana@desk.test' is the nearest"),
        ('assign = "skill:vpm"', "assign", "no agent has the skill 'vpm': 'vpn' is the nearest"),
        ('assign = "turns"', "assign", "'turn' is the nearest"),
        ('watch = ["x@desk.test"]', "watch", "there is no agent 'x@desk.test'"),
        ('watch = ["chefe@fora.test"]', "watch", "only agents can watch, and others can be told with `notify`"),
        (
            'notify = ["ana@desk.test", "suporte@desk.test"]',
            "notify.1",
            "a queue's own address: it would open a ticket",
        ),
        ('notify = "Suporte+x@desk.test"', "notify.0", "a queue's own address: it would open a ticket"),
        ('notify = ["chefe@"]', "notify.0", "an address like suporte@example.org was expected"),
        ('notify = ["financ"]', "notify", "'financeiro' is the nearest"),
        (
            'answer = "verificando"',
            "answer",
            "there is no ready answer 'verificando': 'estamos-verificando' is the nearest",
        ),
        ('ask = ["pedidos"]', "ask", "'pedido' is the nearest"),
        ('on = "reply"\nask = ["pedido"]', "ask", "where a new mail is acknowledged"),
        ('webhook = "crm"', "webhook", "there is no [[webhook]] 'crm'"),
        ('add_tags = ["two words"]', "add_tags.0", "one word"),
    ],
)
def test_a_wrong_rule_is_named_with_its_key_path(tmp_path: Path, rule: str, key: str, words: str) -> None:
    found = problems(tmp_path, 'name = "before"\nstop = true', f'name = "errada"\n{rule}')
    assert list(found) == [f"rule.1.{key}"]
    assert words in found[f"rule.1.{key}"]


def test_a_rule_may_tell_people_who_are_no_agents(tmp_path: Path) -> None:
    config = loaded(tmp_path, 'name = "a"\nnotify = ["chefe@FORA.test", "suporte", "ana@desk.test"]')
    assert config.rule[0].notify == ("chefe@fora.test", "suporte", "ana@desk.test")


def test_two_rules_of_one_name_are_refused(tmp_path: Path) -> None:
    found = problems(tmp_path, 'name = "a"\nstop = true', 'name = "a"\nstop = true')
    assert found == {"rule.1.name": "there is another rule 'a'"}


def test_all_that_is_wrong_is_said_at_once(tmp_path: Path) -> None:
    found = problems(tmp_path, 'name = "a"\nall = [{ queue = "x" }, { word = "y" }]\nset = { type = "z" }')
    assert set(found) == {"rule.0.all.0.queue", "rule.0.all.1.word", "rule.0.set.type"}


def test_the_page_about_rules_names_every_key() -> None:
    page = (Path(__file__).parents[1] / "docs" / "rules.md").read_text(encoding="utf-8")
    keys = {info.alias or name for model in (Condition, Rule) for name, info in model.model_fields.items()}
    assert {key for key in keys if f"`{key}" not in page and f"{key} =" not in page} == set()
