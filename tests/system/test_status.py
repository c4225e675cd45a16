"""The whole daemon at a glance: the page at `/`, `mailtickets status` and the listings say the same."""

import json
from typing import Any

import pytest
from lxml import html

from tests.system.conftest import DeskMaker
from tests.system.desk import MAILDIR, Desk, config
from tests.system.test_http import HTTP, get, submit
from tests.system.town import JOAO, MARIA, write

SPAM = b"X-Spam-Flag: YES\r\n"


@pytest.fixture
def desk(make_desk: DeskMaker, database_url: str) -> Desk:
    made = make_desk(config(MAILDIR, HTTP, smtp_port=0, database=database_url))
    made.start()
    return made


def tiles(desk: Desk) -> dict[str, str]:
    """The big numbers of the page, by their label."""
    tree = html.document_fromstring(get(desk, "/").content)
    found = tree.xpath("//dl[@class='tiles']/div")
    return {tile.xpath("string(dt)"): tile.xpath("string(dd[@class='big'])") for tile in found}


def test_page_command_and_listings_agree(desk: Desk) -> None:
    assert get(desk, "/").status_code == 200
    assert desk.command("status").returncode == 0
    submit(
        desk,
        write(MARIA).as_bytes(),
        write(JOAO, subject="Outra").as_bytes(),
        SPAM + write(MARIA, subject="Oferta").as_bytes(),
    )
    desk.wait_until_done(3)
    desk.wait_for(lambda: all(row["state"] == "sent" for row in desk.outbox()), "all copies to go out")
    desk.wait_for(lambda: tiles(desk)["Retidos"] == "1", "the page to show the held mail")
    done = desk.command("status", "--json")
    assert done.returncode == 1
    said: dict[str, Any] = json.loads(done.stdout)
    assert [need["code"] for need in said["needs_person"]] == ["held"]
    assert said["running"] is True
    shown = tiles(desk)
    sent = sum(row["state"] == "sent" for row in desk.outbox())
    tickets = desk.tickets()
    assert shown["Recebidos em 24 h"] == str(said["last_24_hours"]["received"]) == str(len(desk.inbound())) == "3"
    assert shown["Enviados em 24 h"] == str(said["last_24_hours"]["sent"]) == str(sent)
    assert (
        shown["Sem responsável"]
        == str(said["unassigned"])
        == str(sum(one["assignee"] is None for one in tickets))
        == "2"
    )
    assert shown["Esperam para sair"] == "0"
    page = get(desk, "/").text
    for word in (MARIA.address, JOAO.address, "Maria", "João", "Outra", "Oferta"):
        assert word not in page
        assert word not in done.stdout.decode()


def test_when_the_daemon_has_stopped_the_command_says_so(desk: Desk) -> None:
    desk.stop()
    done = desk.command("status")
    assert done.returncode == 1
    assert "The daemon is not running." in done.stdout.decode()
