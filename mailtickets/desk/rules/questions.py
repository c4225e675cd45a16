"""What must be looked up before a mail is decided on, as its own words say.

The words are read once, here. The store looks up what they ask for, and the rules decide on the same reading.
Owns: which commands, ticket numbers, ready answers and wishes a mail holds, and so which facts it calls for.
Fails with: nothing; what is not understood stands in `Asked.problems` and `DigestAnswer.problems`.
"""

import re
from dataclasses import dataclass, replace

from mailtickets.config.models import Agent
from mailtickets.desk.commands import reading
from mailtickets.desk.commands.command import Command
from mailtickets.desk.commands.correcting import corrected
from mailtickets.desk.commands.digest import DigestAnswer, read_lines
from mailtickets.desk.commands.reading import Asked
from mailtickets.desk.customers.wishes import Wishes, number_named, wishes
from mailtickets.desk.model.policy import Policy
from mailtickets.desk.signatures.written import without_footer
from mailtickets.mail.model import InboundMail

_NUMBER = re.compile(r"(?<!\d)\d{1,12}(?!\d)")


@dataclass(frozen=True, slots=True)
class Orders:
    """The commands of an agent's mail."""

    reply: Asked
    """The new words, read as an answer on one ticket."""
    corrected: Asked
    """The same with the correction of its author; without one, less the lines that were not understood."""
    listed: DigestAnswer
    """The new words, read as an answer to a digest: each line names its tickets."""
    subject: Asked
    correction: DigestAnswer | None
    """The author's correction, read as an answer to a digest."""

    @property
    def commands(self) -> tuple[Command, ...]:
        """All commands of the mail that stand behind no ticket number."""
        return (*self.reply.commands, *self.subject.commands, *self.corrected.commands, *self.listed.commands)

    @property
    def names(self) -> frozenset[str]:
        """The names of these commands."""
        return frozenset(command.name for command in self.commands)

    @property
    def searched(self) -> str:
        """The words of all `#buscar`."""
        return " ".join(dict.fromkeys(command.argument for command in self.commands if command.name == "search"))

    @property
    def ready_answers(self) -> frozenset[str]:
        """The names of the ready answers that are asked for, as typed."""
        commands = (*self.reply.commands, *self.corrected.commands)
        return frozenset(command.argument for command in commands if command.name == "canned")

    @property
    def tickets(self) -> frozenset[int]:
        """The numbers of the tickets that the commands act on, besides the one that the mail belongs to."""
        lines = (*self.listed.orders, *(self.correction.orders if self.correction else ()))
        commands = (*self.commands, *(command for _, command in lines))
        merged = (command.value for command in commands if command.name == "merge")
        numbers = {number for number, _ in lines} | {number for number in merged if isinstance(number, int)}
        return frozenset(numbers | self._corrected_tickets())

    def _corrected_tickets(self) -> set[int]:
        """The numbers in lines that were not understood: the correction `#fechar` is for `1042 #fehcar`."""
        if self.correction is None:
            return set()
        return {int(figures) for problem in self.listed.problems for figures in _NUMBER.findall(problem.line)}


@dataclass(frozen=True, slots=True)
class Questions:
    """A mail, and what its words ask for."""

    mail: InboundMail
    alone: InboundMail
    """The mail without its author's footer, to see whether it says a word alone. Nobody is shown it."""
    wishes: Wishes
    """What the words ask for if a customer wrote them."""
    number: int | None
    """The ticket number that the wish names."""
    orders: Orders | None
    """What the words order if an agent wrote them. None: From is no agent's address."""
    correction: str = ""
    """The command lines that the author of a held mail gave in place of those that were not understood."""

    def of_agent(self, agent: Agent | None) -> "Questions":
        """The same questions with the agent's commands, where only a token says that an agent wrote the mail."""
        if agent is None or self.orders is not None:
            return self
        return replace(self, orders=_orders(self.mail, agent, self.correction))


def questions(mail: InboundMail, policy: Policy, correction: str = "") -> Questions:
    """The questions of a mail. An agent's mail comes without its signature (`signatures.written.as_written`)."""
    alone = without_footer(mail)
    wished = wishes(mail.subject, alone.reply, alone.signature)
    number = number_named(mail.subject, alone.reply) if wished.on_ticket else None
    asked = Questions(mail, alone, wished, number, None, correction)
    return asked.of_agent(policy.agent(mail.author.address) if mail.author else None)


def _orders(mail: InboundMail, agent: Agent, correction: str) -> Orders:
    asked = reading.read(mail.reply, signature=mail.signature, names=(agent.name,))
    return Orders(
        reply=asked,
        corrected=corrected(asked, correction) if asked.problems or correction else asked,
        listed=read_lines(mail.reply),
        subject=reading.read(mail.subject),
        correction=read_lines(correction) if correction else None,
    )
