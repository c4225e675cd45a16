"""Doors: known by the name that is stored with a message, and believed in no more than that name allows."""

import pytest

from mailtickets.mail.door import LMTP, SMTP, Door


@pytest.mark.parametrize("door", [SMTP, LMTP, Door.imap("suporte"), Door.imap("a:b")])
def test_a_door_is_found_again_by_its_name(door: Door) -> None:
    assert Door.named(door.name) == door


def test_the_names_of_doors_are_the_stored_texts() -> None:
    assert (SMTP.name, LMTP.name, Door.imap("suporte").name) == ("smtp", "lmtp", "imap:suporte")


@pytest.mark.parametrize("name", ["", "http", "SMTP", "imap"])
def test_of_a_door_that_is_not_known_nothing_is_believed(name: str) -> None:
    found = Door.named(name)
    assert (found.name, found.is_public, found.is_behind_a_server, found.account) == (name, False, False, None)


def test_only_smtp_is_reached_by_strangers() -> None:
    assert [door.name for door in (SMTP, LMTP, Door.imap("suporte")) if door.is_public] == ["smtp"]
