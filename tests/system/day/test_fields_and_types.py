"""A shop that wants to know the order number: what customers are asked once, and what agents type."""

from tests.system.day.office import Office, office_config
from tests.system.town import ANA, JOAO, text_of

SHOP = """
[[type]]
name = "troca"
label = { pt_BR = "Troca" }
needs = ["pedido", "cpf"]
impact = ["one", "many", "all"]
urgency = ["low", "normal", "high"]

[[field]]
name = "pedido"
label = { pt_BR = "número do pedido" }
pattern = "#####-##"

[[field]]
name = "cpf"
label = { pt_BR = "CPF" }
kind = "cpf"

[[rule]]
name = "trocas"
all = [{ words = ["trocar"] }]
set = { type = "troca" }
"""


def test_a_customer_is_asked_once_and_agents_note_the_rest(office: Office) -> None:
    config = office_config(office.town)
    office.reload(config + SHOP)
    try:
        number = office.asks(JOAO, "Quero trocar a camisa. Paguei com o cartão 4111 1111 1111 1111.", "Camisa")
        asked = text_of(office.notice(JOAO, number))
        assert "1) número do pedido (exemplo: 12345-67)" in asked
        assert "2) CPF (exemplo: 529.982.247-25)" in asked
        told = text_of(office.notice(ANA, number))
        assert "Falta saber: número do pedido e CPF" in told
        assert "no cartão •••• 1111" in told or "com o cartão •••• 1111" in told
        assert "4111 1111 1111 1111" in office.ticket(number)["messages"][0]["text"]

        office.answers(JOAO, number, "1) 54321-09\n2) não sei de cabeça")
        assert office.ticket(number)["fields"] == {"pedido": "54321-09"}

        office.reply(ANA, office.notice(ANA, number), NOTED)
        ticket = office.ticket(number)
        assert ticket["fields"] == {
            "pedido": "54321-09", "cpf": "11144477735", "impact": "all", "urgency": "high",
        }  # fmt: skip
        assert ticket["priority"] == "critical"
        receipt = text_of(office.notice(ANA, number))
        assert "CPF: 111.444.777-35" in receipt
        assert "Prioridade: crítica (antes: média)" in receipt
        assert "111.444.777-35" not in office.said_to(JOAO)
    finally:
        office.reload(config)


NOTED = """\
#campo cpf 111.444.777-35
#impacto todos
#urgência alta
"""
