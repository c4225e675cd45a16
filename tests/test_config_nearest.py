"""A name that somebody has mistyped in what a company configures is answered with its key path and the nearest name."""

from pathlib import Path

import pytest

from mailtickets.config.load import parsed
from mailtickets.config.places import ConfigError

HOUSE = """
[instance]
hostname = "desk.test"
[delivery]
method = "maildir"
maildir = "/tmp/m"
[[queue]]
name = "suporte"
addresses = ["suporte@desk.test"]
assignment = "least_open"
[[queue.stages]]
name = "novo"
is = "new"
from = []
[[queue.stages]]
name = "diagnostico"
is = "open"
needs = ["pedido"]
[[queue.stages]]
name = "aguardando-peca"
is = "pending"
from = ["diagnostico"]
after = { "10d" = "diagnostico" }
[[queue.stages]]
name = "fechado"
is = "closed"
[[agent]]
name = "Ana"
address = "ana@desk.test"
queues = ["suporte"]
skills = ["vpn"]
[[calendar]]
name = "comercial"
hours = { "mon-fri" = "08:00-18:00" }
[[type]]
name = "pane"
needs = ["pedido", "filial"]
impact = ["one", "many"]
[[type]]
name = "obra"
impact = ["small", "large"]
[[field]]
name = "pedido"
kind = "pattern"
label = { pt_BR = "pedido" }
pattern = "###"
[[field]]
name = "filial"
kind = "choice"
choices = ["São Paulo", "Recife"]
queues = ["suporte"]
types = ["pane"]
[[service_level]]
name = "padrao"
queues = ["suporte"]
types = ["pane"]
first_answer = "8h"
escalate = [{ at = 1.0, queue = "suporte", assign = "skill:vpn" }]
[[rule]]
name = "parado"
set = { type = "pane", fields = { impact = "many", filial = "sao paulo" } }
"""

MISTAKES = {
    'impact = "many" -> impact = "meny"': ("rule.0.set.fields.impact", "impact has no value 'meny': 'many' is the"),
    'impact = "many" -> impact = "large"': ("rule.0.set.fields.impact", "has no value 'large'; there are one, many"),
    'filial = "sao -> filial = "Olinda" } } # ': ("rule.0.set.fields.filial", "'Olinda'; there are São Paulo, Recife"),
    'filial = "sao paulo" -> filial = "Recif"': ("rule.0.set.fields.filial", "no value 'Recif': 'Recife' is the near"),
    'from = ["diagnostico"] -> from = ["diagnotico"]': ("queue.0.stages.2.from.0", "'diagnostico' is the nearest"),
    '"10d" = "diagnostico" -> "10d" = "diagnose"': ("queue.0.stages.2.after.10d", "'diagnostico' is the nearest"),
    'is = "pending" -> is = "pendente"': ("queue.0.stages.2.is", "not 'pendente': 'pending' is the nearest"),
    'needs = ["pedido"] -> needs = ["pedidos"]': ("queue.0.stages.1.needs.0", "'pedido' is the nearest"),
    'needs = ["pedido", -> needs = ["pedid",': ("type.0.needs.0", "there is no field 'pedid': 'pedido' is the nearest"),
    'queue = "suporte" -> queue = "suport"': ("service_level.0.escalate.0.queue", "'suporte' is the nearest"),
    'assign = "skill:vpn" -> assign = "skill:vpm"': ("service_level.0.escalate.0.assign", "'vpn' is the nearest"),
    'assign = "skill:vpn" -> assign = "anna@desk.test"': ("service_level.0.escalate.0.assign", "'ana@desk.test' is"),
    'types = ["pane"]\nfirst -> types = ["pame"]\nfirst': ("service_level.0.types.0", "'pane' is the nearest"),
    '"mon-fri" -> "mon-fry"': ("calendar.0.hours.mon-fry", "not 'mon-fry': 'friday' is the nearest"),
    '"mon-fri" -> "segun-sex"': ("calendar.0.hours.segun-sex", "not 'segun-sex': 'segunda' is the nearest"),
    'assignment = "least_open" -> assignment = "leastopen"': ("queue.0.assignment", "'least_open' is the nearest"),
    'kind = "choice" -> kind = "choise"': ("field.1.kind", "not 'choise': 'choice' is the nearest"),
    'queues = ["suporte"]\ntypes = ["pane"]\n[ -> queues = ["suport"]\ntypes = ["pane"]\n[': (
        "field.1.queues.0",
        "'suporte' is the nearest",
    ),
    'types = ["pane"]\n[ -> types = ["pan"]\n[': ("field.1.types.0", "there is no type 'pan': 'pane' is the nearest"),
}


def test_the_house_is_sound() -> None:
    parsed(Path("config.toml"), HOUSE)


def test_a_rule_that_sets_no_type_may_set_a_level_of_any() -> None:
    parsed(
        Path("config.toml"),
        HOUSE.replace('set = { type = "pane", fields = { impact = "many"', 'set = { fields = { impact = "large"'),
    )


@pytest.mark.parametrize("mistake", MISTAKES)
def test_a_mistyped_name_is_answered_with_the_nearest(mistake: str) -> None:
    right, _, wrong = mistake.partition(" -> ")
    key, words = MISTAKES[mistake]
    assert right in HOUSE
    with pytest.raises(ConfigError) as error:
        parsed(Path("config.toml"), HOUSE.replace(right, wrong, 1))
    assert words in dict(error.value.problems)[key]
