"""`[[rule]]`: what a team wants done with mail and tickets, in its own words.

Owns: the keys of a rule and of its conditions, and whether the names in them exist. What a rule does is in
`desk/rules/configured`.
Returns problems as (key path, what was expected). Texts may have `*` (any characters) and `?` (one character); there
are no regular expressions.
"""

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import AfterValidator, BeforeValidator, Field

from mailtickets.config.comparing import CountTest, SizeTest, TimeTest
from mailtickets.config.nearest import nearest
from mailtickets.config.places import shipped, template_texts
from mailtickets.config.reached import queue_reached
from mailtickets.config.section import Section
from mailtickets.config.values import AddrSpec, OneLine, Word, addr_spec
from mailtickets.words.fold import folded

if TYPE_CHECKING:
    from mailtickets.config.models import Config

Trigger = Literal["new", "reply", "status", "due"]
"""When a rule is asked: a mail opens a ticket; a customer writes on one; its status has changed; time has passed."""

BUILT_IN_TYPES = ("question", "incident", "request")
WEIGHED = ("impact", "urgency")
"""Fields of every ticket, of which a type may make its priority."""

MAIL_ALONE = frozenset({"to", "subject", "words", "header", "attachment", "language", "kind", "verified"})
"""Conditions that look at a mail: a rule that is asked only when a status changes, or in time, has none."""
TIMED = ("age", "waiting", "idle")
"""Conditions that begin to hold as time passes."""

NO_CONDITION = "at least one condition was expected"

SKILL = "skill:"
BY_TURN = "turn"


def _several(value: object) -> object:
    """One text stands for a list of one."""
    return (value,) if isinstance(value, str) else value


def _pairs(value: object) -> object:
    """A table as pairs: frozen, as all of the configuration."""
    return tuple(value.items()) if isinstance(value, dict) else value


def _yes_or_texts(value: object) -> object:
    texts = isinstance(value, tuple) and value and all(isinstance(one, str) for one in value)
    if not isinstance(value, bool | str) and not texts:
        raise ValueError(f"true, false, a text or a list of texts was expected, not {value!r}")
    return value


def _filled(value: str) -> str:
    if not value.strip():
        raise ValueError("a text was expected, not an empty one")
    return value


def _tag(value: str) -> str:
    """A tag as the commands of agents have it."""
    if not _TAG.fullmatch(value):
        raise ValueError(f'one word, as in "vip" or "nota-fiscal", was expected, not {value!r}')
    return value.casefold()


_TAG = re.compile(r"\w(?:[\w.&/-]*\w)?")


RuleText = Annotated[OneLine, BeforeValidator(lambda value: _filled(value) if isinstance(value, str) else value)]
RuleTexts = Annotated[tuple[RuleText, ...], BeforeValidator(_several), Field(min_length=1)]
WordList = Annotated[tuple[Word, ...], BeforeValidator(_several), Field(min_length=1)]
NamedTexts = Annotated[tuple[tuple[RuleText, RuleTexts], ...], BeforeValidator(_pairs), Field(min_length=1)]
"""NameList, each with the texts that it may have."""
ValueTable = Annotated[tuple[tuple[Word, RuleText], ...], BeforeValidator(_pairs)]
NameList = Annotated[tuple[RuleText, ...], BeforeValidator(_several)]
AddressList = Annotated[tuple[AddrSpec, ...], BeforeValidator(_several)]
NotifyList = Annotated[
    tuple[Annotated[RuleText, AfterValidator(lambda name: addr_spec(name) if "@" in name else name)], ...],
    BeforeValidator(_several),
]
TagWord = Annotated[str, AfterValidator(_tag)]
TagList = Annotated[tuple[TagWord, ...], BeforeValidator(_several)]
StatusName = Literal["new", "open", "pending", "resolved", "closed"]
PriorityName = Literal["low", "normal", "high", "critical"]
KindName = Literal["human", "auto_reply", "list"]
LanguageName = Literal["pt", "en", "es"]
Triggers = Annotated[tuple[Trigger, ...], BeforeValidator(_several), Field(min_length=1)]


class Attached(Section):
    """One attachment that is all of this. Pictures that a mail shows in its text are none."""

    none: bool = False
    """There is none at all: `attachment = false`."""

    name: RuleTexts | None = None
    type: RuleTexts | None = None
    size: SizeTest | None = None


def _attached(value: object) -> object:
    return Attached(none=not value) if isinstance(value, bool) else value


class Condition(Section):
    """Everything that is set must hold. A list of texts holds if one of them does."""

    queue: RuleTexts | None = None
    from_: RuleTexts | None = Field(None, alias="from")
    """AddressList of the author, or `@domain`."""
    domain: RuleTexts | None = None
    """Of the author's address, with all domains below it."""
    to: RuleTexts | None = None
    """AddressList that the mail went to, also in copy."""
    subject: RuleTexts | None = None
    words: RuleTexts | None = None
    """In what was written now, and in the subject of a mail that opens a ticket."""
    header: NamedTexts | None = None
    attachment: Annotated[Attached, BeforeValidator(_attached)] | None = None
    """`true`: there is one."""
    language: Annotated[tuple[LanguageName, ...], BeforeValidator(_several)] | None = None
    kind: Annotated[tuple[KindName, ...], BeforeValidator(_several)] | None = None
    verified: bool | None = None
    """The author has proven who they are."""
    business_hours: Annotated[bool | str, BeforeValidator(_yes_or_texts)] | None = None
    """Whether it is within the hours of a calendar: the one named here, or the rule's."""
    tickets: CountTest | None = None
    """How many tickets the customer has had before this one."""
    last_score: CountTest | None = None
    """The customer's last rating, from 1 to 5. It does not hold for a customer who gave none."""
    tag: RuleTexts | None = None
    status: Annotated[tuple[StatusName, ...], BeforeValidator(_several)] | None = None
    """Before the mail; of a change of status, the new one."""
    was: Annotated[tuple[StatusName, ...], BeforeValidator(_several)] | None = None
    """The status before it changed."""
    priority: Annotated[tuple[PriorityName, ...], BeforeValidator(_several)] | None = None
    type: RuleTexts | None = None
    stage: RuleTexts | None = None
    assigned: Annotated[bool | NameList, BeforeValidator(_yes_or_texts)] | None = None
    """Whether an agent has the ticket, or which."""
    age: TimeTest | None = None
    """How long ago the ticket was opened."""
    waiting: TimeTest | None = None
    """How long its customer has waited for an answer. It does not hold while they wait for none."""
    idle: TimeTest | None = None
    """How long ago anything was done on the ticket."""
    field: NamedTexts | None = None
    all: tuple["Condition", ...] | None = None
    any: tuple["Condition", ...] | None = None
    not_: "Condition | None" = Field(None, alias="not")

    def said(self) -> tuple[tuple[str, Any], ...]:
        """What is set: (key as in the file, value)."""
        return tuple((_KEYS[name], value) for name, value in self if value is not None)


_KEYS: Mapping[str, str] = {name: info.alias or name for name, info in Condition.model_fields.items()}


class RuleSettings(Section):
    """What a rule sets. Of several rules that set the same, the last one counts."""

    queue: RuleText | None = None
    priority: PriorityName | None = None
    type: RuleText | None = None
    stage: RuleText | None = None
    fields: ValueTable = ()

    def said(self) -> tuple[tuple[str, str], ...]:
        """What is set: (key below `set`, value)."""
        plain = [(key, value) for key in ("queue", "priority", "type", "stage") if (value := getattr(self, key))]
        return (*plain, *((f"fields.{name}", value) for name, value in self.fields))


class Rule(Section):
    """Conditions, and what is done where all of `all` and one of `any` hold."""

    name: Word
    on: Triggers = ("new",)
    calendar: str = ""
    """The calendar in which `age`, `waiting` and `idle` count; empty: every hour counts."""
    all: tuple[Condition, ...] = ()
    any: tuple[Condition, ...] = ()
    set: RuleSettings = RuleSettings()
    final: Annotated[bool | NameList, BeforeValidator(_yes_or_texts)] = False
    """What later rules do not set again: everything that this rule sets, or these keys of `set`, and `assign`."""
    add_tags: TagList = ()
    remove_tags: TagList = ()
    assign: OneLine = ""
    """An agent's address, `skill:NAME`, or `turn`."""
    hold: bool = False
    """A person decides what becomes of the mail."""
    watch: AddressList = ()
    """Agents who are told of everything on the ticket."""
    notify: NotifyList = ()
    """Agents, or all the agents of a queue, who are told once. Other people's addresses get figures only."""
    answer: OneLine = ""
    """The name of a ready answer."""
    ask: NameList = ()
    """NameList of fields that the customer is asked for."""
    webhook: OneLine = ""
    stop: bool = False
    """No rule below this one is asked."""

    @property
    def reason(self) -> str:
        """The reason of everything that is done because of this rule."""
        return f"rule:{self.name}"

    @property
    def setters(self) -> tuple[tuple[str, str], ...]:
        """What only one rule can say: (key, value)."""
        rest = (("assign", self.assign), ("answer", self.answer))
        return (*self.set.said(), *((key, value) for key, value in rest if value))

    def is_final(self, key: str) -> bool:
        """Whether no later rule sets this again."""
        return self.final if isinstance(self.final, bool) else key in self.final

    @property
    def does_something(self) -> bool:
        lists = (self.add_tags, self.remove_tags, self.watch, self.notify, self.ask)
        return bool(self.setters or self.hold or self.webhook or self.stop or any(lists))


# --- what does not agree with the rest of the file ------------------------------------------------------

RuleProblem = tuple[str, str]


def conditions(rule: Rule) -> Iterator[tuple[str, Condition]]:
    """All conditions of a rule at every depth, each with its key path below the rule."""
    for name, group in (("all", rule.all), ("any", rule.any)):
        for number, condition in enumerate(group):
            yield from _below(f"{name}.{number}", condition)


def _below(path: str, condition: Condition) -> Iterator[tuple[str, Condition]]:
    yield path, condition
    for name, group in (("all", condition.all), ("any", condition.any)):
        for number, inner in enumerate(group or ()):
            yield from _below(f"{path}.{name}.{number}", inner)
    if condition.not_ is not None:
        yield from _below(f"{path}.not", condition.not_)


def problems(config: "Config") -> Iterator[RuleProblem]:
    """The names in rules that nothing has, and conditions that a rule can never see."""
    if not config.rule:
        return
    known = _Known(config)
    for name, count in Counter(rule.name for rule in config.rule).items():
        if count > 1:
            at = [number for number, rule in enumerate(config.rule) if rule.name == name]
            yield f"rule.{at[1]}.name", f"there is another rule {name!r}"
    for number, rule in enumerate(config.rule):
        for path, problem in _of_rule(rule, known):
            yield f"rule.{number}.{path}", problem


class _Known:
    """The names that a rule may use."""

    def __init__(self, config: "Config") -> None:
        self.queues = [queue.name for queue in config.queue]
        self.agents = [address for agent in config.agent for address in (agent.address, *agent.aliases)]
        self.skills = sorted({skill for agent in config.agent for skill in agent.skills})
        self.types = list(dict.fromkeys([*BUILT_IN_TYPES, *(kind.name for kind in config.type)]))
        self.fields = list(dict.fromkeys([*(field.name for field in config.field), *WEIGHED]))
        self.calendars = [calendar.name for calendar in config.calendar]
        self.stages = [stage.name for queue in config.queue for stage in queue.stages]
        self.stages_of = {queue.name: [stage.name for stage in queue.stages] for queue in config.queue}
        self._config = config

    def choices(self, name: str, type_: str | None) -> tuple[str, ...]:
        """The values that a field may have: a level's, of the type that the rule sets or else of any; empty: others."""
        if name in WEIGHED:
            kinds = [kind for kind in self._config.type if type_ in {None, kind.name}]
            return tuple(dict.fromkeys(level for kind in kinds for level in kind.levels(name)))  # type: ignore[arg-type]
        return next((field.choices for field in self._config.field if field.name == name), ())

    def reaches_queue(self, address: str) -> bool:
        return queue_reached(self._config, address) is not None

    @property
    def ready_answers(self) -> list[str]:
        return sorted({name for names in ready_answers(self._config).values() for name in names})


def ready_answers(config: "Config") -> dict[str, set[str]]:
    """The names of the ready answers of each locale. An empty overriding file removes a built-in one."""
    files = {**template_texts(shipped("templates")), **_overriding(config, config.templates.directory)}
    found: dict[str, set[str]] = {}
    for name, text in files.items():
        if name.startswith("canned/") and name.count("/") == 2 and text.strip():
            _, locale, file = name.split("/")
            found.setdefault(locale, set()).add(file.removesuffix(".txt"))
    return found


def _overriding(config: "Config", directory: str) -> dict[str, str]:
    return template_texts(config.path(directory)) if directory and config.path(directory).is_dir() else {}


def _of_rule(rule: Rule, known: _Known) -> Iterator[RuleProblem]:
    for path, condition in conditions(rule):
        yield from _of_condition(rule, path, condition, known)
    yield from _of_time(rule, known)
    yield from _of_settings(rule, known)
    yield from _of_actions(rule, known)


def _of_condition(rule: Rule, path: str, condition: Condition, known: _Known) -> Iterator[RuleProblem]:
    if not condition.said():
        yield path, NO_CONDITION
    for key, _ in condition.said():
        if key in MAIL_ALONE and not set(rule.on) & {"new", "reply"}:
            yield f"{path}.{key}", f"looks at a mail, and there is none on {_quoted(rule.on)}"
    for key, texts in (("words", condition.words), ("subject", condition.subject)):
        if any(not any(map(str.isalnum, text)) for text in texts or ()):
            yield f"{path}.{key}", "words were expected, and there is no letter or digit in one of them"
    yield from _unknown(f"{path}.queue", "queue", condition.queue or (), known.queues)
    yield from _unknown(f"{path}.type", "type", condition.type or (), known.types)
    yield from _unknown(f"{path}.stage", "stage", condition.stage or (), known.stages)
    if isinstance(condition.assigned, tuple):
        yield from _unknown(f"{path}.assigned", "agent", condition.assigned, known.agents)
    for name, _ in condition.field or ():
        yield from _unknown(f"{path}.field.{name}", "field", name, known.fields)
    if isinstance(condition.business_hours, str):
        yield from _unknown(f"{path}.business_hours", "calendar", condition.business_hours, known.calendars)
    elif condition.business_hours is not None and not rule.calendar:
        yield f"{path}.business_hours", "the name of a calendar was expected, or `calendar` in the rule"


def _of_time(rule: Rule, known: _Known) -> Iterator[RuleProblem]:
    if rule.calendar:
        yield from _unknown("calendar", "calendar", rule.calendar, known.calendars)
    reached = (getattr(one, key) for _, one in conditions(rule) for key in TIMED)
    if "due" in rule.on and not any(limit is not None and limit.is_reached for limit in reached):
        yield "on", f'"due" needs a condition that time brings about: {_quoted(TIMED)}, as in {{ age = "2d" }}'


def _of_settings(rule: Rule, known: _Known) -> Iterator[RuleProblem]:
    wanted = rule.set
    if wanted.queue is not None:
        yield from _unknown("set.queue", "queue", wanted.queue, known.queues, globs=False)
    if wanted.type is not None:
        yield from _unknown("set.type", "type", wanted.type, known.types, globs=False)
    if wanted.stage is not None:
        stages = known.stages_of.get(wanted.queue, known.stages) if wanted.queue else known.stages
        yield from _unknown("set.stage", "stage", wanted.stage, stages, globs=False)
    for name, value in wanted.fields:
        yield from _unknown(f"set.fields.{name}", "field", name, known.fields, globs=False)
        yield from _of_value(f"set.fields.{name}", name, value, known.choices(name, wanted.type))
    if isinstance(rule.final, tuple):
        keys = [key for key, _ in rule.setters]
        for number, key in enumerate(rule.final):
            if key not in keys:
                yield f"final.{number}", f"the rule does not set {key!r}" + nearest(key, keys)


def _of_value(path: str, name: str, value: str, choices: Sequence[str]) -> Iterator[RuleProblem]:
    """A value that is none of the choices of its field: no mail and no agent could give it."""
    if choices and folded(value) not in {folded(choice) for choice in choices}:
        yield path, f"{name} has no value {value!r}" + (nearest(value, choices) or f"; there are {', '.join(choices)}")


def _of_actions(rule: Rule, known: _Known) -> Iterator[RuleProblem]:
    yield from _of_assign(rule.assign, known)
    for path, problem in _unknown("watch", "agent", rule.watch, known.agents, globs=False):
        yield path, f"{problem}; only agents can watch, and others can be told with `notify`"
    yield from _of_notify(rule.notify, known)
    yield from _unknown("ask", "field", rule.ask, known.fields, globs=False)
    if rule.ask and "new" not in rule.on:
        yield "ask", f"is asked where a new mail is acknowledged, and there is none on {_quoted(rule.on)}"
    if rule.hold and not set(rule.on) & {"new", "reply"}:
        yield "hold", f"holds a mail, and there is none on {_quoted(rule.on)}"
    if rule.answer:
        yield from _unknown("answer", "ready answer", rule.answer, known.ready_answers, globs=False)
    if rule.webhook:
        yield "webhook", f"there is no [[webhook]] {rule.webhook!r}"


def _of_notify(notify: tuple[str, ...], known: _Known) -> Iterator[RuleProblem]:
    """Agents, queues, and addresses of people who are no agents. A queue's own address would open a ticket."""
    for at, name in enumerate(notify):
        if "@" not in name:
            path = f"notify.{at}" if len(notify) > 1 else "notify"
            yield from _unknown(path, "agent or queue", name, [*known.agents, *known.queues], globs=False)
        elif known.reaches_queue(name):
            yield f"notify.{at}", f"{name} is a queue's own address: it would open a ticket"


def _of_assign(assign: str, known: _Known) -> Iterator[RuleProblem]:
    if not assign or assign == BY_TURN:
        return
    if assign.startswith(SKILL):
        skill = assign.removeprefix(SKILL)
        if skill not in known.skills:
            yield "assign", f"no agent has the skill {skill!r}" + nearest(skill, known.skills)
    else:
        yield from _unknown("assign", "agent", assign, [*known.agents, BY_TURN], globs=False)


def _unknown(
    path: str, noun: str, names: str | Iterable[str], known: Iterable[str], *, globs: bool = True
) -> Iterator[RuleProblem]:
    """A problem for each name that nothing has. A name with `*` or `?` may stand for several."""
    known = list(known)
    keys = {name.casefold() for name in known}
    several = [(path, names)] if isinstance(names, str) else [(f"{path}.{at}", name) for at, name in enumerate(names)]
    single = len(several) == 1
    for where, name in several:
        if name.casefold() not in keys and not (globs and ("*" in name or "?" in name)):
            yield (path if single else where), f"there is no {noun} {name!r}" + nearest(name, known)


def _quoted(names: Iterable[str]) -> str:
    return ", ".join(f'"{name}"' for name in names)
