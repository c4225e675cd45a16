"""What the people of one domain may have of what goes out, and that nobody starves behind them."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import delete, insert, select

from mailtickets.mail.domain import domain_of
from mailtickets.store import domains, due, outbox, schema
from mailtickets.store.domains import Shares
from mailtickets.store.outbox import LEASE
from tests.store.office import Office, a_message, copies


class Post:
    """An office from which nothing goes out but what the test puts into the queue."""

    def __init__(self, office: Office) -> None:
        self.office = office
        office.take(a_message())
        self._like = office.run(lambda c: c.execute(select(schema.outbox)).mappings().first())
        office.run(lambda c: c.execute(delete(schema.outbox)))

    def queue(self, *recipients: str, **changes: Any) -> None:
        given = {"next_attempt_at": self.office.now, "created_at": self.office.now, **changes}
        like = {name: value for name, value in self._like.items() if name != "id"} | given
        rows = [{**like, "recipient": who, "domain": domain_of(who)} for who in recipients]
        self.office.run(lambda c: c.execute(insert(schema.outbox), rows))

    def claim(self, shares: Shares, limit: int = 10, claimant: str = "one") -> list[str]:
        now = self.office.now
        due = self.office.run(lambda c: outbox.claim_due(c, claimant, now, limit, shares=shares))
        return [copy.addressed.recipient.address for copy in due]

    def end_all(self, state: str = "sent") -> None:
        """What is being sent ends."""
        for row in self.office.run(lambda c: copies(c, state="sending")):
            again = {"next_attempt_at": self.office.now + timedelta(hours=1)} if state == "deferred" else {}
            how = {"reply": "said", "now": self.office.now, **again}
            self.office.run(
                lambda c, row=row, how=how: outbox.record_all(c, [outbox.AttemptResult(row.id, state, **how)])
            )


@pytest.fixture
def post(office: Office) -> Post:
    return Post(office)


def test_a_domain_is_the_same_however_it_is_written() -> None:
    assert domain_of("ana@BÜCHER.Test") == domain_of("b@xn--bcher-kva.test") == "xn--bcher-kva.test"
    assert domain_of('"a@b"@x.test') == "x.test"


def test_a_domain_gets_so_many_a_minute_and_no_more(post: Post) -> None:
    post.queue("a@big.test", "b@big.test", "c@BIG.test")
    shares = Shares(per_minute=2)
    assert post.claim(shares) == ["a@big.test", "b@big.test"]
    assert post.claim(shares) == []  # in hand
    post.end_all()
    post.office.pass_time(seconds=59)
    assert post.claim(shares) == []  # gone less than a minute ago
    post.office.pass_time(seconds=1)
    assert post.claim(shares) == ["c@BIG.test"]


def test_what_other_gateways_send_to_a_domain_counts(post: Post) -> None:
    post.queue("a@big.test", "b@big.test", "c@big.test")
    assert post.claim(Shares(per_minute=2), limit=1) == ["a@big.test"]
    assert post.claim(Shares(per_minute=2), claimant="two") == ["b@big.test"]


def test_an_attempt_that_came_to_nothing_does_not_count(post: Post) -> None:
    post.queue("a@big.test", "b@big.test")
    assert post.claim(Shares(per_minute=1)) == ["a@big.test"]
    post.end_all("deferred")
    assert post.claim(Shares(per_minute=1)) == ["b@big.test"]


def test_what_a_dead_gateway_left_is_not_in_its_own_way(post: Post) -> None:
    post.queue("a@big.test")
    assert post.claim(Shares(per_minute=1), claimant="dead") == ["a@big.test"]
    post.office.pass_time(seconds=LEASE.total_seconds())
    assert post.claim(Shares(per_minute=1), claimant="two") == ["a@big.test"]


def test_those_behind_a_domain_that_has_had_enough_get_their_turn(post: Post) -> None:
    post.queue(*(f"{number}@big.test" for number in range(50)), "a@small.test", "b@tiny.test", "b@small.test")
    shares = Shares(per_minute=3)
    assert post.claim(shares, limit=5) == ["0@big.test", "1@big.test", "2@big.test", "a@small.test", "b@tiny.test"]
    assert post.claim(shares, limit=5) == ["b@small.test"]
    assert shares.more
    assert post.claim(shares, limit=5) == []
    assert not shares.more


def test_nothing_is_taken_twice_by_one_claim(post: Post) -> None:
    """What stands within reach is found once more when other domains are looked for."""
    post.queue("a@big.test", "b@big.test", "a@small.test", "b@small.test", "a@tiny.test")
    everybody = ["a@big.test", "a@small.test", "a@tiny.test", "b@big.test", "b@small.test"]
    assert sorted(post.claim(Shares(at_once=1))) == everybody


def test_of_those_behind_the_most_urgent_goes_first(post: Post) -> None:
    post.queue("a@big.test", "b@big.test", priority=0)
    post.queue("a@aaa.test", priority=2)
    post.queue("b@bbb.test", priority=1)
    assert post.claim(Shares(per_minute=1), limit=2) == ["a@big.test", "b@bbb.test"]


def test_what_is_not_due_yet_is_not_taken_for_another_domain(post: Post) -> None:
    post.queue("a@big.test", "b@big.test")
    post.queue("a@small.test", next_attempt_at=post.office.now + timedelta(minutes=1))
    assert post.claim(Shares(per_minute=1)) == ["a@big.test"]
    post.queue("b@small.test", priority=2)
    assert post.claim(Shares(per_minute=1)) == ["b@small.test"]


@pytest.fixture
def three_at_a_time(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Three domains are looked at in a claim."""
    made = (domains.waiting, due._firsts)
    with monkeypatch.context() as patch:
        for module in (domains, due):
            patch.setattr(module, "LOOKED_AT", 3)
        for statement in made:
            statement.cache_clear()
        yield
    for statement in made:
        statement.cache_clear()


@pytest.mark.usefixtures("three_at_a_time")
def test_all_domains_are_looked_at_in_turns(post: Post) -> None:
    post.queue("a@big.test", "b@big.test")
    later = post.office.now + timedelta(hours=1)
    post.queue(*(f"x@{number}.test" for number in range(8)), next_attempt_at=later)
    post.queue("at@last.test")
    shares = Shares(per_minute=1)
    assert post.claim(shares, limit=1) == ["a@big.test"]
    assert [post.claim(shares, limit=1) for _ in range(4)] == [[], [], [], []]
    assert shares.more
    assert post.claim(shares, limit=1) == ["at@last.test"]


def test_a_domain_has_no_more_in_hand_than_its_share_while_others_wait(post: Post) -> None:
    post.queue("a@slow.test", "b@slow.test", "c@slow.test", "a@quick.test")
    assert post.claim(Shares(at_once=1), limit=2) == ["a@slow.test", "a@quick.test"]
    assert post.claim(Shares(at_once=1, in_hand={"slow.test": 1}), limit=1) == ["b@slow.test"]  # nobody else waits


def test_a_share_of_connections_lifts_no_limit(post: Post) -> None:
    post.queue("a@slow.test", "b@slow.test", "c@slow.test")
    assert post.claim(Shares(at_once=1, per_minute=2)) == ["a@slow.test", "b@slow.test"]


def test_what_an_older_version_queued_goes_out(post: Post) -> None:
    post.queue("a@big.test", "b@big.test")
    post.office.run(lambda c: c.execute(schema.outbox.update().values(domain="")))
    assert len(post.claim(Shares(per_minute=1))) == 2
