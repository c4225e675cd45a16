"""Outlook's places of pictures are left out of what is shown."""

import pytest

from mailtickets.mail.reply.pictures import without_placeholders

CID = "[cid:image001.png@01DB4142.8A3B5C10]"


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        (f"Veja o erro:\n\n{CID}\n\nObrigado", "Veja o erro:\n\nObrigado"),
        (f"Veja {CID} aqui", "Veja aqui"),
        (f"{CID} Oi", "Oi"),
        (f"Oi\n{CID}{CID.upper()}", "Oi"),
        (f"> Oi\n> {CID}\n> Tchau", "> Oi\n> Tchau"),
        (CID, ""),
        ("Oi [cid 12] [nota]\n\n\nTchau", "Oi [cid 12] [nota]\n\n\nTchau"),
    ],
)
def test_a_picture_placeholder_is_left_out(text: str, shown: str) -> None:
    assert without_placeholders(text) == shown


def test_many_open_brackets_take_linear_time() -> None:
    text = "[cid:" * 200_000
    assert without_placeholders(text) == text
