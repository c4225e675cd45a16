"""Secrets and certificates that end soon are told in time."""

from datetime import date, timedelta
from pathlib import Path

import pytest
import trustme

from mailtickets.config.load import load
from mailtickets.config.models import Config
from mailtickets.edges.oauth2.expiry import ending
from mailtickets.jobs.ending_secrets import tell_of_ending_secrets
from tests.edges.test_oauth_keeper import Told
from tests.test_config import LEAST
from tests.test_config_oauth import CERTIFICATE, GOOGLE, MAILBOX, MICROSOFT

END = date(2027, 3, 31)


def config(tmp_path: Path, tables: str) -> Config:
    file = tmp_path / "config.toml"
    file.write_text(LEAST + tables, encoding="utf-8")
    return load(file)


def told(config: Config, days: int) -> list[str]:
    return [key for key, text in ending(config, END - timedelta(days=days)) if text]


FIRST, AGAIN = "oauth-microsoft-expires", "oauth-microsoft-ends"


@pytest.mark.parametrize(
    ("days", "keys"),
    [(31, []), (30, [FIRST]), (8, [FIRST]), (7, [FIRST, AGAIN]), (0, [FIRST, AGAIN]), (-5, [FIRST, AGAIN])],
)
def test_the_end_of_a_secret_is_told_thirty_days_before_and_a_week_before(
    tmp_path: Path, days: int, keys: list[str]
) -> None:
    assert told(config(tmp_path, f'{MICROSOFT}expires = "{END}"'), days) == keys


def test_the_text_says_when_whom_it_concerns_and_what_to_do(tmp_path: Path) -> None:
    mine = config(tmp_path, f'{MICROSOFT}expires = "{END}"{MAILBOX}')
    texts = dict(ending(mine, END - timedelta(days=12)))
    for part in ("secret", "2027-03-31, in 12 days", "make a new secret", 'imap_in "suporte"', "reload"):
        assert part in texts[FIRST]
    assert "has ended on 2027-03-31" in dict(ending(mine, END + timedelta(days=1)))[AGAIN]


def test_a_certificate_says_itself_when_it_ends(tmp_path: Path) -> None:
    from cryptography import x509

    made = trustme.CA().issue_cert("client.test", key_type=trustme.KeyType.RSA)
    made.cert_chain_pems[0].write_to_path(tmp_path / "client.pem")
    made.private_key_pem.write_to_path(tmp_path / "client.key")
    end = x509.load_pem_x509_certificate((tmp_path / "client.pem").read_bytes()).not_valid_after_utc.date()
    mine = config(tmp_path, CERTIFICATE)
    assert [key for key, text in ending(mine, end - timedelta(days=31)) if text] == []
    (found,) = (text for key, text in ending(mine, end - timedelta(days=20)) if key == FIRST)
    assert f'certificate of the account "microsoft" ends on {end}' in found


def test_where_nobody_knows_the_end_nothing_is_told(tmp_path: Path) -> None:
    assert told(config(tmp_path, MICROSOFT), 0) == []
    assert told(config(tmp_path, GOOGLE), 0) == []
    assert told(config(tmp_path, CERTIFICATE), 0) == [], "a certificate that is not there is told by others"


class Gateway:
    """Where ops are told."""

    def __init__(self) -> None:
        self.alarms = Told()


async def test_ops_are_told_and_it_is_taken_back_when_the_secret_is_replaced() -> None:
    found: dict[str, str | None] = {"a": "soon"}

    async def ending() -> list[tuple[str, str | None]]:
        return list(found.items())

    gateway = Gateway()
    await tell_of_ending_secrets(gateway, ending)  # type: ignore[arg-type]
    assert gateway.alarms.alarms == {"a": "soon"}
    found["a"] = None
    await tell_of_ending_secrets(gateway, ending)  # type: ignore[arg-type]
    assert gateway.alarms.alarms == {}
