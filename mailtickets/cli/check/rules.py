"""The rules of the configuration: those that can never win are named, with the rules that are in their way, and those
that do less than they seem to."""

from collections.abc import Iterator, Mapping

from mailtickets.cli.check.inquiry import Inquiry
from mailtickets.config.models import Config
from mailtickets.config.nearest import nearest
from mailtickets.config.rules import Rule, ready_answers
from mailtickets.config.values import LOCALES
from mailtickets.desk.rules.configured.shadows import Shadow, ShadowCause, shadows
from mailtickets.views.check import CheckLine, ok, warning

_NEXT: Mapping[ShadowCause, str] = {
    "stopped": "put it before {}, or take `stop` away there, or take this rule away",
    "overwritten": "put it behind {}, or take this rule away",
    "final": "put it before {}, or take `final` away there, or take this rule away",
    "impossible": "take one of its conditions away, or put them into `any`",
}

_NEARLY = 0.9
"""How much alike two addresses are of which one may be a slip of the other; 1.0: the same."""


def lines(inquiry: Inquiry) -> Iterator[CheckLine]:
    rules = inquiry.config.rule
    if not rules:
        return
    found = shadows([rule.model_dump() for rule in rules])
    short = [line for number, rule in enumerate(rules) for line in _does_less(rule, f"rule.{number}", inquiry.config)]
    yield from short
    if not found and not short:
        yield ok("rule", f"{len(rules)} {'rule' if len(rules) == 1 else 'rules'}; none is in the way of another")
    for shadow in found:
        yield warning(f"rule.{shadow.number}", f"{shadow.rule} {shadow.text}", _next(shadow))


def _does_less(rule: Rule, key: str, config: Config) -> Iterator[CheckLine]:
    """What a rule says that comes to nothing, or to less than it says."""
    if not rule.does_something:
        yield warning(key, f"{rule.name} does nothing", "give it `set`, `add_tags`, `assign`, `notify` or the like")
    if rule.answer:
        locales = _locales(config)
        names = ready_answers(config)
        missing = [locale for locale in sorted(locales) if rule.answer not in names.get(locale, ())]
        if missing:
            text = f"there is no ready answer {rule.answer!r} in {', '.join(missing)}: customers there get none"
            yield warning(
                f"{key}.answer", text, f"write canned/{missing[0]}/{rule.answer}.txt, or give a condition of language"
            )
    deaf = [queue.name for queue in config.queue if queue.notify != "watchers"]
    if rule.watch and deaf:
        text = (
            f"{rule.name} lets agents follow tickets, and nobody who only follows is told of mail in {', '.join(deaf)}"
        )
        yield warning(f"{key}.watch", text, 'write notify = "watchers" in the queue, or `notify` in place of `watch`')
    yield from _nearly_agents(rule, key, config)
    told = [queue for queue in config.queue if not any(queue.name in agent.queues for agent in config.agent)]
    if rule.hold and told:
        names_of = ", ".join(queue.name for queue in told)
        text = f"{rule.name} holds mail, and nobody is told of it in {names_of}, which has no agents"
        yield warning(
            f"{key}.hold", text, "look with `mailtickets inbound list --state held`, or give the queue agents"
        )


def _nearly_agents(rule: Rule, key: str, config: Config) -> Iterator[CheckLine]:
    """Addresses of people who are no agents, which differ from an agent's in a letter or two."""
    agents = [address.casefold() for agent in config.agent for address in (agent.address, *agent.aliases)]
    for at, name in enumerate(rule.notify):
        near = nearest(name.casefold(), agents, likeness=_NEARLY) if "@" in name else ""
        if near and name.casefold() not in agents:
            text = f"{name} is no agent's address and gets figures only{near}"
            yield warning(f"{key}.notify.{at}", text, "correct the address, if an agent is meant")


def _locales(config: Config) -> set[str]:
    """The languages that tickets may have."""
    auto = any(queue.locale == "auto" for queue in config.queue)
    fixed = {queue.locale for queue in config.queue if queue.locale != "auto"}
    return fixed | (set(LOCALES) if auto else set())


def _next(shadow: Shadow) -> str:
    return _NEXT[shadow.why].format(", ".join(repr(name) for name in shadow.by))
