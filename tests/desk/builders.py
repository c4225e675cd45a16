"""Mails, tickets, facts and a policy for tests: everything ordinary where nothing is said."""

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import Any

from mailtickets.config.models import Agent, Budget, Config, Instance, Queue, Trust
from mailtickets.desk.model.decision import Decision, RuleVerdict
from mailtickets.desk.model.facts import Facts, TokenFact
from mailtickets.desk.model.policy import Policy
from mailtickets.desk.model.ticket import Participant, Ticket
from mailtickets.mail.door import SMTP
from mailtickets.mail.model import Address, Attachment, Envelope, InboundMail

NOW = datetime(2025, 3, 3, 12, 0, tzinfo=UTC)

MARIA = Address("Maria Souza", "maria@cliente.test")
"""The customer."""
PEDRO = Address("Pedro", "pedro@cliente.test")
"""A colleague of hers."""
EVE = Address("Eve", "eve@longe.test")
"""A stranger."""
ANA = Address("Ana Lima", "ana@desk.test")
"""An agent of suporte, who also writes as ana.lima@desk.test."""
ANA_ALIAS = Address("Ana", "ana.lima@desk.test")
BRUNO = Address("Bruno Castro", "bruno@desk.test")
"""Another agent of suporte, and of vendas."""
CARLA = Address("Carla Dias", "carla@desk.test")
"""An agent of vendas."""
DESK = Address("", "suporte@desk.test")
VENDAS = Address("", "vendas@desk.test")


def a_queue(name: str = "suporte", **changes: Any) -> Queue:
    values: dict[str, Any] = {
        "name": name,
        "addresses": (f"{name}@desk.test",),
        "display_name": f"{name.title()} Exemplo",
    }
    return Queue(**{**values, **changes})


def an_agent(person: Address, *queues: str, aliases: Iterable[str] = (), **keys: Any) -> Agent:
    return Agent(
        name=person.name, address=person.address, aliases=tuple(aliases), queues=queues or ("suporte",), **keys
    )


AGENTS = (
    an_agent(ANA, "suporte", aliases=[ANA_ALIAS.address]),
    an_agent(BRUNO, "suporte", "vendas"),
    an_agent(CARLA, "vendas"),
)


def a_policy(
    *,
    suporte: dict[str, Any] | None = None,
    vendas: dict[str, Any] | None = None,
    agents: tuple[Agent, ...] = AGENTS,
    budget: dict[str, Any] | None = None,
    instance: dict[str, Any] | None = None,
    trust: str = "token",
    **more: Any,
) -> Policy:
    """`more`: the fields of `Policy` that have a default, such as `levels` and `configured`."""
    return Policy(
        Instance(**{"name": "exemplo", "hostname": "mail.desk.test", **(instance or {})}),
        (a_queue("suporte", **(suporte or {})), a_queue("vendas", **(vendas or {}))),
        agents,
        Trust(agents=trust),
        Budget(**(budget or {})),
        **more,
    )


POLICY = a_policy()


def a_config(**sections: Any) -> Config:
    """A configuration of the same house, for what needs all of it."""
    base: dict[str, Any] = {
        "instance": Instance(name="exemplo", hostname="mail.desk.test"),
        "queue": (a_queue("suporte"), a_queue("vendas")),
        "agent": AGENTS,
        "trust": Trust(agents="token"),
    }
    return Config(**{**base, **sections})


def an_attachment(filename: str = "foto.jpg", content: bytes = b"\xff\xd8", **changes: Any) -> Attachment:
    from hashlib import sha256

    values: dict[str, Any] = {
        "filename": filename,
        "content_type": "image/jpeg",
        "size": len(content),
        "sha256": sha256(content).hexdigest(),
        "inline": False,
        "content_id": None,
        "content": content,
    }
    return Attachment(**{**values, **changes})


def a_mail(author: Address | None = MARIA, **changes: Any) -> InboundMail:
    """A human's mail to suporte. `text` is the reply too, if no `reply` is given."""
    text = changes.get("text", "A impressora não imprime.")
    values: dict[str, Any] = {
        "message_id": "m1@cliente.test",
        "in_reply_to": (),
        "references": (),
        "author": author,
        "sender": None,
        "reply_to": (),
        "to": (DESK,),
        "cc": (),
        "subject": "Impressora",
        "date": NOW - timedelta(minutes=1),
        "text": text,
        "html": None,
        "reply": text,
        "quoted": "",
        "signature": "",
        "attachments": (),
        "kind": "human",
        "kind_reason": "no-machine-sign",
        "bounce": None,
        "language": "pt",
        "defects": (),
        "headers": (),
        "digest": "d1",
    }
    return InboundMail(**{**values, **changes})


def an_envelope(**changes: Any) -> Envelope:
    values: dict[str, Any] = {
        "door": SMTP,
        "sender": MARIA.address,
        "recipients": (DESK.address,),
        "received_at": NOW,
    }
    return Envelope(**{**values, **changes})


def a_ticket(number: int = 42, **changes: Any) -> Ticket:
    """Maria's ticket in suporte, open. `cc` adds people, `agents` adds agents who have worked on it."""
    requester = changes.get("requester", MARIA)
    cc, agents = changes.pop("cc", ()), changes.pop("agents", ())
    people = (
        Participant(requester, "requester"),
        *(Participant(person, "cc") for person in cc),
        *(Participant(person, "agent") for person in agents),
    )
    values: dict[str, Any] = {
        "number": number,
        "queue": "suporte",
        "subject": "Impressora",
        "status": "open",
        "priority": "normal",
        "type": None,
        "requester": requester,
        "assignee": None,
        "revision": 3,
        "locale": "pt_BR",
        "created_at": NOW - timedelta(days=2),
        "updated_at": NOW - timedelta(days=1),
        "participants": people,
    }
    return Ticket(**{**values, **changes})


def a_token(person: Address, ticket: int = 42, **changes: Any) -> TokenFact:
    values: dict[str, Any] = {"revision": 3, "expired": False, "source": "address"}
    return TokenFact(ticket, person.address, **{**values, **changes})


def facts(*tickets: Ticket, **changes: Any) -> Facts:
    """What is known of a mail to suporte; the tickets given are those that its evidence leads to."""
    queue = changes.pop("queue", POLICY.queues[0])
    envelope = changes.pop("envelope", an_envelope())
    return Facts(envelope, queue, tickets={ticket.number: ticket for ticket in tickets}, **changes)


def asked(decision: Decision) -> list[str]:
    """The rules that were asked, in order."""
    return [line.rule for line in decision.trace]


def spoken(decision: Decision) -> RuleVerdict:
    """The rule that decided."""
    return decision.trace[-1]
