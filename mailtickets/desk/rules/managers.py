"""A rule for managers of queues who are no agents: they may ask for reports, and for nothing else.

Fails with: nothing; words that are not understood are answered with examples.
"""

from zoneinfo import ZoneInfo

from mailtickets.desk.claims.authors import authentic
from mailtickets.desk.commands import reading
from mailtickets.desk.commands.command import Command
from mailtickets.desk.commands.reading import Asked
from mailtickets.desk.commands.reporting import asked_report
from mailtickets.desk.figures.sight import sight
from mailtickets.desk.model.decision import Decision, Feedback, Problem
from mailtickets.desk.rules.case import Case


def manager_asks(case: Case) -> Decision | None:
    """Does a manager who is no agent ask for a report?"""
    author, policy = case.author, case.policy
    if case.agent is not None or case.mail.kind != "human" or not authentic(case.facts):
        return None
    if not sight(author.address, policy).managed:
        return None
    commands = _only_reports(case)
    if not commands:
        return None
    today = case.now.astimezone(ZoneInfo(policy.instance.timezone)).date()
    answers = [asked_report(command, author, policy, today) for command in commands]
    problems = tuple(answer for answer in answers if isinstance(answer, Problem))
    return Decision(
        "manager-asks",
        outcome="commanded",
        actor=author.address,
        notices=("report_help",) if problems else (),
        feedback=Feedback(problems=problems, commanded=True),
        reports=() if problems else tuple(answer for answer in answers if not isinstance(answer, Problem)),
    )


def _only_reports(case: Case) -> tuple[Command, ...]:
    """The commands of a mail that says nothing else: in its words, or in its subject where there are no words."""
    mail = case.mail
    words = mail.reply if mail.reply.strip() else mail.subject
    asked: Asked = reading.read(words, signature=mail.signature, names=(case.author.name,))
    subject = reading.read(mail.subject)
    if not asked.commands and subject.commands and not subject.words:
        asked = reading.read(f"{mail.subject}\n{words}", signature=mail.signature, names=(case.author.name,))
    others = asked.words or asked.note or asked.problems or any(order.name != "report" for order in asked.commands)
    return () if others else asked.commands
