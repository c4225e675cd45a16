"""The state directory, the secret, and who is told."""

from collections.abc import Iterator

from mailtickets.cli.check.inquiry import Inquiry
from mailtickets.config.models import Config
from mailtickets.config.places import ConfigError
from mailtickets.config.state import directory_problems, load_secrets
from mailtickets.views.check import START_DAEMON, CheckLine, ok, warning, wrong


def lines(inquiry: Inquiry) -> Iterator[CheckLine]:
    config = inquiry.config
    directory, secret = config.state_dir, config.secret_file
    if not directory.is_dir():
        yield warning("instance.state_dir", f"{directory} is not there yet: `run` makes it", START_DAEMON)
        return
    if problems := list(directory_problems(config.state_dir)):
        yield from (wrong(key, *_fault_and_remedy(problem)) for key, problem in problems)
        return
    yield ok("instance.state_dir", str(directory))
    if not secret.exists():
        yield warning("instance.secret_file", f"{secret} is not there yet: `run` makes it", START_DAEMON)
    else:
        yield _secret(config)
    if not config.instance.ops_address:
        yield warning(
            "instance.ops_address",
            "is empty: nobody is told by mail when something is wrong",
            "set instance.ops_address to a mailbox that a person reads, and that is no queue's",
        )


def _secret(config: Config) -> CheckLine:
    file = config.secret_file
    try:
        load_secrets(config)
    except ConfigError as error:
        key, problem = error.problems[0]
        return wrong(key, *_fault_and_remedy(problem))
    if file.stat().st_mode & 0o077:
        return wrong("instance.secret_file", f"{file} can be read by others", f"chmod 600 {file}")
    return ok("instance.secret_file", f"{file}, for its owner only")


def _fault_and_remedy(problem: str) -> tuple[str, str]:
    """The problem, and the command after its last colon that mends it."""
    fault, _, remedy = problem.rpartition(": ")
    return fault or problem, remedy
