from datetime import UTC, datetime, timedelta

import pytest

from mailtickets.desk.letters.retry import GIVE_UP_AFTER, backoff, is_throttling, next_attempt, throttle_pause
from mailtickets.desk.model.delivery import Deferred, Delivery, Refused, Sent, Throttled, Unknown

FIRST = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)


def wait(attempts: int, *, result: Delivery | None = None, jitter: float = 0.0) -> timedelta | None:
    now = FIRST + timedelta(hours=1)
    at = next_attempt(attempts, FIRST, result or Deferred("451 4.3.0 later"), now, jitter)
    return at - now if at else None


@pytest.mark.parametrize(
    ("attempts", "minutes"),
    [(1, 1), (2, 5), (3, 10), (4, 20), (5, 30), (6, 60), (7, 120), (8, 240), (9, 240), (30, 240)],
)
def test_waits_grow_to_four_hours(attempts: int, minutes: int) -> None:
    assert wait(attempts) == timedelta(minutes=minutes)


def test_a_first_attempt_that_was_never_counted_waits_like_the_first() -> None:
    assert wait(0) == timedelta(minutes=1)


@pytest.mark.parametrize(
    ("attempts", "jitter", "seconds"),
    [(1, 1.0, 72), (1, -1.0, 48), (1, 0.5, 66), (2, -0.25, 285), (8, 1.0, 17280), (8, -1.0, 11520)],
)
def test_jitter_scales_a_wait_by_a_fifth_at_most(attempts: int, jitter: float, seconds: int) -> None:
    assert wait(attempts, jitter=jitter) == timedelta(seconds=seconds)


def test_no_fraction_of_a_second_is_cut_off() -> None:
    assert wait(1, jitter=0.001) == timedelta(seconds=60, milliseconds=12)


def test_unknown_is_tried_again_like_deferred() -> None:
    for attempts in range(1, 10):
        assert wait(attempts, result=Unknown("the connection was lost")) == wait(attempts)


def test_refused_is_final() -> None:
    assert wait(1, result=Refused("550 5.1.1 no such user", "5.1.1")) is None


def test_sent_needs_no_other_attempt() -> None:
    assert wait(1, result=Sent("250 2.0.0 ok")) is None


def test_a_throttled_attempt_is_none_and_does_not_lengthen_the_wait() -> None:
    assert {wait(attempts, result=Throttled("421 4.7.0 slow down")) for attempts in (0, 1, 5, 50)} == {
        timedelta(minutes=1)
    }


@pytest.mark.parametrize("result", [Deferred("451"), Throttled("421"), Unknown("lost")])
def test_after_five_days_it_has_failed(result: Delivery) -> None:
    assert next_attempt(30, FIRST, result, FIRST + GIVE_UP_AFTER, 0.0) is None
    assert next_attempt(30, FIRST, result, FIRST + GIVE_UP_AFTER + timedelta(days=9), 0.0) is None


def test_the_last_attempt_is_made_when_five_days_are_over() -> None:
    late = FIRST + GIVE_UP_AFTER - timedelta(minutes=3)
    assert next_attempt(30, FIRST, Deferred("451"), late, 1.0) == FIRST + GIVE_UP_AFTER


def test_a_smarthost_that_stays_away_is_asked_some_forty_times() -> None:
    now, attempts = FIRST, 0
    while (at := next_attempt(attempts + 1, FIRST, Deferred("no connection"), now, 0.0)) is not None:
        assert at > now
        now, attempts = at, attempts + 1
    assert now == FIRST + GIVE_UP_AFTER
    assert attempts == 36


def test_a_clock_set_back_makes_no_burst() -> None:
    yesterday = FIRST - timedelta(days=1)
    assert next_attempt(3, FIRST, Deferred("451"), yesterday, 0.0) == yesterday + backoff(3)


@pytest.mark.parametrize(
    ("consecutive", "minutes"), [(0, 1), (1, 1), (2, 2), (3, 5), (4, 10), (5, 15), (6, 15), (99, 15)]
)
def test_an_account_told_to_slow_down_rests_up_to_a_quarter_of_an_hour(consecutive: int, minutes: int) -> None:
    assert throttle_pause(consecutive) == timedelta(minutes=minutes)


@pytest.mark.parametrize(
    ("code", "text"),
    [
        (421, "4.7.0 Try again later, closing connection. - gsmtp"),
        (421, "4.7.28 Gmail has detected an unusual rate of unsolicited mail originating from your IP address."),
        (450, "4.2.1 Peak SMTP relay limit exceeded for customer. This is a temporary error."),
        (454, "4.7.0 Too many login attempts, please try again later."),
        (432, "4.3.2 STOREDRV.ClientSubmit; sender thread limit exceeded."),
        (432, "4.3.2 Concurrent connections limit exceeded."),
        (451, "4.7.500 Server busy. Please try again later from [203.0.113.7]."),
        (421, "4.4.2 Message submission rate for this client has exceeded the configured limit"),
        (454, "Throttling failure: Maximum sending rate exceeded"),
        (454, "Throttling failure: Daily message quota exceeded"),
        (452, "Sender is throttled"),
        (421, "throttle delay"),
        (421, "4.7.0 smtp.desk.test Error: too many connections from 192.0.2.1"),
        (450, "4.7.1 Error: too much mail from 192.0.2.1"),
        (451, "Domain desk.test has exceeded the max emails per hour (201/200 (100%)) allowed."),
        (450, "4.7.1 Limite de envio por hora excedido, tente novamente mais tarde"),
        (550, "5.4.5 Daily user sending limit exceeded. - gsmtp"),
        (550, "5.1.90 Your message can't be sent because you've reached your daily limit for message recipients"),
        (550, "5.2.252 Sender throttled due to continuous send as denied errors."),
        (550, "5.7.233 Your message can't be sent because your tenant has exceeded its daily limit"),
        (550, "Domain desk.test has exceeded the max emails per hour (313/250 (125%)) allowed. Message discarded."),
        (550, "5.7.0 The limit on the number of allowed outgoing messages was exceeded. Try again later."),
    ],
)
def test_words_of_providers_that_tell_the_account_to_slow_down(code: int, text: str) -> None:
    assert is_throttling(code, text)


@pytest.mark.parametrize(
    ("code", "text"),
    [
        (450, "4.2.0 <cliente@example.test>: Recipient address rejected: Greylisted, see http://greylist.test"),
        (451, "4.7.1 Greylisting in action, please come back later"),
        (451, "4.7.1 Service unavailable - try again later"),
        (450, "4.2.1 The user you are trying to contact is receiving mail at a rate that prevents additional messages"),
        (432, "4.3.2 STOREDRV.Deliver; recipient thread limit exceeded"),
        (452, "4.2.2 The email account that you tried to reach is over quota."),
        (452, "4.3.1 Insufficient system storage"),
        (452, "4.3.4 Message size exceeds limit"),
        (421, "4.3.0 Temporary System Problem. Try again later"),
        (451, "4.3.0 Temporary lookup failure"),
        (421, "4.4.2 Timeout - closing connection"),
        (550, "5.1.1 The email account that you tried to reach does not exist"),
        (550, "5.7.60 SMTP; Client does not have permissions to send as this sender"),
        (552, "5.3.4 Message size exceeds fixed limit"),
        (552, "5.2.2 The recipient's inbox is out of storage space: mailbox quota exceeded"),
        (554, "5.7.1 Message rejected because of spam content"),
        (250, "2.0.0 Ok, at a low rate: throttled"),
    ],
)
def test_words_that_are_about_this_mail_or_its_recipient(code: int, text: str) -> None:
    assert not is_throttling(code, text)
