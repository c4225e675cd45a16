"""The conditions of a rule, made ready once for a configuration: functions of a `Matter`.

Each returns None if it holds, or else the text of the condition that does not: `all.1.words = "boleto", "fatura"`.
Fails with: nothing.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from mailtickets.config.comparing import Compared
from mailtickets.config.rules import Attached, Condition, Rule
from mailtickets.desk.clock import calendar as clock
from mailtickets.desk.rules.configured.as_written import in_short, written
from mailtickets.desk.rules.configured.glob import Glob, WordPatterns, plain
from mailtickets.desk.rules.configured.matter import MailMatter, Matter
from mailtickets.mail.model import Attachment

RuleTest = Callable[[Matter], str | None]
Holds = Callable[[Matter], bool]


def of_rules(rules: Iterable[Rule]) -> tuple[RuleTest, ...]:
    """For each rule: all of `all` and one of `any`. What several rules ask for is looked at once."""
    making = _Making()
    return tuple(making.of_rule(rule) for rule in rules)


def test_of(key: str, value: Any, rule: Rule) -> Holds:
    """Whether one key of a condition holds."""
    if key == "not":
        inner = _Making().of(value, "not", rule)
        return lambda matter: inner(matter) is not None
    return _HOLDS[key](value, rule)


class _Making:
    """Makes the conditions of one configuration ready."""

    def __init__(self) -> None:
        self._known: dict[tuple[str, str, str], Holds] = {}
        """What is looked at, by key, value and calendar of the rule."""

    def of_rule(self, rule: Rule) -> RuleTest:
        tests = [self.of(condition, f"all.{at}", rule) for at, condition in enumerate(rule.all)]
        tests += [self._one_of(rule.any, "any", rule)] if rule.any else []
        return _every(tests)

    def of(self, condition: Condition, path: str, rule: Rule) -> RuleTest:
        """Every key of one condition."""
        tests: list[RuleTest] = []
        for key, value in condition.said():
            if key == "all":
                tests.append(_every([self.of(inner, f"{path}.all.{at}", rule) for at, inner in enumerate(value)]))
            elif key == "any":
                tests.append(self._one_of(value, f"{path}.any", rule))
            elif key == "not":
                tests.append(_not(self.of(value, f"{path}.not", rule), f"{path}.not: {written(value)}"))
            else:
                tests.append(_Leaf(self._holds(key, value, rule), f"{path}.{key} = {in_short(value)}"))
        return tests[0] if len(tests) == 1 else _every(tests)

    def _one_of(self, conditions: Iterable[Condition], path: str, rule: Rule) -> RuleTest:
        conditions = tuple(conditions)
        tests = [self.of(condition, f"{path}.{at}", rule) for at, condition in enumerate(conditions)]
        return _any_of(tests, f"{path}: none of {' | '.join(map(written, conditions))}")

    def _holds(self, key: str, value: Any, rule: Rule) -> Holds:
        asked = key, in_short(value), rule.calendar
        if asked not in self._known:
            self._known[asked] = _HOLDS[key](value, rule)
        return self._known[asked]


@dataclass(frozen=True, slots=True)
class _Leaf:
    """One key of a condition. Each matter is looked at once, whatever the number of rules that ask the same."""

    holds: Holds
    text: str

    def __call__(self, matter: Matter) -> str | None:
        return None if self.found(matter) else self.text

    def found(self, matter: Matter) -> bool:
        known = matter.answers.get(self.holds)
        if known is None:
            known = matter.answers[self.holds] = self.holds(matter)
        return known


def _every(tests: list[RuleTest]) -> RuleTest:
    """All of them. Leaves are asked here and not by a call: hundreds of rules are asked about each mail."""
    steps = [(test.holds, test.text, test) if isinstance(test, _Leaf) else (None, "", test) for test in tests]

    def every(matter: Matter) -> str | None:
        answers = matter.answers
        for holds, text, test in steps:
            if holds is None:
                failed = test(matter)
                if failed is not None:
                    return failed
                continue
            known = answers.get(holds)
            if known is None:
                known = answers[holds] = holds(matter)
            if not known:
                return text
        return None

    return every


def _any_of(tests: Iterable[RuleTest], text: str) -> RuleTest:
    tests = tuple(tests)

    def one_of(matter: Matter) -> str | None:
        for test in tests:
            if test(matter) is None:
                return None
        return text

    return one_of


def _not(inner: RuleTest, text: str) -> RuleTest:
    return lambda matter: text if inner(matter) is None else None


# --- what each condition looks at -----------------------------------------------------------------------


def _of_letter(holds: Callable[[MailMatter], bool]) -> Holds:
    """Without a mail it does not hold."""
    return lambda matter: matter.letter is not None and holds(matter.letter)


def _globs(patterns: Iterable[str]) -> tuple[Glob, ...]:
    return tuple(map(Glob, patterns))


def _any_glob(globs: tuple[Glob, ...], texts: Iterable[str]) -> bool:
    for text in texts:
        for glob in globs:
            if glob.matches(text):
                return True
    return False


def _queue(value: tuple[str, ...], rule: Rule) -> Holds:
    globs = _globs(value)
    return lambda matter: _any_glob(globs, (matter.queue,))


def _from(value: tuple[str, ...], rule: Rule) -> Holds:
    """`@parceiro.test` is everybody there."""
    globs = _addresses(value)
    return lambda matter: _any_glob(globs, (matter.sender,))


def _addresses(value: Iterable[str]) -> tuple[Glob, ...]:
    return _globs(f"*{one}" if one.startswith("@") else one for one in value)


def _domain(value: tuple[str, ...], rule: Rule) -> Holds:
    globs = _globs(form for one in value for form in (one.lstrip("@"), f"*.{one.lstrip('@')}"))
    return lambda matter: _any_glob(globs, (matter.domain,))


def _to(value: tuple[str, ...], rule: Rule) -> Holds:
    globs = _addresses(value)
    return _of_letter(lambda letter: _any_glob(globs, letter.to))


def _subject(value: tuple[str, ...], rule: Rule) -> Holds:
    phrases = WordPatterns(value)
    return lambda matter: phrases.any_in(matter.subject)


def _words(value: tuple[str, ...], rule: Rule) -> Holds:
    any_in = WordPatterns(value).any_in
    return lambda matter: matter.letter is not None and any_in(matter.letter.words)


def _header(value: tuple[tuple[str, tuple[str, ...]], ...], rule: Rule) -> Holds:
    wanted = tuple((name.lower().rstrip(":"), _globs(patterns)) for name, patterns in value)
    return _of_letter(lambda letter: all(_any_glob(globs, letter.headers.get(name, ())) for name, globs in wanted))


def _attachment(value: Attached, rule: Rule) -> Holds:
    if value.none:
        return _of_letter(lambda letter: not letter.files)
    names, types, size = _globs(value.name or ()), _globs(value.type or ()), value.size

    def is_it(file: Attachment) -> bool:
        return (
            (not names or _any_glob(names, (plain(file.filename),)))
            and (not types or _any_glob(types, (plain(file.content_type),)))
            and (size is None or size.holds(file.size))
        )

    return _of_letter(lambda letter: any(map(is_it, letter.files)))


def _language(value: tuple[str, ...], rule: Rule) -> Holds:
    return _of_letter(lambda letter: letter.mail.language in value)


def _kind(value: tuple[str, ...], rule: Rule) -> Holds:
    return _of_letter(lambda letter: letter.mail.kind in value)


def _verified(value: bool, rule: Rule) -> Holds:
    return _of_letter(lambda letter: letter.verified is value)


def _business_hours(value: bool | str, rule: Rule) -> Holds:
    name, wanted = (rule.calendar, value) if isinstance(value, bool) else (value, True)
    return lambda matter: clock.is_open(matter.policy.calendars[name], matter.now) is wanted


def _tickets(value: Compared, rule: Rule) -> Holds:
    return lambda matter: matter.history is not None and value.holds(matter.history.tickets)


def _last_score(value: Compared, rule: Rule) -> Holds:
    def holds(matter: Matter) -> bool:
        score = matter.history.last_score if matter.history is not None else None
        return score is not None and value.holds(score)

    return holds


def _tag(value: tuple[str, ...], rule: Rule) -> Holds:
    globs = _globs(value)
    return lambda matter: _any_glob(globs, map(plain, matter.ticket.tags))


def _status(value: tuple[str, ...], rule: Rule) -> Holds:
    return lambda matter: matter.status in value


def _was(value: tuple[str, ...], rule: Rule) -> Holds:
    return lambda matter: matter.was in value


def _priority(value: tuple[str, ...], rule: Rule) -> Holds:
    return lambda matter: matter.ticket.priority in value


def _type(value: tuple[str, ...], rule: Rule) -> Holds:
    globs = _globs(value)
    return lambda matter: matter.ticket.type is not None and _any_glob(globs, (plain(matter.ticket.type),))


def _stage(value: tuple[str, ...], rule: Rule) -> Holds:
    globs = _globs(value)
    return lambda matter: bool(matter.ticket.stage) and _any_glob(globs, (plain(matter.ticket.stage),))


def _assigned(value: bool | tuple[str, ...], rule: Rule) -> Holds:
    if isinstance(value, bool):
        return lambda matter: (matter.ticket.assignee is not None) is value
    globs = _addresses(value)
    return lambda matter: matter.ticket.assignee is not None and _any_glob(globs, (plain(matter.ticket.assignee),))


def _field(value: tuple[tuple[str, tuple[str, ...]], ...], rule: Rule) -> Holds:
    wanted = tuple((name, _globs(patterns)) for name, patterns in value)
    return lambda matter: all(
        name in matter.fields and _any_glob(globs, (matter.fields[name],)) for name, globs in wanted
    )


# --- time -----------------------------------------------------------------------------------------------


def _timed(key: str) -> Callable[[Compared, Rule], Holds]:
    def of(value: Compared, rule: Rule) -> Holds:
        def holds(matter: Matter) -> bool:
            reached = reached_at(key, value, rule, matter)
            return reached is not None and _is_so(value, reached, matter.now)

        return holds

    return of


def _is_so(value: Compared, reached: datetime, now: datetime) -> bool:
    return now >= reached if value.is_reached else now < reached


def reached_at(key: str, value: Compared, rule: Rule, matter: Matter) -> datetime | None:
    """When the time has passed that a condition names, in the calendar of its rule.

    None: nothing runs, because the customer waits for no answer, or the calendar never opens.
    """
    since = _SINCE[key](matter)
    if since is None or not rule.calendar:
        return since + timedelta(seconds=value.amount) if since is not None else None
    hours = matter.policy.calendars[rule.calendar]
    amount = clock.length(hours, value.duration)
    return clock.due(hours, since, amount) if amount is not None else None


_SINCE: Mapping[str, Callable[[Matter], datetime | None]] = {
    "age": lambda matter: matter.ticket.created_at,
    "waiting": lambda matter: matter.ticket.waiting_since,
    "idle": lambda matter: matter.ticket.updated_at,
}

_HOLDS: Mapping[str, Callable[[Any, Rule], Holds]] = {
    "queue": _queue,
    "from": _from,
    "domain": _domain,
    "to": _to,
    "subject": _subject,
    "words": _words,
    "header": _header,
    "attachment": _attachment,
    "language": _language,
    "kind": _kind,
    "verified": _verified,
    "business_hours": _business_hours,
    "tickets": _tickets,
    "last_score": _last_score,
    "tag": _tag,
    "status": _status,
    "was": _was,
    "priority": _priority,
    "type": _type,
    "stage": _stage,
    "assigned": _assigned,
    "age": _timed("age"),
    "waiting": _timed("waiting"),
    "idle": _timed("idle"),
    "field": _field,
}
