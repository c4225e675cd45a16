"""Calendars in a running daemon: a reload has the holidays of a new region before it counts."""

import signal
import sqlite3
from contextlib import closing

from tests.system.desk import Desk

CALENDAR = '[[calendar]]\nname = "comercial"\nhours = { "mon-fri" = "08:00-18:00" }\nholidays = ["BR"]\n'


def regions(desk: Desk) -> dict[str, int]:
    """How many years of each region are known."""
    with closing(sqlite3.connect(desk.state_dir / "mailtickets.db")) as database:
        rows = database.execute("SELECT region, count(*) FROM holiday_year GROUP BY region").fetchall()
    return dict(rows)


def test_the_holidays_are_there_when_it_is_ready_and_of_a_new_region_when_it_is_reloaded(desk: Desk) -> None:
    sound = desk.config.read_text() + CALENDAR
    desk.configure(sound)
    desk.start()
    assert regions(desk) == {"BR": 6}

    desk.configure(sound.replace('["BR"]', '["BR", "BR-SP"]'))
    desk.signal(signal.SIGHUP)
    desk.wait_for(lambda: '"reloaded"' in desk.log(), "the reload")
    assert regions(desk) == {"BR": 6, "BR-SP": 6}
    assert desk.stop() == 0


def test_a_region_that_there_is_not_changes_nothing_and_the_nearest_is_named(desk: Desk) -> None:
    sound = desk.config.read_text() + CALENDAR
    desk.configure(sound)
    desk.start()
    desk.configure(sound.replace('["BR"]', '["BR-SPP"]'))
    desk.signal(signal.SIGHUP)
    desk.wait_for(lambda: "calendar.0.holidays.0" in desk.log(), "the key path of the mistake in the log")
    assert "the nearest is 'BR-SP'" in desk.log()
    assert regions(desk) == {"BR": 6}
    assert desk.stop() == 0


def test_a_command_computes_what_the_daemon_has_not_read_yet(desk: Desk) -> None:
    desk.start()
    desk.configure(desk.config.read_text() + CALENDAR)
    opened = ("ticket", "open", "--queue", "suporte", "--requester", "maria@cliente.test", "--subject", "Toner")
    assert desk.command(*opened, given="Acabou.").returncode == 0
    assert regions(desk) == {"BR": 6}
