import pytest

from mailtickets.mail.kind.junk import JunkVerdict, allowed, denied, spam_flags, verdict, worst


def said(*fields: str, trusted: bool = True, our_hops: int | None = None) -> JunkVerdict:
    headers = [(name.strip().lower(), value.strip()) for name, _, value in (field.partition(":") for field in fields)]
    return spam_flags(headers, trusted=trusted, our_hops=our_hops)


SPAM = [
    "X-Spam-Flag: YES",
    "X-Spam-Flag: yes",
    "X-Spam-Flag: True",
    "X-Spam-Status: Yes, score=7.1 required=5.0 tests=BAYES_99,HTML_MESSAGE autolearn=no version=3.4.6",
    "X-Spam-Status: YES",
    "X-Spam: Yes",
    "X-Rspamd-Action: add header",
    "X-Rspamd-Action: rewrite subject",
    "X-Rspamd-Action: reject",
    "X-Spamd-Result: default: True [22.30 / 15.00]; BAYES_SPAM(5.10)[100.00%]",
    "X-Bogosity: Spam, tests=bogofilter, spamicity=0.999, version=1.2.5",
    "X-DSPAM-Result: Spam",
    "X-Barracuda-Spam-Status: Yes, SCORE=4.50 using global scores",
    "X-MS-Exchange-Organization-SCL: 5",
    "X-MS-Exchange-Organization-SCL: 9",
    "X-Forefront-Antispam-Report: CIP:198.51.100.9;SCL:5;SRV:;IPV:NLI;SFV:SPM;H:mx.test;CAT:SPM;DIR:INB;",
    "X-Forefront-Antispam-Report: CIP:198.51.100.9;SCL:9;SFV:SPM;CAT:HPHSH;",
    "X-Forefront-Antispam-Report: SCL:1;CAT:PHSH",
]
CLEAN = [
    "X-Spam-Flag: NO",
    "X-Spam-Status: No, score=-2.9 required=5.0 tests=ALL_TRUSTED,BAYES_00",
    "X-Spam: no",
    "X-Ham-Report: Spam detection software, running on the system, has NOT identified this incoming email as spam.",
    "X-Rspamd-Action: no action",
    "X-Rspamd-Action: greylist",
    "X-Spamd-Result: default: False [1.20 / 15.00]; ARC_NA(0.00)[]",
    "X-Bogosity: Ham, tests=bogofilter, spamicity=0.000, version=1.2.5",
    "X-DSPAM-Result: Innocent",
    "X-MS-Exchange-Organization-SCL: -1",
    "X-MS-Exchange-Organization-SCL: 4",
    "X-Forefront-Antispam-Report: CIP:198.51.100.9;SCL:1;SFV:NSPM;CAT:NONE;",
    "X-Forefront-Antispam-Report: CIP:255.255.255.255;SCL:-1;SFV:SKN;CAT:SPM;",
    "X-Virus-Status: Clean",
]
INFECTED = [
    "X-Virus-Status: Infected (Win.Test.EICAR_HDB-1)",
    "X-Virus-Status: Yes",
    "X-Amavis-Alert: INFECTED, message contains virus: Eicar-Test-Signature",
    "X-Forefront-Antispam-Report: CIP:198.51.100.9;SCL:9;SFV:SPM;CAT:MALW;",
]
SILENT = [
    "X-Spam-Flag:",
    "X-Spam-Flag: 1",
    "X-Spam-Flag: not at all",
    "X-Spam-Flag: nope",
    "X-Spam-Status: score=7.1",
    "X-Spam-Score: 99",
    "X-Spam-Level: **********",
    "X-Spam-Bar: +++++++",
    "X-Spam-Report: * 5.0 BAYES_99",
    "X-Spam-Checker-Version: SpamAssassin 3.4.6",
    "X-Rspamd-Server: mx",
    "X-Rspamd-Queue-Id: 4XYZ",
    "X-Rspamd-Action: soft reject",
    "X-Rspamd-Action: tap dance",
    "X-Spamd-Result: default",
    "X-Ham-Report:",
    "X-MS-Exchange-Organization-SCL: high",
    "X-MS-Exchange-Organization-SCL: 555",
    "X-Forefront-Antispam-Report: CIP:198.51.100.9;XSCL:9;",
    "X-Forefront-Antispam-Report-Untrusted: SCL:9;CAT:MALW;",
    "X-Amavis-Alert: BANNED, message contains .exe",
    "X-Virus-Scanned: amavis at mx.test",
    "Subject: X-Spam-Flag: YES",
    "X-Not-Spam-Flag: YES",
]


@pytest.mark.parametrize("field", SPAM)
def test_a_field_that_says_spam(field: str) -> None:
    found = said("Received: from a by b", field, "Subject: oi")
    assert (found.action, found.source) == ("spam", field.partition(":")[0])
    assert found.detail == field.partition(": ")[2]


@pytest.mark.parametrize("field", CLEAN)
def test_a_field_that_says_there_is_nothing(field: str) -> None:
    found = said(field)
    assert (found.action, found.why, found.source) == ("clean", "ham-header", field.partition(":")[0])


@pytest.mark.parametrize("field", INFECTED)
def test_a_field_that_says_infected(field: str) -> None:
    assert (said(field).action, said(field).why) == ("infected", "malware-header")


@pytest.mark.parametrize("field", SILENT)
def test_a_field_that_says_neither(field: str) -> None:
    assert said(field) == JunkVerdict("clean", "no-spam-mark", "")


@pytest.mark.parametrize("field", SPAM + INFECTED)
def test_no_field_is_believed_where_the_door_is_not_trusted(field: str) -> None:
    assert said(field, trusted=False) == JunkVerdict("clean", "untrusted-door", "")


def test_a_forged_no_outweighs_nothing_wherever_it_stands() -> None:
    ours, forged = "X-Spam-Flag: YES", "X-Spam-Status: No, score=-100"
    assert said(forged, ours).action == said(ours, forged).action == "spam"
    assert said("X-Spam-Flag: NO", ours).action == "spam"


def test_infected_is_worse_than_spam() -> None:
    assert said("X-Spam-Flag: YES", "X-Virus-Status: Infected (x)").action == "infected"


def test_only_what_our_own_servers_wrote_counts_where_their_number_is_known() -> None:
    by_relay = ["Received: from filter", "X-Spam-Status: No", "Received: from outside", "X-Spam-Flag: YES"]
    assert said(*by_relay).action == "spam"
    assert said(*by_relay, our_hops=2) == said("X-Spam-Status: No")
    assert said("X-Spam-Flag: YES", "Received: from outside", our_hops=1).action == "spam"
    assert said("Received: from outside", "X-Spam-Flag: YES", our_hops=1).why == "no-spam-mark"
    assert said("X-Spam-Flag: YES", "Received: from outside", our_hops=0).action == "spam"


def test_a_mail_without_headers() -> None:
    assert said().why == "no-spam-mark"


def test_what_is_quoted_is_one_short_line() -> None:
    found = said(f"X-Spam-Status: Yes, \x1b[31m\u202egnp {'BAYES ' * 1_000}")
    assert found.detail.isprintable()
    assert len(found.detail) <= 200


def test_long_fields_are_read_in_no_time() -> None:
    for field in ("X-Spam-Flag", "X-Rspamd-Action", "X-Forefront-Antispam-Report", "X-Spamd-Result"):
        for text in ("(" * 32_000, " " * 32_000 + "x", "a " * 16_000, "SCL:" * 8_000, ";" * 32_000, "- " * 16_000):
            assert said(f"{field}: {text}").action == "clean"


def test_the_worst_of_several() -> None:
    clean, spam, gone = verdict("clean", "a", "x"), verdict("spam", "b", "y"), verdict("unavailable", "c", "z")
    assert worst([]).why == "no-spam-mark"
    assert worst([clean, gone, spam]) == spam
    assert worst([clean, gone]) == gone
    assert worst([clean, verdict("clean", "d", "")]) == clean


@pytest.mark.parametrize(
    ("address", "deny", "allow", "expected"),
    [
        ("eve@spam.test", ["eve@spam.test"], [], True),
        ("EVE@Spam.TEST", ["eve@spam.test"], [], True),
        ("eve@spam.test", ["Eve@spam.test"], [], True),
        ("eve@spam.test.", ["eve@spam.test"], [], True),
        ("adam@spam.test", ["eve@spam.test"], [], False),
        ("eve+1@spam.test", ["eve@spam.test"], [], False),
        ("anybody@spam.test", ["@spam.test"], [], True),
        ("anybody@sub.spam.test", ["@spam.test"], [], False),
        ("anybody@notspam.test", ["@spam.test"], [], False),
        ("anybody@spam.test.example", ["@spam.test"], [], False),
        ("eve@spam.test", [], [], False),
        ("eve@spam.test", ["@spam.test"], ["eve@spam.test"], False),
        ("eve@fine.test", ["eve@fine.test"], ["@fine.test"], True),
        ("eve@fine.test", ["eve@fine.test"], ["eve@fine.test"], False),
        ("eve@fine.test", ["@fine.test"], ["@fine.test"], False),
        ("eve@bücher.test", ["@xn--bcher-kva.test"], [], True),
        ("eve@xn--bcher-kva.test", ["@bücher.test"], [], True),
        ('"a@b"@spam.test', ["@spam.test"], [], True),
        ("", ["@spam.test"], [], False),
        ("@spam.test", ["@spam.test"], [], False),
        ("spam.test", ["@spam.test"], [], False),
        ("eve@", ["@", "@spam.test"], [], False),
    ],
)
def test_who_is_denied(address: str, deny: list[str], allow: list[str], expected: bool) -> None:
    assert denied(address, deny, allow) is expected


def test_who_is_allowed() -> None:
    assert allowed("Maria@example.test", ["@example.test"])
    assert allowed("maria@example.test", ["maria@EXAMPLE.test"])
    assert not allowed("maria@example.test", ["joao@example.test", "@other.test"])
    assert not allowed("", ["@example.test"])
