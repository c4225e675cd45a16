"""A queue that has the steps of its own process: agents type lines of its notices, customers hear of two stages."""

from tests.system.day.office import Office, office_config
from tests.system.town import ANA, JOAO, text_of

STAGES = """
[[queue.stages]]
name = "novo"
is = "new"
from = []
label = { pt_BR = "Novo" }
[[queue.stages]]
name = "diagnostico"
is = "open"
label = { pt_BR = "Diagnóstico" }
[[queue.stages]]
name = "aguardando-cliente"
is = "pending"
label = { pt_BR = "Aguardando cliente" }
[[queue.stages]]
name = "aguardando-peca"
is = "pending"
from = ["diagnostico"]
after = { "10d" = "diagnostico" }
tell = true
label = { pt_BR = "Aguardando peça" }
[[queue.stages]]
name = "encerrado"
is = "closed"
label = { pt_BR = "Encerrado" }
"""


def with_stages(config: str) -> str:
    """The configuration, with stages in its first queue, whose tables end where the next one begins."""
    first = config.index("[[queue]]")
    end = config.index("\n[[", first + 1)
    return config[:end] + STAGES + config[end:]


def test_a_ticket_goes_through_the_stages_of_its_queue(office: Office) -> None:
    config = office_config(office.town)
    office.reload(with_stages(config))
    try:
        number = office.asks(JOAO, "O notebook não liga.", "Notebook")
        told = text_of(office.notice(ANA, number))
        assert "Etapa: Novo" in told
        assert "Diagnóstico: #etapa diagnostico" in told
        assert "#etapa aguardando-peca" not in told

        office.reply(ANA, office.notice(ANA, number), "#etapa aguardando-peca")
        refused = text_of(office.notice(ANA, number))
        assert "Possíveis agora: #etapa diagnostico, #etapa aguardando-cliente, #etapa encerrado" in refused
        assert office.ticket(number)["stage"] == "novo"
        office.reply(ANA, office.notice(ANA, number), "DESCARTAR")

        office.forget_but(JOAO)
        again = office.asks(JOAO, "O outro também não.", "Outro notebook")
        office.reply(ANA, office.notice(ANA, again), "#etapa diagnostico")
        office.reply(ANA, office.notice(ANA, again), "#etapa aguardando peça")
        ticket = office.ticket(again)
        assert (ticket["stage"], ticket["status"]) == ("aguardando-peca", "pending")
        assert "está agora na etapa “Aguardando peça”" in text_of(office.notice(JOAO, again))

        office.answers(JOAO, again, "Já chegou?")
        ticket = office.ticket(again)
        assert (ticket["stage"], ticket["status"]) == ("diagnostico", "open")
    finally:
        office.reload(config)
