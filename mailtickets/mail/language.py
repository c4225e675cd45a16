"""Portuguese, English or Spanish: which of them a text is written in, for choosing a template.

Counts the short words that only one of them has. Fails with: nothing; None means that it cannot be told.
Limits: the first `SAMPLE_WORDS` words.
"""

import re
from typing import Literal

SAMPLE_WORDS = 400

Language = Literal["pt", "en", "es"]

_WORDS: dict[Language, frozenset[str]] = {
    "pt": frozenset(
        ["não", "nao", "são", "sao", "é", "uma", "um", "meu", "minha", "meus", "minhas", "você", "vocês", "voce", "com", "obrigado", "obrigada", "bom", "boa", "olá", "ola", "prezado", "prezada", "prezados", "em", "no", "na", "nos", "nas", "do", "da", "dos", "das", "ao", "à", "aos", "às", "pelo", "pela", "pelos", "mais", "muito", "isso", "esse", "essa", "este", "esta", "ainda", "já", "está", "estou", "foi", "ser", "tem", "tenho", "também", "tambem", "até", "quando", "onde", "qual", "quero", "preciso", "favor", "gostaria", "gentileza", "atenciosamente", "att", "segue", "anexo", "aguardo", "retorno", "pedido", "senha", "boleto", "nota", "fiscal", "dia", "tarde", "noite", "sim", "seu", "sua", "vou", "fazer", "consigo", "posso", "ontem", "hoje", "amanhã", "pois", "porém", "então", "entao", "assim", "mesmo", "fico"]
    ),
    "es": frozenset(
        ["no", "el", "los", "las", "una", "uno", "mi", "mis", "usted", "ustedes", "con", "gracias", "buenos", "buenas", "hola", "estimado", "estimada", "estimados", "en", "del", "al", "y", "más", "muy", "eso", "ese", "esa", "este", "esta", "todavía", "ya", "está", "estoy", "fue", "ser", "tiene", "tengo", "también", "hasta", "cuando", "cuándo", "donde", "cuál", "quiero", "necesito", "favor", "gustaría", "atentamente", "saludos", "adjunto", "espero", "respuesta", "pedido", "contraseña", "factura", "día", "tarde", "noche", "sí", "su", "voy", "hacer", "puedo", "ayer", "hoy", "mañana", "pero", "entonces", "así", "mismo", "quedo", "es", "son", "por", "qué", "que", "porque", "según", "cordial", "señor", "señora", "he", "ha", "han", "hemos", "nuestro", "nuestra"]
    ),
    "en": frozenset(
        ["the", "and", "is", "are", "was", "were", "not", "you", "your", "my", "our", "we", "i", "have", "has", "had", "with", "for", "this", "that", "thanks", "thank", "please", "hello", "hi", "dear", "regards", "it", "can", "cannot", "can't", "don't", "doesn't", "when", "where", "which", "what", "would", "could", "should", "need", "want", "order", "password", "invoice", "today", "yesterday", "tomorrow", "yes", "from", "but", "then", "also", "still", "just", "any", "been", "will", "there", "their", "they", "to", "of", "on", "be", "as", "if", "do", "does", "best", "sincerely", "kind", "attached", "waiting", "reply"]
    ),
}
_SHARED = {"no", "com", "em", "este", "esta", "favor", "ser", "pedido", "tarde", "as", "do", "todo"}
_SIGNS: dict[Language, str] = {"pt": "ãõç", "es": "ñ¿¡", "en": ""}


def of(text: str) -> Language | None:
    """The language of these words, where one of the three clearly leads."""
    words = re.findall(r"[^\W\d_]+(?:'[a-z]+)?", text.casefold()[:20_000])[:SAMPLE_WORDS]
    scores = {language: _score(words, language) for language in _WORDS}
    ranked = sorted(scores, key=lambda language: scores[language], reverse=True)
    best, second = scores[ranked[0]], scores[ranked[1]]
    return ranked[0] if best >= 1.0 and best > second and best >= 0.08 * len(words) else None


def _score(words: list[str], language: Language) -> float:
    known = sum(0.5 if word in _SHARED else 1.0 for word in words if word in _WORDS[language])
    return known + sum(any(sign in word for sign in _SIGNS[language]) for word in words)
