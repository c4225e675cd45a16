"""Rules for mail in an agent's name: whether it is theirs, and where what it says is carried out.

Owns: how much proof an agent's mail needs. Without enough of it the mail is held, and its author is asked.
Fails with: nothing.
"""

from mailtickets.desk.claims.authors import disowned, from_our_own_address, own_addresses, vouched_for
from mailtickets.desk.model.decision import Decision
from mailtickets.desk.rules.agent_mail import absent, on_ticket
from mailtickets.desk.rules.agent_new_mail import on_no_ticket
from mailtickets.desk.rules.agent_reading import FROM_QUEUE_ADDRESS, NOT_VERIFIED, held
from mailtickets.desk.rules.case import Case
from mailtickets.desk.rules.confirmations import confirmed


def confirmation(case: Case) -> Decision | None:
    """Does an agent say a second word about a message of theirs that was held?"""
    return confirmed(case)


def agent_answer(case: Case) -> Decision | None:
    """Did an agent write on a ticket?"""
    author, agent, found = case.author, case.agent, case.found
    ticket = found.ticket if found else case.pointed_at  # whatever points there, even a token that is not theirs
    if agent is None or ticket is None:
        return None
    if ticket.requester.key in own_addresses(author, case.policy):
        return None  # an agent's own ticket: there they are the customer
    proven = found is not None and found.proven
    if case.mail.kind == "auto_reply":
        sure = proven and not disowned(case.facts) and not from_our_own_address(case.mail, case.policy)
        return absent(case, agent, ticket, proven=sure)
    if not proven and ticket.participant(author.address) and not case.facts.released:
        return None  # an agent whom a customer has put in copy
    if not proven and not case.facts.released:
        return held("agent-without-token", ticket, agent)
    if from_our_own_address(case.mail, case.policy) and not case.facts.released:
        return held(FROM_QUEUE_ADDRESS, ticket, agent)
    if not vouched_for(case.facts, case.policy) and not case.facts.released:
        return held(NOT_VERIFIED, ticket, agent)
    return on_ticket(case, agent, ticket)


def agent_mail(case: Case) -> Decision | None:
    """Does an agent ask the desk for something, hand on a customer's mail, or write to a customer first?"""
    agent = case.agent
    if agent is None or case.mail.kind != "human" or case.found is not None:
        return None
    if from_our_own_address(case.mail, case.policy) and not case.facts.released:
        return held(FROM_QUEUE_ADDRESS, None, agent)
    return on_no_ticket(case, agent)
