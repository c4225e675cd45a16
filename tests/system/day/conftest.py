"""One desk for all tests of this folder: starting one takes longer than what happens on it."""

import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.system.day.office import Office, office_config
from tests.system.desk import Desk
from tests.system.town import Town


@pytest.fixture(scope="package")
def open_office(servers: Town) -> Iterator[Office]:
    """A desk that works all day: the tests of this folder are what happens on it."""
    servers.clear()
    directory = Path(tempfile.mkdtemp(prefix="office-", dir="/tmp"))
    desk = Desk(directory, office_config(servers), quick=True)
    desk.start()
    yield Office(servers, desk)
    desk.close()
    shutil.rmtree(directory)


@pytest.fixture
def office(open_office: Office) -> Iterator[Office]:
    """The office, its mailboxes empty; afterwards no customer may have seen what is not for them."""
    open_office.forget_but()
    yield open_office
    open_office.settle(but_for_answers=True)
    open_office.assert_discreet()
