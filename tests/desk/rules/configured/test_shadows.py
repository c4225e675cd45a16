"""Rules that can never win are named, with the rules that are in their way; nothing is claimed that is not so."""

import re
import tomllib

import pytest

from mailtickets.desk.rules.configured.shadows import shadows

TABLE = """
# an earlier rule stops
a: all = [{ queue = "suporte" }] stop = true
b: all = [{ queue = "suporte" }, { words = "boleto" }] set.priority = "high"
=> b stopped a

# it has no condition at all
a: stop = true
b: all = [{ words = "boleto" }] add_tags = ["x"]
=> b stopped a

# the earlier rule stops on other occasions
a: on = ["reply"] all = [{ queue = "suporte" }] stop = true
b: all = [{ queue = "suporte" }] set.priority = "high"
=> -

# each occasion is stopped by a rule of its own
a: on = ["reply"] all = [{ queue = "suporte" }] stop = true
b: on = ["new", "status"] all = [{ queue = "suporte" }] stop = true
c: on = ["new", "reply"] all = [{ queue = "suporte" }] add_tags = ["x"]
=> c stopped b a

# the earlier rule asks for more
a: all = [{ queue = "suporte" }, { words = "boleto" }] stop = true
b: all = [{ queue = "suporte" }] set.priority = "high"
=> -

# one of several words
a: all = [{ words = ["boleto", "fatura", "nota"] }] stop = true
b: all = [{ words = ["Fatura", "bolêto"] }] set.priority = "high"
=> b stopped a

# a phrase has the word in it
a: all = [{ words = ["via"] }] stop = true
b: all = [{ words = ["segunda via"] }] set.priority = "high"
=> b stopped a

# a part of a word is no word
a: all = [{ words = ["nota"] }] stop = true
b: all = [{ words = ["anotar"] }] set.priority = "high"
=> -

# a word more
a: all = [{ words = ["boleto"] }] stop = true
b: all = [{ words = ["boleto", "fatura"] }] set.priority = "high"
=> -

# an address is at its domain, and a domain is below another
a: all = [{ domain = "grande.test" }] stop = true
b: all = [{ from = "ana@br.grande.test" }] set.priority = "high"
c: all = [{ domain = "br.grande.test" }] set.priority = "high"
d: all = [{ domain = "outra-grande.test" }] set.priority = "high"
=> b stopped a; c stopped a

a: all = [{ from = "@grande.test" }] stop = true
b: all = [{ from = "ana@grande.test" }] set.priority = "high"
c: all = [{ from = "ana@br.grande.test" }] set.priority = "high"
=> b stopped a

# globs: a text that they stand for, and nothing else
a: all = [{ to = "*+vip@desk.test" }] stop = true
b: all = [{ to = "suporte+vip@desk.test" }] set.priority = "high"
c: all = [{ to = "suporte+*" }] set.priority = "high"
d: all = [{ from = "suporte+vip@desk.test" }] set.priority = "high"
=> b stopped a

# subjects are words, and a glob in them is no whole text
a: all = [{ subject = "urgente" }] stop = true
b: all = [{ subject = "muito urgente mesmo" }] set.priority = "high"
c: all = [{ subject = "*urgente*" }] set.priority = "high"
d: all = [{ words = "urgente" }] set.priority = "high"
=> b stopped a

# not
a: all = [{ not = { queue = "suporte" } }] stop = true
b: all = [{ queue = "vendas" }] set.priority = "high"
c: all = [{ not = { queue = ["suporte", "vendas"] } }] set.priority = "high"
d: all = [{ queue = "suporte" }] set.priority = "high"
=> b stopped a; c stopped a

# any
a: any = [{ queue = "suporte" }, { words = "boleto" }] stop = true
b: any = [{ words = "boleto" }, { all = [{ queue = "suporte" }, { words = "fatura" }] }] set.priority = "high"
c: any = [{ words = "boleto" }, { words = "fatura" }] set.priority = "high"
=> b stopped a

# a later rule sets all of it again
a: all = [{ queue = "suporte" }, { words = "boleto" }] set.priority = "high"
b: all = [{ queue = "suporte" }] set.priority = "low"
=> a overwritten b

# two later rules, each a part
a: all = [{ queue = "suporte" }] set.priority = "high" set.queue = "vendas"
b: set.priority = "low"
c: set.queue = "suporte"
=> a overwritten b c

# not all of it
a: all = [{ queue = "suporte" }] set.priority = "high" set.queue = "vendas"
b: set.priority = "low"
=> -

# it is final, it does more, or it stops
a: all = [{ queue = "suporte" }] set.priority = "high" final = true
b: all = [{ queue = "vendas" }] set.priority = "high" add_tags = ["x"]
c: all = [{ words = "x" }] set.priority = "high" stop = true
d: set.priority = "low"
=> -

# a rule between them may stop
a: all = [{ queue = "suporte" }] set.priority = "high"
b: all = [{ words = "boleto" }] add_tags = ["x"] stop = true
c: set.priority = "low"
=> -

# what was set is final
a: all = [{ queue = "suporte" }] set.priority = "high" final = ["priority"]
b: all = [{ queue = "suporte" }, { words = "boleto" }] set.priority = "low"
c: all = [{ queue = "suporte" }] set.priority = "low" set.type = "request"
=> b final a

# conditions that exclude each other
a: all = [{ queue = "suporte" }, { queue = ["vendas", "rh"] }] add_tags = ["x"]
b: all = [{ queue = "sup*" }, { queue = "vendas" }] add_tags = ["x"]
c: all = [{ words = "boleto" }, { not = { words = ["boleto", "fatura"] } }] add_tags = ["x"]
d: all = [{ words = "boleto" }, { words = "fatura" }] add_tags = ["x"]
e: all = [{ verified = true }, { verified = false }] add_tags = ["x"]
=> a impossible; c impossible; e impossible

# amounts and hours imply themselves alone
a: all = [{ tickets = ">=3" }, { business_hours = "comercial" }] stop = true
b: all = [{ tickets = ">=3" }, { business_hours = "comercial" }, { words = "x" }] set.priority = "high"
c: all = [{ tickets = ">=4" }, { business_hours = "comercial" }] set.priority = "high"
d: all = [{ tickets = ">=3" }, { business_hours = "plantao" }] set.priority = "high"
=> b stopped a

# fields and headers
a: all = [{ field = { uf = ["SP", "RJ"] } }] stop = true
b: all = [{ field = { uf = "sp", pedido = "1*" } }] set.priority = "high"
c: all = [{ field = { UF = "SP" } }] set.priority = "high"
=> b stopped a

# in time each rule has a moment of its own
a: on = ["due"] all = [{ age = "1d" }] stop = true
b: on = ["due"] all = [{ age = "1d" }] set.priority = "high"
=> -

# a skill may find nobody, an agent is there
a: all = [{ queue = "suporte" }] assign = "ana@desk.test"
b: all = [{ queue = "vendas" }] assign = "ana@desk.test"
c: all = [{ queue = "suporte" }] assign = "skill:vpn"
d: all = [{ queue = "vendas" }] assign = "bruno@desk.test"
=> b overwritten d
"""


NEXT_KEY = re.compile(r'(?<=[\]"e]) (?=(set\.|add_tags|stop|final|all|any|assign))')
"""Each line of the table is one rule: its keys one after the other."""


def cases() -> list[str]:
    return [block for block in TABLE.strip().split("\n\n") if block.strip()]


def rules_of(case: str) -> list[dict[str, object]]:
    tables = []
    for line in case.splitlines():
        name, colon, rest = line.partition(": ")
        if colon and len(name) == 1:
            tables.append({"name": name, **tomllib.loads(NEXT_KEY.sub("\n", rest))})
    return tables


@pytest.mark.parametrize("case", cases(), ids=lambda case: case.splitlines()[0].lstrip("# "))
def test_the_table(case: str) -> None:
    expected = case.rpartition("=> ")[2].strip()
    found = "; ".join(" ".join([s.rule, s.why, *s.by]) for s in shadows(rules_of(case)))
    assert (found or "-") == expected


def test_each_is_said_in_a_sentence() -> None:
    [shadow] = shadows([{"name": "a", "stop": True}, {"name": "b", "add_tags": ["x"]}])
    assert shadow.text == "is never asked: whatever it matches, 'a' has matched before it, and stops"
