"""When each job runs. APScheduler starts a job, and the job asks the database what is due.

Fails with: nothing. The failure of a job goes to the log, and the job runs again at its next time.
"""

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from functools import partial

from apscheduler.schedulers.asyncio import AsyncIOScheduler

from mailtickets.desk.model.delivery import Transient
from mailtickets.gateway.gateway import Gateway
from mailtickets.jobs.counting import COUNTING_SECONDS, Counting
from mailtickets.jobs.ending_secrets import ENDING_SECONDS, EndingSecrets, tell_of_ending_secrets
from mailtickets.jobs.housekeeping import HOUSEKEEPING_SECONDS, housekeeping
from mailtickets.jobs.promises import PROMISES_SECONDS, look_at_promises
from mailtickets.jobs.reconcile import Compare, reconcile_nightly
from mailtickets.jobs.reminders import remind
from mailtickets.jobs.reports import REPORTS_SECONDS, Reports
from mailtickets.jobs.timers import TIMERS_SECONDS, fire_due, make_again
from mailtickets.jobs.watch import WATCH_SECONDS, Watch

log = logging.getLogger("mailtickets.jobs")

WORK_SECONDS = 1
"""The longest time until the daemon sees what a command has written."""
REMINDING_SECONDS = 5
HOLIDAYS_SECONDS = 3600
"""The holidays of a year are computed two years before it begins. What another gateway computes is read this often."""
_LOOK_AT_CLOCK_SECONDS = 5

Job = Callable[[], Awaitable[None]]


def schedule(
    gateway: Gateway, compare: Compare, ending: EndingSecrets, watch: Watch, holidays: Job
) -> AsyncIOScheduler:
    """The jobs of a running daemon. The caller starts them, and stops them before the gateway drains."""
    scheduler = AsyncIOScheduler(
        timezone=UTC, job_defaults={"coalesce": True, "max_instances": 1, "misfire_grace_time": None}
    )
    _every(scheduler, WORK_SECONDS, "look-for-work", gateway.look_for_work)
    _every(scheduler, REMINDING_SECONDS, "reminding", partial(remind, gateway))
    _every(scheduler, TIMERS_SECONDS, "timers", partial(fire_due, gateway))
    _every(scheduler, TIMERS_SECONDS, "clocks", partial(make_again, gateway))
    _every(scheduler, HOUSEKEEPING_SECONDS, "housekeeping", partial(housekeeping, gateway))
    _every(scheduler, HOUSEKEEPING_SECONDS, "reconcile", partial(reconcile_nightly, gateway, compare))
    _every(scheduler, ENDING_SECONDS, "ending-secrets", partial(tell_of_ending_secrets, gateway, ending))
    _every(scheduler, WATCH_SECONDS, "watch", watch.look)
    _every(scheduler, HOLIDAYS_SECONDS, "holidays", holidays)
    _every(scheduler, PROMISES_SECONDS, "promises", partial(look_at_promises, gateway))
    _every(scheduler, COUNTING_SECONDS, "counting", partial(Counting().count, gateway))
    _every(scheduler, REPORTS_SECONDS, "reports", Reports(gateway).send)
    for name in ("ending-secrets", "promises", "counting"):
        scheduler.modify_job(name, next_run_time=datetime.now(UTC))
    return scheduler


def _every(scheduler: AsyncIOScheduler, seconds: int, name: str, job: Job) -> None:
    scheduler.add_job(_ring, "interval", (name, job), seconds=seconds, id=name, replace_existing=True)


async def _ring(name: str, job: Job) -> None:
    try:
        await job()
    except Transient as error:
        log.warning("job deferred", extra={"job": name, "error": str(error)})
    except Exception:
        log.exception("job failed", extra={"job": name})


async def mind_clock(scheduler: AsyncIOScheduler) -> None:
    """Runs all jobs now if the clock was set back. Otherwise APScheduler would wait until the old time comes again."""
    ahead = time.time() - time.monotonic()
    while True:
        await asyncio.sleep(_LOOK_AT_CLOCK_SECONDS)
        before, ahead = ahead, time.time() - time.monotonic()
        if ahead < before - _LOOK_AT_CLOCK_SECONDS:
            log.warning("the clock was set back", extra={"seconds": round(before - ahead)})
            for job in scheduler.get_jobs():
                scheduler.modify_job(job.id, next_run_time=datetime.now(UTC))
