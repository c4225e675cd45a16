"""`check --send` to one's own queue: what the way out and back in does to a mail."""

from pathlib import Path

from tests.servers import free_port
from tests.system.desk import Desk, config
from tests.system.town import MAILBOX, Town

BACK_TO_ITSELF = """\
[delivery]
host = "127.0.0.1"
port = {port}
tls = "none"
envelope = "{envelope}"
"""


def desk_that_mails_itself(directory: Path, envelope: str) -> Desk:
    port = free_port()
    delivery = BACK_TO_ITSELF.format(port=port, envelope=envelope)
    desk = Desk(directory, config(delivery, smtp_port=port))
    desk.start()
    return desk


def test_a_test_message_to_a_queue_comes_back_and_is_compared(tmp_path: Path) -> None:
    desk = desk_that_mails_itself(tmp_path, "verp")
    try:
        told = [line["text"] for line in desk.cli("check", "--send", "suporte@desk.test") if "--send" in line["about"]]
    finally:
        desk.stop()
    assert told[1] == "it came back by smtp"
    assert [text.partition(" came back")[0] for text in told[2:6]] == [
        "From",
        "Message-ID",
        "the return path",
        "the plus-address",
    ]
    assert told[6].startswith("it is not signed for desk.test (DKIM)")


def test_a_test_message_opens_no_ticket(tmp_path: Path) -> None:
    desk = desk_that_mails_itself(tmp_path, "queue")
    try:
        desk.cli("check", "--send", "suporte@desk.test")
        assert desk.cli("ticket", "list") == []
        assert [(row["outcome"], row["reason"]) for row in desk.cli("inbound", "list")] == [
            ("ignored", "own-loop-header")
        ]
    finally:
        desk.stop()


def test_the_way_through_postfix_and_dovecot_leaves_everything_as_it_was(town: Town, town_desk: Desk) -> None:
    """The queue's mailbox is read by IMAP, and mail goes out through Postfix."""
    town_desk.start()
    lines = [line for line in town_desk.cli("check", "--send", MAILBOX) if line["about"].startswith("--send")]
    assert [line for line in lines if line["verdict"] != "ok"] == []
    texts = [line["text"] for line in lines]
    assert texts[1].startswith("it came back by imap")
    assert [
        what for what in ("From", "Message-ID") if not any(text.startswith(f"{what} came back") for text in texts)
    ] == []
