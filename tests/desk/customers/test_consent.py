"""Whether a customer's words allow the desk to name them beside their opinion: a table of what people write."""

import pytest

from mailtickets.desk.customers.consent import answers_only_that, consent
from mailtickets.desk.customers.ratings import opinion

GIVEN = {
    "5 ótimo! Pode publicar.": "5 ótimo!",
    "Nota 5. Podem publicar com o meu nome, se quiserem.": "Nota 5.",
    "5 - muito rápido, pode publicar sim": "5 - muito rápido",
    "5 - pode publicar": "5",
    "Ótimo atendimento – you may quote me": "Ótimo atendimento",
    "5\nAutorizo a publicação do meu comentário.": "5",
    "5 estrelas! Fiquem à vontade para divulgar.": "5 estrelas!",
    "Ótimo atendimento. Podem usar meu comentário no site.": "Ótimo atendimento.",
    "5! Com certeza podem me citar!": "5!",
    "Nota 4, demorou um pouco. Pode publicar.": "Nota 4, demorou um pouco.",
    "5 great! You may quote me.": "5 great!",
    "5/5. Feel free to quote me on your website": "5/5.",
    "Excellent support. You can use my name": "Excellent support.",
    "5, happy to help. I'm happy to be quoted!": "5, happy to help.",
    "5 muy bueno. Pueden publicarlo con mi nombre.": "5 muy bueno.",
    "Nota 5. Autorizo publicar mi comentario": "Nota 5.",
}
NOT_GIVEN = [
    "5 ótimo!",
    "5 ótimo, mas não pode publicar",
    "5 - não, não - pode publicar",
    "5 - pode publicar - sem o meu nome",
    "Nota 5. Não podem publicar.",
    "5. Pode publicar, mas sem o meu nome.",
    "5. Pode publicar anonimamente.",
    "5. Pode publicar? ",
    "5. Se o problema voltar, pode publicar que vocês erraram",
    "5 great, you may not quote me",
    "5 great. Please don't quote me.",
    "5. You may quote me anonymously",
    "5 bueno. No pueden publicar mi nombre",
    "5. Pueden publicarlo sin mi nombre",
    "5. Pode publicar o boleto de novo",
    "5, já posso usar o sistema",
    "5. Quem autorizou publicar isso foi o João",
    "5. pode usar",
    "You may quote me " * 200,
]


@pytest.mark.parametrize(("text", "rest"), GIVEN.items())
def test_a_customer_who_says_so_may_be_named(text: str, rest: str) -> None:
    found = consent(text)
    assert (found.given, found.rest) == (True, rest)


@pytest.mark.parametrize("text", NOT_GIVEN)
def test_anything_else_is_no_consent(text: str) -> None:
    assert not consent(text).given


@pytest.mark.parametrize("text", GIVEN)
def test_an_opinion_with_consent_is_a_rating(text: str) -> None:
    found = opinion(text)
    assert found is not None
    assert found.quotable
    assert "public" not in found.comment.casefold()


@pytest.mark.parametrize(
    "refusal", ["Não podem publicar.", "Mas não pode publicar", "Please don't quote me!", "Sem o meu nome."]
)
def test_who_refuses_has_rated_all_the_same(refusal: str) -> None:
    found = opinion(f"5 - excelente. {refusal}")
    assert found is not None
    assert (found.score, found.quotable, found.comment) == (5, False, "excelente")


@pytest.mark.parametrize("text", ["Pode publicar sim, obrigada!", "you may quote me", "Sí, pueden publicarlo. Gracias",
                                  "Não pode publicar", "please don't quote me", "Podem me citar"])  # fmt: skip
def test_an_answer_to_whether_they_may_be_named(text: str) -> None:
    assert answers_only_that(text)


@pytest.mark.parametrize("text", ["Não", "Sim", "Obrigada!", "Pode publicar, e a impressora parou de novo",
                                  "Posso publicar?", "Pode publicar?", "5"])  # fmt: skip
def test_other_words_are_for_people(text: str) -> None:
    assert not answers_only_that(text)
