"""Tokens, ids and return paths: derived, never drawn, and unlike for whoever differs."""

import re
from datetime import date

from hypothesis import given, settings
from hypothesis import strategies as st

from mailtickets.config.models import Instance
from mailtickets.desk.claims.identity import TOKEN, message_id, plus_address, reply_token, token_hash, verp_tag

SECRET, OTHER = b"key" * 10, b"other" * 10
DAY = date(2025, 3, 3)
INSTANCE = Instance(name="exemplo", hostname="mail.desk.test")


def test_a_token_is_26_base32_characters_and_the_same_all_day() -> None:
    token = reply_token(SECRET, 42, "maria@cliente.test", 3, DAY)
    assert TOKEN.fullmatch(token)
    assert token == reply_token(SECRET, 42, "MARIA@cliente.test", 3, DAY)


def test_a_token_is_another_for_everybody_and_everything_else() -> None:
    tokens = {
        reply_token(SECRET, 42, "maria@cliente.test", 3, DAY),
        reply_token(OTHER, 42, "maria@cliente.test", 3, DAY),
        reply_token(SECRET, 43, "maria@cliente.test", 3, DAY),
        reply_token(SECRET, 42, "pedro@cliente.test", 3, DAY),
        reply_token(SECRET, 42, "maria@cliente.test", 4, DAY),
        reply_token(SECRET, 42, "maria@cliente.test", 3, date(2025, 3, 4)),
    }
    assert len(tokens) == 6


def test_the_store_keeps_a_hash_that_knows_no_case() -> None:
    token = reply_token(SECRET, 42, "maria@cliente.test", 3, DAY)
    assert token_hash(token.upper()) == token_hash(token)
    assert token not in token_hash(token)


def test_an_id_carries_the_instance_and_the_whole_host_where_they_fit() -> None:
    given_id = message_id(SECRET, INSTANCE, "abcdefghijkl")
    assert re.fullmatch(r"abcdefghijkl\.[a-z2-7]{10}\.exemplo@mail\.desk\.test", given_id)


LABEL = st.from_regex(r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?", fullmatch=True)
HOSTS = st.lists(LABEL, min_size=1, max_size=8).map(".".join).filter(lambda host: len(host) <= 253)
NAMES = st.from_regex(r"[A-Za-z0-9][A-Za-z0-9_-]{0,9}(\.[A-Za-z0-9_-]{1,9}){0,2}", fullmatch=True)
ATOM = r"[a-z0-9_-]+"


@settings(max_examples=200)
@given(HOSTS, NAMES, st.from_regex(r"[a-z2-7]{12}|t[0-9]{1,12}", fullmatch=True))
def test_an_id_fits_into_sixty_characters_with_its_brackets_whatever_the_host(host: str, name: str, nonce: str) -> None:
    given_id = message_id(SECRET, Instance(name=name, hostname=host), nonce)
    assert len(f"<{given_id}>") <= 60
    assert re.fullmatch(rf"{ATOM}(\.{ATOM})*@{ATOM}(\.{ATOM})*", given_id)
    assert given_id == message_id(SECRET, Instance(name=name, hostname=host), nonce)


def test_a_long_host_is_cut_at_its_front() -> None:
    host = "um.servidor.de.nome.comprido.exemplo.com.br.test"
    assert message_id(SECRET, Instance(name="exemplo", hostname=host), "abcdefghijkl").endswith(
        "@nome.comprido.exemplo.com.br.test"
    )


def test_a_return_path_is_another_for_each_copy() -> None:
    tags = {
        verp_tag(SECRET, "a@desk.test", "maria@cliente.test"),
        verp_tag(SECRET, "b@desk.test", "maria@cliente.test"),
        verp_tag(SECRET, "a@desk.test", "pedro@cliente.test"),
        verp_tag(OTHER, "a@desk.test", "maria@cliente.test"),
    }
    assert len(tags) == 4
    assert all(re.fullmatch(r"b[a-z2-7]{16}", tag) and not TOKEN.fullmatch(tag) for tag in tags)


def test_a_return_path_knows_no_case_in_its_recipient() -> None:
    assert verp_tag(SECRET, "a@desk.test", "Maria@cliente.test") == verp_tag(
        SECRET, "a@desk.test", "maria@cliente.test"
    )


def test_a_tag_goes_behind_the_local_part_where_64_octets_allow() -> None:
    assert plus_address("suporte@desk.test", "abc") == "suporte+abc@desk.test"
    assert plus_address(f"{'a' * 60}@desk.test", "abc") == f"{'a' * 60}+abc@desk.test"
    assert plus_address(f"{'a' * 61}@desk.test", "abc") == ""
    assert plus_address(f"{'ã' * 31}@desk.test", "abc") == ""
