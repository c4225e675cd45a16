"""What a customer's mail never carries: an agent's own address, anybody's reply token; in whatever shape it comes."""

import re
from html import unescape
from typing import Any
from urllib.parse import quote, unquote

import nh3
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mailtickets.desk.notices.discretion import Discretion
from mailtickets.mail.model import Address
from mailtickets.mail.reply.sanitise import sanitised
from tests.desk.builders import ANA, ANA_ALIAS, BRUNO, POLICY, a_policy, an_agent, an_attachment

QUEUE = POLICY.queues[0]
TOKEN = "abcdefghijklmnopqrstuvwx23"
SECRET = "zyxwvutsrqponmlkjihgfedc77"
REL = 'rel="noopener noreferrer nofollow"'
RULES = Discretion.of(POLICY, QUEUE, {SECRET})


@pytest.mark.parametrize(
    ("said", "shown"),
    [
        # agents' addresses
        ("Escreva para ana@desk.test.", "Escreva para suporte@desk.test."),
        ("ANA.LIMA@Desk.Test ou <bruno@desk.test>", "suporte@desk.test ou <suporte@desk.test>"),
        ("mailto:ana@desk.test?subject=Oi", "mailto:suporte@desk.test?subject=Oi"),
        ("a b\nana@desk\n.test c", "a b\nsuporte@desk.test c"),
        ("> para\n> ana@\n> desk.test", "> para\n> suporte@desk.test"),
        ("para \nana@desk.test \ne", "para \nsuporte@desk.test \ne"),
        ("a\u200bna@\u2060desk.te\u00adst", "suporte@desk.test"),
        ("ana%40desk.test", "suporte@desk.test"),
        ("https://x.test/?to=ana%2540desk.test&a=1", "https://x.test/?to=suporte@desk.test&a=1"),
        ("%3Cana%40desk.test%3E", "%3Csuporte@desk.test%3E"),
        ("ＡＮＡ＠desk.test", "suporte@desk.test"),
        ("*ana@desk.test* _ana@desk.test_", "*suporte@desk.test* _suporte@desk.test_"),
        ('"ana"@desk.test', "suporte@desk.test"),
        ("ana+compras@desk.test", "suporte@desk.test"),
        ("bounce-ana=desk.test@lista.test", "bounce-ana=desk.test@lista.test"),  # another mailbox by its name
        ("SRS0=ab=ana=desk.test", "SRS0=ab=suporte@desk.test"),
        # tokens
        (f"suporte+{TOKEN}@desk.test", "suporte@desk.test"),
        (f"SUPORTE+{TOKEN.upper()}@DESK.TEST", "suporte@desk.test"),
        (f"suporte%2B{TOKEN}%40desk.test", "suporte@desk.test"),
        (f"suporte+{TOKEN[:9]}\n> {TOKEN[9:]}@desk.test", "suporte@desk.test"),
        (f"suporte+{TOKEN[:9]} \n{TOKEN[9:]}@desk.test", "suporte@desk.test"),
        (f"outro+{TOKEN}@longe.test", "outro@longe.test"),
        (f"suporte-{TOKEN}@longe.test", "suporte@longe.test"),
        (f"suporte+{TOKEN} sem domínio", "suporte sem domínio"),
        ("suporte+b234567@desk.test", "suporte@desk.test"),
        (f"Oi\nRef.: {TOKEN}\nTchau", "Oi\nTchau"),
        (f"Oi\n> *Ref.:* {TOKEN.upper()}", "Oi\n"),
        (f"Oi Ref: {TOKEN[:5]}\u200b{TOKEN[5:]} fim", "Oi  fim"),
        (f"Ref.:\n{TOKEN}\n", ""),
        (f"código {SECRET}", "código …"),
        (f"x{SECRET[:3]}\n{SECRET[3:].upper()}x", "x…x"),
        (f"Ref.: {SECRET}\nfim", "fim"),
        # what stays
        ("suporte@desk.test e VENDAS@desk.test", "suporte@desk.test e VENDAS@desk.test"),
        (
            "mariana@desk.test, ana@desk.test.br, x.ana@desk.test",
            "mariana@desk.test, ana@desk.test.br, x.ana@desk.test",
        ),
        ("maria+casa@cliente.test", "maria+casa@cliente.test"),
        (f"{TOKEN} sozinho, +abc@x.test, Ref.: pedido 8841", f"{TOKEN} sozinho, +abc@x.test, Ref.: pedido 8841"),
        ("Ref.: 00000000000000000000000000", "Ref.: 00000000000000000000000000"),
        ("a = b @ c\n@\n=@=\n+", "a = b @ c\n@\n=@=\n+"),
        ("", ""),
    ],
)
def test_a_text_says_nothing_that_customers_must_not_see(said: str, shown: str) -> None:
    assert RULES.text(said) == shown
    assert Discretion.of(POLICY, QUEUE, {SECRET}).text(said) == shown


def test_an_international_domain_is_known_in_both_spellings() -> None:
    agent = an_agent(Address("Ana", "ana@münchen.test"))
    rules = Discretion.of(a_policy(agents=(agent,)), QUEUE)
    assert rules.text("ana@xn--mnchen-3ya.test ana@MÜNCHEN.test") == "suporte@desk.test suporte@desk.test"


@pytest.mark.parametrize(
    ("said", "shown"),
    [
        ('<a href="mailto:ana@desk.test">Ana</a>', f'<a href="mailto:suporte@desk.test" {REL}>Ana</a>'),
        ("<p>a<b>na@</b>desk<i>.test</i>, oi</p>", "<p>suporte@desk.test<b></b><i></i>, oi</p>"),
        (f"<p>Ref<b>.:</b> {TOKEN[:4]}<i>{TOKEN[4:]}</i></p><p>Oi</p>", "<p><b></b><i></i></p><p>Oi</p>"),
        (f"<p>suporte+{TOKEN[:4]}<wbr>{TOKEN[4:]}@desk.test</p>", "<p>suporte@desk.test<wbr></p>"),
        (f"<div>suporte&#43;{TOKEN}&#64;desk.test</div>", "<div>suporte@desk.test</div>"),
        (f'<img src="cid:a" alt="Ref.: {TOKEN}">', '<img src="cid:a" alt="">'),
        (f'<p title="{SECRET}">x</p>', '<p title="…">x</p>'),
        (f'<a href="tel:suporte%2B{TOKEN}%40desk.test">x</a>', f'<a href="tel:suporte@desk.test" {REL}>x</a>'),
        ("<p>suporte@desk.test <b>ok</b></p>", "<p>suporte@desk.test <b>ok</b></p>"),
        ("", ""),
    ],
)  # fmt: skip
def test_html_says_nothing_that_customers_must_not_see(said: str, shown: str) -> None:
    assert Discretion.of(POLICY, QUEUE, {SECRET}).html(said) == shown


def test_html_that_cannot_be_looked_through_is_not_shown() -> None:
    assert Discretion.of(POLICY, QUEUE).html("<div>" * 300 + "x") is None


def test_everything_that_a_template_is_given_is_looked_through() -> None:
    given = {
        "a": {"text": "ana@desk.test", "n": 1},
        "html": "<p>ana@desk.test</p>",
        "l": ({"name": "bruno@desk.test"},),
    }
    assert RULES.context(given) == {
        "a": {"text": "suporte@desk.test", "n": 1},
        "html": "<p>suporte@desk.test</p>",
        "l": [{"name": "suporte@desk.test"}],
    }


def test_names_of_people_and_files_are_discreet_too() -> None:
    assert RULES.name("#fechar Ana <ana@desk.test>") == "fechar Ana <suporte@desk.test>"
    assert [file.filename for file in RULES.files([an_attachment(f"suporte+{TOKEN}@desk.test.pdf")])] == [
        "suporte@desk.test.pdf"
    ]


# --- whatever an agent writes ----------------------------------------------------------------------------

PRIVATE = (ANA.address, ANA_ALIAS.address, BRUNO.address)
BROKEN = ("", "", "", "\u200b", "\n", " \n> ", "=\n", "\r\n")
TAGS = ("", "", "", "<b>", "</b>", "<wbr>", "\u200b", "<!-- x -->", "<span title='y'>", "\n")


def seen(text: str) -> str:
    """A text as a careful reader would put it together again."""
    for _ in range(2):
        text = unquote(text)
    text = re.sub(r"[\u200b\u00ad\0]|=?\r?\n[ >]*|[ \t]+\r?\n[ >]*", "", text)
    return text.casefold()


def broken(word: str, pieces: tuple[str, ...]) -> st.SearchStrategy[str]:
    """A word with something between its characters now and then."""
    gaps = st.lists(st.sampled_from(pieces * 3 + ("",) * 20), min_size=len(word), max_size=len(word))
    return gaps.map(lambda found: "".join(a + b for a, b in zip(word, [*found[1:], ""], strict=True)))


PRECIOUS = [
    *PRIVATE,
    f"suporte+{TOKEN}@desk.test",
    f"Ref.: {TOKEN}",
    SECRET,
    f"{quote('suporte+' + TOKEN)}%40desk.test",
]
ORDINARY = st.text(alphabet="abz #@+.-_/%=\n<>", max_size=12)


def written(pieces: tuple[str, ...]) -> st.SearchStrategy[str]:
    precious = st.sampled_from(PRECIOUS).flatmap(
        lambda word: st.sampled_from([word, word.upper()]).flatmap(lambda w: broken(w, pieces))
    )
    spaced = st.tuples(
        st.sampled_from([" ", "\n", "(", "<", ":", ""]), precious, st.sampled_from([" ", "\n", ")", "> "])
    )
    return st.lists(st.one_of(ORDINARY, spaced.map("".join)), max_size=6).map(" ".join)


def leaks(text: str) -> list[str]:
    """What a careful reader finds in it, unless it is a part of something longer."""
    private = [address for address in PRIVATE if re.search(rf"(?<![\w.+-]){re.escape(address)}(?![\w-]|\.\w)", text)]
    tokens = [TOKEN] if re.search(rf"(?:\+|ref\.:\s*){TOKEN}(?![a-z0-9])", text) else []
    return [*private, *tokens, *([SECRET] if SECRET in text else [])]


@settings(max_examples=60)
@given(written(BROKEN))
def test_no_text_of_an_agent_lets_an_address_or_a_token_through(text: str) -> None:
    shown = RULES.text(text)
    assert leaks(shown.casefold()) == []
    assert leaks(seen(shown)) == []
    assert RULES.text(shown) == shown


@settings(max_examples=60)
@given(
    written(TAGS), st.sampled_from(["<p>{}</p>", "<a href='mailto:{}'>x</a>", "<img src='cid:a' alt='{}'>", "<td>{}"])
)
def test_no_html_of_an_agent_lets_an_address_or_a_token_through(said: str, frame: str) -> None:
    html = sanitised(frame.format(said)) or ""
    shown: Any = RULES.html(html)
    if shown is not None:
        assert leaks(seen(unescape(nh3.clean(shown, tags=set())))) == []
        assert leaks(unescape(shown).casefold()) == []
