"""The set phrases that mail programs write in their users' languages, as plain lists to be read and added to.

Owns: words alone; `attribution` and `signature` say what they mean. One phrase to a `|`; a regular expression
only where a program varies the phrase. Fails with: nothing. Limits: none.
"""

import re

_PHRASE = re.compile(r"(?:[^|()\n\\]|\\.|\((?:[^()\\]|\\.|\((?:[^()\\]|\\.)*\))*\))+")


def alternatives(*lists: str) -> str:
    """One group that matches any phrase of these lists, longest first; bars within brackets separate nothing."""
    phrases = {match[0].strip() for text in lists for match in _PHRASE.finditer(text) if match[0].strip()}
    return "(?:" + "|".join(sorted(phrases, key=lambda phrase: (-len(phrase), phrase))) + ")"


MONTHS = """
jan|january|janeiro|januar|janvier|januari|gennaio|gen|ene|enero|led|ledna|sty|stycznia|stycznia|янв|января|січ
січня|ιαν|tammik
feb|february|fev|fevereiro|februar|febrero|fév|févr|février|febbraio|februari|úno|února|lut|lutego|фев|февр|февраля
лют|лютого|helmik
mar|march|março|marzo|mars|märz|mär|mrz|mrt|maart|bře|března|marca|márc|март|марта|мар|бер|березня|maalisk|μαρ
apr|april|abr|abril|avr|avril|aprile|dub|dubna|kwi|kwietnia|ápr|апр|апреля|кві|квіт|квітня|huhtik|απρ
may|mai|maio|mayo|mag|maggio|mei|maj|maja|kvě|května|máj|мая|май|тра|трав|травня|toukok|μαϊ
jun|june|junho|junio|juni|juin|giu|giugno|cze|czerwca|čvn|června|jún|июн|июня|чер|черв|червня|kesäk|ιουν
jul|july|julho|julio|juli|juil|juillet|lug|luglio|lip|lipca|čvc|července|júl|июл|июля|липня|heinäk|ιουλ
aug|august|ago|agosto|août|aout|augustus|augusti|sie|sierpnia|srp|srpna|авг|августа|серп|серпня|elok|αυγ
sep|sept|september|set|setembro|septiembre|septembre|settembre|wrz|września|zář|září|szept|сен|сент|сентября|вер
верес|вересня|syysk|σεπ
oct|october|okt|oktober|out|outubro|octubre|octobre|ott|ottobre|paź|października|říj|října|окт|октября|жов|жовт
жовтня|lokak|οκτ
nov|november|novembro|noviembre|novembre|lis|listopada|list|ноя|нояб|ноября|лист|листопада|marrask|νοε
dec|december|dez|dezembro|dic|diciembre|déc|décembre|dicembre|dezember|gru|grudnia|pro|prosince|дек|декабря|груд
грудня|jouluk|δεκ
thg|tháng|mac|oca|şub|nis|haz|tem|ağu|eyl|eki|kas|ara
"""

VERBS = """
wrote|writes|sent|wrote the following|has written
escreveu|escreve|escribió|escribio|escribe|escribiu|va escriure
a écrit|a ecrit|écrivait|a écrit ce qui suit
schrieb|schreibt|geschrieben|schrieb Folgendes|hat geschrieben
ha scritto|scrive|scriveva
het volgende geschreven|heeft geschreven|schreef|geschreven|schreef het volgende
napisał\\(a\\)|napisał/a|napisała|napisał|pisze
skrev|skriver|följande|kirjoitti
написал\\(а\\)|написал|написала|пишет|пише|написав|написала|написа
napsal\\(a\\)|napsal|napsala|napísal\\(a\\)|napísal|ezt írta|írta
a scris|scris|yazdı|şunu yazdı|έγραψε|napisao je|napisala je|je napisao/la
đã viết|menulis|เขียนว่า
写道|寫道|のメール|さんは書きました|さんが書きました|님이 작성|님이 작성함|작성
"""

LEADS = """
on|at|quoting|in a message dated|date
em|no dia|na|às|as|a|o|ativado|citando
el|el día|con fecha|citando a|missatge de
le|le jour
am|il|il giorno|in data|alle|op|w dniu|dnia|den|d\\.|på|dne|dňa|v
pe data de|în data|în|pe|στις|vào|vào lúc|pada|ในวันที่|na
в|на|от|在|on date
"""

WEEKDAYS = """
mon|monday|tue|tues|tuesday|wed|wednesday|thu|thur|thurs|thursday|fri|friday|sat|saturday|sun|sunday
seg|segunda|segunda-feira|ter|terça|terça-feira|qua|quarta|quarta-feira|qui|quinta|quinta-feira|sex|sexta
sexta-feira|sáb|sab|sábado|dom|domingo
lun|lunes|mar|martes|mié|mie|miércoles|jue|jueves|vie|viernes
lundi|mardi|mer|mercredi|jeu|jeudi|ven|vendredi|sam|samedi|dim|dimanche
mo|montag|di|dienstag|mi|mittwoch|do|donnerstag|fr|freitag|sa|samstag|so|sonntag
lunedì|martedì|mercoledì|gio|giovedì|venerdì|sabato|domenica
ma|maandag|dinsdag|wo|woensdag|donderdag|vr|vrijdag|za|zaterdag|zo|zondag
pon|poniedziałek|wt|wtorek|śr|środa|czw|czwartek|pt|piątek|sob|sobota|niedz|niedziela
пн|понедельник|вт|вторник|ср|среда|чт|четверг|пт|пятница|сб|суббота|вс|воскресенье|нд
mån|måndag|tis|tisdag|ons|onsdag|tors|torsdag|fre|fredag|lör|lördag|sön|söndag|man|mandag|tirs|tir|lør|søn
ke|to|pe|la|su|ti|po|út|st|čt|pá|so|ne
"""

ORIGINAL_MESSAGE = """
original message|original e-?mail|original appointment|reply message|replied message|previous message
mensagem original|mensagem de origem|mensagem anterior|mensagem respondida|e-?mail original|msg original
mensaje original|mensaje anterior|correo original|missatge original|mensaxe orixinal
message d['’]origine|message original|message initial|message précédent|courriel original|courrier original
ursprüngliche nachricht|ursprüngliche mail|ursprüngliche e-mail|ursprungsnachricht|originalnachricht
original-nachricht|urspr\\. nachricht
messaggio originale|messaggio precedente
oorspronkelijk bericht|oorspronkelijke bericht|origineel bericht|originele bericht
oryginalna wiadomość|wiadomość oryginalna|wiadomość pierwotna|treść oryginalnej wiadomości
исходное сообщение|исходное письмо|оригинальное сообщение|первоначальное сообщение|оригінальне повідомлення
ursprungligt meddelande|originalmeddelande|oprindelig meddelelse|oprindelig besked|oprindelig mail
opprinnelig melding|alkuperäinen viesti|původní zpráva|pôvodná správa|eredeti üzenet|mesaj original|mesajul original
orijinal mesaj|özgün ileti|αρχικό μήνυμα|izvorna poruka|originalna poruka|thư gốc|tin nhắn gốc|pesan asli
元のメッセージ|元のメール|オリジナルメッセージ|原始邮件|原始郵件|原邮件|原始訊息|원본 메시지|원본메시지|원본 이메일
"""

FORWARDED_MESSAGE = """
forwarded message|forwarded by|forwarded e-?mail|forwarded letter|forward message|fwd message
mensagem encaminhada|mensagem reencaminhada|e-?mail encaminhado|msg encaminhada
mensaje reenviado|mensaje remitido|correo reenviado|missatge reenviat
message transféré|message transmis|message réexpédié|courriel transféré
weitergeleitete nachricht|weitergeleitete mail|weitergeleitete e-mail
messaggio inoltrato|messaggio originale inoltrato|doorgestuurd bericht|doorgestuurde bericht
przekazana wiadomość|wiadomość przekazana|treść przekazanej wiadomości
пересылаемое сообщение|пересланное сообщение|пересланное письмо|перенаправленное сообщение|переслане повідомлення
vidarebefordrat meddelande|vidarebefordrat brev|videresendt meddelelse|videresendt melding|välitetty viesti
edelleenlähetetty viesti
přeposlaná zpráva|preposlaná správa|továbbított üzenet|mesaj redirecționat|iletilen mesaj|iletilmiş mesaj
προωθημένο μήνυμα
proslijeđena poruka|prosleđena poruka|thư đã chuyển tiếp|pesan yang diteruskan
転送メッセージ|転送されたメッセージ|転送メール|转发的邮件|转发邮件信息|转发邮件
轉寄郵件|轉寄的郵件|已轉寄的郵件|전달된 메시지|전달된 메일
"""

FORWARD_BEGINS = """
begin forwarded message|início da mensagem reencaminhada|início da mensagem encaminhada
início de mensagem encaminhada
inicio de mensagem encaminhada|inicio del mensaje reenviado|empieza mensaje reenviado|début du message réexpédié
début du message transféré|inizio messaggio inoltrato|inizio del messaggio inoltrato
anfang der weitergeleiteten nachricht
anfang der weitergeleiteten e-mail|begin doorgestuurd bericht|rozpoczęcie przekazanej wiadomości
początek przekazanej wiadomości
początek przekazywanej wiadomości|начало переадресованного сообщения|начало пересылаемого сообщения
начало пересланного сообщения
vidarebefordrat brev|börjar vidarebefordrat meddelande|start på videresendt besked|videresendt melding
välitetty viesti alkaa
転送されたメッセージ|以下是转发的邮件|开始转发的邮件|開始轉寄郵件|전달된 메시지 시작
"""

FORWARD_PREFIXES = """
enc|encam|reenv|fwd?|wg|tr|rv|rif|i|doorst|pd|vb|vs|vl|fs|továbbítás|ynt|ilt|trans|προωθ|пересл|hal
転送|转发|轉寄|전달
"""

HEADER_KEYS = {
    "from": "from|de|von|da|di|van|od|nadawca|от|от кого|від|fra|från|fra|remetente|remitente|expéditeur|mittente"
    "|absender|afzender"
    "|avsändare|lähettäjä|отправитель|kimden|gönderen|feladó"
    "|odesílatel|de la|από|od koga|差出人|送信者|发件人|寄件者|寄件人"
    "|보낸 사람|보낸사람|보낸이"
    "|envoyé par|enviado por|gesendet von|inviato da",
    "sent": "sent|date|data|datum|gesendet|gesendet am|enviado|enviada|enviado em|enviada em|enviado el|enviat"
    "|fecha|fecha y hora|data e hora"
    "|envoyé|envoye|envoyé le|date d'envoi|date d’envoi|inviato|inviato il|data e ora|verzonden|verzonden op"
    "|verstuurd|wysłano|data wysłania|wysłane"
    "|отправлено|дата|надіслано|skickat|skickades|sendt|dato|lähetetty|päivämäärä|päiväys|odesláno|odoslané"
    "|elküldve|dátum|trimis|data:|tarih"
    "|gönderildi|gönderme tarihi|gönderilme tarihi|στάλθηκε"
    "|ημερομηνία|poslano|送信日時|送信日|日時|日付|发送时间|发送日期|時間|日期|寄件日期"
    "|傳送時間"
    "|보낸 날짜|보낸날짜|날짜|date sent|sent on|received|ngày gửi|ngày",
    "to": "to|para|an|à|a|pour|aan|do|кому|komu|till|til|destinatário|destinatários|destinatario|destinataire"
    "|empfänger|adresat|vastaanottaja"
    "|címzett|către|kime|alıcı|προς|za|宛先|收件人|收件者|받는 사람|받는사람|받는이|đến|per",
    "cc": "cc|c\\.c\\.|cci|cco|bcc|kopie|kopia|kopi|cópia|copia|copie|copie à|копия|копія|dw|udw|con copia"
    "|com cópia|cópia para|kopio|másolat"
    "|bilgi|κοιν\\.|抄送|副本|참조|cópia oculta",
    "subject": "subject|assunto|asunto|betreff|objet|sujet|oggetto|onderwerp|temat|тема|ämne|emne|aihe|předmět"
    "|predmet|tárgy|subiect|konu|θέμα"
    "|assumpte|件名|題名|主题|主題|主旨|제목|chủ đề|subj",
    "reply-to": "reply-to|reply to|responder a|responder para|responder-para|répondre à|antwort an|antworten an"
    "|rispondi a|risposta|antwoord aan"
    "|beantwoorden|odpowiedz do|svara till|svar til|返信先|回复",
    "other": "importance|importância|importancia|priority|prioridade|prioridad|priorität|attachments|attachment"
    "|anexos|anexo|adjuntos|datos adjuntos"
    "|pièces jointes|allegati|anlagen|anlage|bijlagen|załączniki|вложения|bifogade filer|添付ファイル|附件|sensitivity"
    "|organization|categories|list-id"
    "|mailed-by|signed-by|security|where|when|required attendees|location|quando|local|onde",
}

DEVICES = """
iphone|ipad|ipod|phone|smartphone|android|blackberry|samsung|galaxy|huawei|xiaomi|redmi|pixel|motorola|moto|zenfone
htc|nokia|alcatel|nexus|\\blg\\b
mobile|cell|tablet|surface|device|handy|celular|telemóvel|telefone|teléfono|móvil|movil|dispositivo|aparelho
aplicativo|\\bapp\\b|\\bti-\\d+
windows|\\bmail\\b|e-?mail|correo|correio|outlook|gmail|yahoo|mailbox|airmail|sparrow|spark|acompli|webmail
\\buol\\b|\\bbol\\b|\\bterra\\b
proton|front|superhuman|canary|bluemail|edison|polymail|nylas|newton|boxer|apple|verizon|at&t|t-mobile|zoho
\\bhey\\b|fastmail|thunderbird|missive
"""

DEVICE_LEADS = """
sent (?:wirelessly )?(?:from|via|using|with|by|on)
enviad[oa]s?(?: \\w+)? (?:do|da|a partir d[aeo]|de|desde|pelo|pela|via|usando|del|com o|con la|desde mi)
mandad[oa] (?:do|da|de|desde|pelo|via|del)|escrito (?:do|desde|no|en)
"""

EXCUSES = """
typos?|brevity|short reply|misspell|spelling|auto-?correct|thumbs|errors?
erros? d|digita|brevidade|corretor|por ser breve|ser breve|mensagem curta|erros? orto|erratas?
errores|breve|brevedad|ortogr|fautes|brièveté|tippfehler|kürze|errori|refusi
"""

DEVICE_LINES = """
enviad[oa] (?:com|con) (?:proton|outlook|gmail|yahoo|spark|zoho|uol|bol).{0,80}
sent from my \\S.{0,60}|from my (?:i?phone|ipad|mobile|android).{0,60}|via mobile|typed on .{0,20}phone.{0,60}
someone from mobile
get .{0,20}(?:outlook|bluemail|typeapp|yahoo mail|spark).{0,60}|download (?:bluemail|spark).{0,60}
sent a magnificent torch of pixels
yahoo mail: (?:busque|search|busca|pesquise).{0,60}
(?:obter|baixe|baixar|obtenha|obtener|descargar?|obt[eé]n|download) .{0,12}(?:outlook|bluemail|yahoo|spark).{0,60}
(?:télécharger|obtenir|obtenez|holen sie sich|laden sie|scarica|ottieni) .{0,12}(?:outlook|bluemail|yahoo|spark).{0,60}
envoyé (?:de|depuis|avec|à partir de|via)\\b.{0,80}|provenance : courrier.{0,60}
von (?:meinem|meiner|mein)\\b.{0,60}(?:gesendet|geschickt|verschickt).{0,20}
gesendet (?:von|mit|über|aus|vom)\\b.{0,80}|diese nachricht wurde (?:von|mit)\\b.{0,120}|von unterwegs.{0,40}
mit .{0,40}(?:gesendet|verschickt)
inviato (?:da|dal|con|tramite|via)\\b.{0,80}|inviato dall['’].{0,80}
verzonden (?:vanaf|met|via|vanuit|van)\\b.{0,80}|verstuurd (?:vanaf|met|via|van)\\b.{0,80}
outlook voor .{0,40}downloaden|download outlook voor.{0,40}|wysłan[eoay] (?:z|ze|za pomocą|przez|w)\\b.{0,80}
pobierz outlook.{0,60}
отправлено (?:с|из|через|от|со)\\b.{0,80}|получить outlook.{0,60}|надіслано (?:з|із)\\b.{0,80}|отправлено
skickat från\\b.{0,80}|skickades från\\b.{0,80}|hämta outlook.{0,60}|skaffa outlook.{0,60}|sendt fra\\b.{0,80}
hent outlook.{0,60}|få outlook.{0,60}
lähetetty .{0,60}|hanki outlook.{0,60}|odesláno z.{0,60}|odoslané z.{0,60}|küldve .{0,60}|trimis de pe.{0,60}
.{0,40}(?:iphone|ipad).{0,4}umdan gönderildi
.{0,30}から送信.{0,30}|outlook for (?:ios|android).{0,4}を入手.{0,40}
從我的.{0,30}傳送|从我的.{0,30}发送|发自我的.{0,40}|發自我的.{0,40}
.{0,20}에서 보냄
enviat des .{0,60}|στάλθηκε από.{0,60}|gửi từ .{0,60}|dikirim dari .{0,60}
"""

FOOTER_TITLES = """
aviso legal|aviso de confidencialidade|aviso de confidencialidad|aviso de privacidade|aviso de privacidad
nota de confidencialidade
nota de confidencialidad|declaração de confidencialidade|cláusula de confidencialidade|cláusula de confidencialidad
termo de confidencialidade
confidentiality|confidentiality notice|confidentiality note|confidentiality statement|disclaimer|legal notice
legal disclaimer|e-?mail disclaimer
privileged and confidential|private and confidential|important notice|avviso di riservatezza|vertraulichkeitshinweis
haftungsausschluss
avis de confidentialité|avertissement|vertrouwelijkheid|klauzula poufności|конфиденциально
уведомление о конфиденциальности
"""

FOOTER_SUBJECTS = """
est[ae] (?:mensagem|e-?mail|correo|correo electrónico|mensaje|comunicação|comunicación|transmissão|documento)
este (?:e-?mail|correo|mensaje)
essa mensagem|o conteúdo dest[ea] (?:mensagem|e-?mail)|as informações contidas|la información contenida
a informação contida|el contenido de este
this (?:e-?mail|message|communication|transmission|mail|electronic mail|electronic message)
the (?:information|content|contents) (?:contained )?(?:in|of) this
if you (?:are not the|have received this)|information contained in this|the contents of this
diese (?:e-?mail|nachricht|mail)|ce (?:message|courriel|mail)|cet e-?mail|questo (?:messaggio|e-?mail)
questa (?:e-?mail|comunicazione)|la presente e-?mail
le informazioni contenute|dit (?:bericht|e-?mail)|deze e-?mail|de informatie in dit|niniejsza wiadomość|ta wiadomość
данное (?:сообщение|письмо|электронное)
это (?:сообщение|электронное)|detta (?:meddelande|e-post|mail)|denne (?:e-?mail|meddelelse)
"""

FOOTER_MATTERS = """
confiden|sigilos|privileg|intended|destinat|destina|vertraul|riservat|vertrouwelijk|poufn|конфиденц|konfident
exclusiv|proprietary|fortrolig
"""

FOOTER_LINES = """
antes de imprimir|pense (?:no|en el) medio ambiente|pense no meio ambiente|piense en el medio ambiente
please consider the environment
think before (?:you )?print|consider the environment before|bitte (?:denken|prüfen) sie.{0,60}(?:umwelt|drucken)
pensez à l['’]environnement
prima di stampare|livre de vírus|libre de virus|virus-free|sans virus|virenfrei|privo di virus|virusvrij
não contém vírus|nie zawiera wirusów
(?:este|o) e-?mail foi verificado.{0,40}(?:vírus|antivírus)
este (?:correo electrónico|email|mensaje) ha sido (?:comprobado|analizado)
this (?:e-?mail|message) (?:has been|was) (?:checked|scanned)|diese e-mail wurde von avast|cet e-mail a été vérifié
questa e-mail è stata controllata
you received this message because you are subscribed|to unsubscribe from this group
você recebeu esta mensagem porque está inscrito
para cancelar a inscrição
"""
