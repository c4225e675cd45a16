"""Where what somebody wrote ends and what their program puts under every mail begins.

Owns: the `-- ` mark (RFC 3676 section 4.3), the lines that phones add, confidentiality notices.
A closing formula with a name under it is the writer's own and stays.
Fails with: nothing. Limits: `MAX_SIGNATURE_LINES`; a mark with more than that under it is no signature.
"""

import re
from collections.abc import Sequence

MAX_SIGNATURE_LINES = 40
MAX_RULED_LINES = 15

_MARK = re.compile(r"^\s?(?:--|__|—|––|‐‐)\s*$")
_RULE = re.compile(r"^\s*(?:_{3,}|-{3,}|={3,}|\*{3,}|#{3,}|~{3,}|\+{3,}|—{3,}|─{3,})\s*$")
_DEVICE = re.compile(
    r"^[\s<(\[*_-]{0,6}(?:"
    r"sent (?:from|via|using|with|by|on)\b(?=.{0,160}$)"
    r"(?=.{0,60}(?:phone|ipad|ipod|mobile|android|blackberry|samsung|galaxy|galaxy|huawei|xiaomi|pixel|motorola|lg|htc|nokia|windows"
    r"|mail\b|outlook|gmail|yahoo|mailbox|airmail|sparrow|spark|acompli|device|tablet|nexus|smartphone|alcatel|surface|cell"
    r"|proton|front|superhuman|canary|bluemail|edison|polymail|nylas|newton|boxer|ti-85|handy|apple|verizon|at&t|t-mobile))"
    r"|sent from my \S|from my (?:i?phone|ipad|mobile|android)|via mobile$|get outlook (?:for|para)\b"
    r"|get (?:outlook|bluemail|typeapp|yahoo)\b.{0,40}(?:ios|android)|download (?:bluemail|spark)"
    r"|(?:enviad[oa]|enviad[oa]s|mandad[oa]|escrito)(?: \w+)? (?:do|da|de|desde|pelo|a partir d[eo]|por|via|com|con|usando|através d[oe]|del)"
    r" (?:\w+ ){0,3}(?:iphone|ipad|ipod|celular|smartphone|telemóvel|telefone|móvil|movil|android|galaxy|samsung|motorola|moto|huawei|xiaomi"
    r"|windows|outlook|e-?mail|correo|yahoo|gmail|uol|bol|terra|dispositivo|aparelho|tablet|blackberry|mobile|mail|aplicativo|app|proton|teléfono"
    r"|webmail|lg|zenfone|redmi|iphone)"
    r"|(?:obter|baixe|obtenha|obtener|descargar|obt[eé]n|télécharger|holen sie sich|scarica|ottieni) (?:o |el |la |l['’])?"
    r"(?:outlook|bluemail|yahoo|spark)\b"
    r"|envoyé (?:de|depuis|avec|à partir de|via)\b.{0,80}$|(?:von|mit) (?:meinem|meiner|mein)\b.{0,60}(?:gesendet|geschickt|verschickt)"
    r"|gesendet (?:von|mit|über|aus)\b.{0,80}$|diese nachricht wurde (?:von|mit)\b.{0,120}$|von unterwegs\b"
    r"|inviato (?:da|dal|dall['’]|con|tramite)\b.{0,80}$|verzonden (?:vanaf|met|via|vanuit|van)\b.{0,80}$"
    r"|verstuurd (?:vanaf|met|via|van)\b.{0,80}$|outlook voor|wysłan[eoay] (?:z|ze|za pomocą|przez)\b.{0,80}$|pobierz outlook"
    r"|отправлено (?:с|из|через|от|со)\b.{0,80}$|получить outlook|надіслано з\b.{0,80}$"
    r"|skickat från\b.{0,80}$|skickades från\b.{0,80}$|hämta outlook|sendt fra\b.{0,80}$|lähetetty\b.{0,60}$|hent outlook"
    r"|(?:my |meu )?iphoneから送信|.{0,20}から送信|outlook for (?:ios|android)を入手|從我的 .{0,30} 傳送|发自我的.{0,40}|.{0,20}에서 보냄"
    r"|someone from mobile|sent a magnificent torch of pixels|отправлено"
    r")",
    re.IGNORECASE,
)
_FOOTER = re.compile(
    r"^[\s*_>\"'“«(\[-]{0,4}(?:"
    r"(?:aviso (?:legal|de confidencialidade|de confidencialidad)|nota de confidencialidad[e]?|confidentiality(?: notice| note)?|disclaimer"
    r"|legal (?:notice|disclaimer)|declaração de confidencialidade|cláusula de confidencialidad[e]?|privileged and confidential"
    r"|private and confidential|importante?:? (?:este|esta)|avviso di riservatezza|vertraulichkeitshinweis|avis de confidentialité"
    r"|haftungsausschluss|aviso de privacidade?)\b"
    r"|(?:esta? (?:mensagem|e-?mail|correo|mensaje|comunicaç\w+|transmissão)|este (?:e-?mail|correo|mensaje)|this (?:e-?mail|message|communication"
    r"|transmission|mail)|a? ?informaç\w+ contidas? n?est[ea]|the (?:information|content|contents) (?:contained )?(?:in|of) this"
    r"|diese (?:e-?mail|nachricht)|ce (?:message|courriel)|cet e-?mail|questo (?:messaggio|e-?mail)|questa e-?mail|la presente e-?mail"
    r"|dit (?:bericht|e-?mail)|deze e-?mail|niniejsza wiadomość|данное (?:сообщение|письмо)|detta (?:meddelande|e-post))\b"
    r"(?=.{0,400}(?:confiden|sigilos|privileg|intended|destinat|destina|vertraul|riservat|vertrouwelijk|poufn|конфиденц|konfident|propriedade|exclusiv))"
    r"|(?:antes de imprimir|please consider the environment|pense no meio ambiente|piense en el medio ambiente|antes de imprimir"
    r"|think before (?:you )?print|bitte (?:denken sie|prüfen sie)\b.{0,60}(?:umwelt|drucken)|pensez à l['’]environnement)"
    r"|(?:livre de vírus|libre de virus|virus-free|sans virus|virenfrei|privo di virus)[. ]"
    r"|(?:este|o) e-?mail foi verificado quanto a vírus|este correo electrónico ha sido (?:comprobado|analizado)|this email has been checked for viruses"
    r"|diese e-mail wurde von avast)",
    re.IGNORECASE,
)
_DASHED_NAME = re.compile(r"^\s{0,2}[-–—~][A-Za-zÀ-ÿ][\w’'À-ÿ]{0,19}(?: [A-ZÀ-Þ][\w’'À-ÿ]{0,19}){0,2}\.?\s*$")
_URL_LINE = re.compile(r"^\s*[<\[(]?(?:https?://|www\.|mailto:)\S+\s*$", re.IGNORECASE)


def start_of(lines: Sequence[str], *, may_be_all: bool = False) -> int:
    """The line at which the signature begins; the number of lines if there is none.

    `may_be_all`: what stands under a quotation may be nothing but a signature.
    """
    stop = _trimmed(lines, len(lines))
    mark = _marked(lines[:stop], 0 if may_be_all else 1)
    stop = _trimmed(lines, mark)
    begin = stop
    while begin > 0 and (before := _tail(lines, begin)) < begin:
        begin = _trimmed(lines, before)
    return begin if begin < stop or mark < len(lines) else len(lines)


def _marked(lines: Sequence[str], first: int) -> int:
    """The first line that marks all under it as a signature, or says that it is a notice of the firm's lawyers."""
    for index, line in enumerate(lines[first:], first):
        under = len(lines) - index - 1
        if _MARK.match(line) and under <= MAX_SIGNATURE_LINES:
            return index
        if _RULE.match(line) and under <= MAX_RULED_LINES and _is_ruled_signature(lines, index):
            return index
        if _FOOTER.match(line[:1_000]) and under <= 2 * MAX_SIGNATURE_LINES:
            return index
    return len(lines)


def _is_ruled_signature(lines: Sequence[str], index: int) -> bool:
    """Under a rule stand few short lines in one block, not another section of a text."""
    block = [line for line in lines[index + 1 :] if line.strip()]
    following = lines[index + 1] if index + 1 < len(lines) else ""
    others = sum(bool(_RULE.match(line)) for line in lines[:index])
    return (
        len(block) <= 8
        and others == 0
        and (bool(following.strip()) or not block)
        and all(len(line) < 100 for line in block)
    )


def _tail(lines: Sequence[str], stop: int) -> int:
    """One step up: past the last line if a program or a habit put it there."""
    line = lines[stop - 1]
    if _DEVICE.match(line[:300]):
        return stop - 1
    if stop >= 2 and _DEVICE.match(lines[stop - 2][:300]) and _URL_LINE.match(line):
        return stop - 2
    if _DASHED_NAME.match(line) and stop > 1:
        return stop - 1
    return stop


def _trimmed(lines: Sequence[str], stop: int) -> int:
    while stop > 0 and not lines[stop - 1].strip(" \t\u200b\u200c\u1427"):
        stop -= 1
    return stop
