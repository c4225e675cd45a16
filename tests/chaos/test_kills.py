"""C01, C02: killed under load, at random and at every named moment, and nothing that was accepted is lost or doubled.

CHAOS_KILLS: how many in all (1,000 in `make chaos`, 50 otherwise). CHAOS_SEED plays a campaign again, as far as two
processes can be played again.
"""

import os
import random

import pytest

from mailtickets.failpoint import FAILPOINTS
from tests.chaos.campaign import Report, at_moment, at_random, campaign, campaign_config, seed_of
from tests.chaos.lives import Cradle
from tests.chaos.load import Load
from tests.system.conftest import DeskMaker

KILLS = int(os.environ.get("CHAOS_KILLS", "50"))
DROPPED = 1.0
"""Of a hundred notices, how many the smarthost takes and hangs up."""


@pytest.mark.timeout(120 + 10 * KILLS)
async def test_killed_at_random_moments_the_desk_loses_and_doubles_nothing(
    database_url: str, make_desk: DeskMaker, cradle: Cradle, told: list[str]
) -> None:
    report = Report(database_url.partition(":")[0], seed_of(os.environ.get("CHAOS_SEED", "")))
    load = Load(random.Random(report.seed), dropped=DROPPED)
    async with load.servers():
        desk = make_desk(campaign_config(load, database_url))
        try:
            await campaign(desk, cradle, load, database_url, [at_random()] * (KILLS // 2), report)
        finally:
            told.extend(report.lines())
    assert report.in_the_middle * 2 >= report.kills


@pytest.mark.chaos
@pytest.mark.timeout(600)
async def test_killed_at_every_named_moment_the_desk_loses_and_doubles_nothing(
    database_url: str, make_desk: DeskMaker, cradle: Cradle, told: list[str]
) -> None:
    report = Report(database_url.partition(":")[0], seed_of(os.environ.get("CHAOS_SEED", "")))
    load = Load(random.Random(report.seed))
    async with load.servers():
        desk = make_desk(campaign_config(load, database_url))
        ends = [at_moment(moment, load.chance.randint(1, 3)) for moment in FAILPOINTS]
        try:
            await campaign(desk, cradle, load, database_url, ends, report)
        finally:
            told.extend(report.lines())
