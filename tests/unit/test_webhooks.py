"""Webhooks: signed as Standard Webhooks says, verified without a crash, retried on a schedule."""

import base64
from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from standardwebhooks.webhooks import Webhook, WebhookVerificationError

from service.webhooks import signing
from service.webhooks.signing import (
    Outcome,
    SecretError,
    SignatureError,
    next_attempt,
    read_retry_after,
    sign,
    verify,
)

SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
OTHER = "whsec_" + base64.b64encode(bytes(range(32))).decode()
BODY = b'{"test": 2432232314}'
NOW = datetime(2026, 11, 23, 2, 0, tzinfo=UTC)
SECONDS = int(NOW.timestamp())
SIGNED = sign([SECRET], "evt_1", SECONDS, BODY)
bounded = settings(derandomize=True, max_examples=200, deadline=None, database=None)


def test_the_published_example_is_signed_as_published():
    headers = sign([SECRET], "msg_p5jXN8AQM9LWM0D4loKWxJek", 1614265330, BODY)
    assert headers == {
        "webhook-id": "msg_p5jXN8AQM9LWM0D4loKWxJek",
        "webhook-timestamp": "1614265330",
        "webhook-signature": "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
    }
    assert verify([SECRET], headers, BODY, 1614265330) == "msg_p5jXN8AQM9LWM0D4loKWxJek"


def test_the_reference_library_and_we_accept_each_others_signatures():
    body = '{"type":"comment.approved","data":{"body":"ü ⟦email⟧"}}'.encode()
    headers = sign([OTHER, SECRET], "evt_1", int(datetime.now(UTC).timestamp()), body)
    for secret in (SECRET, OTHER):
        assert Webhook(secret).verify(body, headers)["type"] == "comment.approved"
    with pytest.raises(WebhookVerificationError):
        Webhook(SECRET).verify(body + b" ", headers)
    signature = Webhook(SECRET).sign("evt_1", NOW, BODY.decode())
    headers = {"Webhook-Id": "evt_1", "WEBHOOK-TIMESTAMP": str(SECONDS), "webhook-Signature": signature}
    assert verify([SECRET], headers, BODY, SECONDS) == "evt_1"


def test_any_of_several_secrets_and_signatures_will_do():
    headers = sign([OTHER], "evt_1", SECONDS, BODY)
    headers["webhook-signature"] = "v1a,AAAA v1,nonsense " + headers["webhook-signature"] + " v2,x"
    assert verify([SECRET, OTHER], headers, BODY, SECONDS) == "evt_1"
    with pytest.raises(SignatureError, match="no signature matches"):
        verify([SECRET], headers, BODY, SECONDS)


def test_a_timestamp_counts_for_five_minutes():
    for late in (-300, 0, 300):
        assert verify([SECRET], SIGNED, BODY, SECONDS + late) == "evt_1"
    for late in (-301, 301):
        with pytest.raises(SignatureError, match="300 seconds"):
            verify([SECRET], SIGNED, BODY, SECONDS + late)


@pytest.mark.parametrize("part", ["webhook-id", "webhook-timestamp", "webhook-signature"])
@pytest.mark.parametrize(
    "value",
    [
        None, "", " ", "x", ",", "v1", "v1,", "v1,,", "v1,a,b", "v1,=", "v1,é", "1e3", "-1", "1.5", "٣", "9" * 5000,
        "nan", "inf", "0x10", "1_000", "+1", "a.b", "\x00", "\n", "\ud800", "v1," + "A" * 100_000, "v1,A " * 5000,
    ],
)  # fmt: skip
def test_a_missing_or_malformed_header_is_a_signature_error(part, value):
    headers = {name: told for name, told in SIGNED.items() if name != part}
    if value is not None:
        headers[part] = value
    with pytest.raises(SignatureError):
        verify([SECRET], headers, BODY, SECONDS)


@bounded
@given(st.dictionaries(st.sampled_from([*SIGNED]) | st.text(max_size=20), st.text(max_size=80)), st.binary())
def test_random_headers_are_a_signature_error(headers, body):
    with pytest.raises(SignatureError):
        verify([SECRET], headers, body, SECONDS)


@bounded
@given(st.binary(max_size=200), st.integers(0, 10**11), st.integers(0, 199), st.integers(1, 255))
def test_one_changed_byte_breaks_the_signature(body, timestamp, place, change):
    headers = sign([OTHER], "evt_1", timestamp, body)
    assert verify([OTHER], headers, body, timestamp) == "evt_1"
    changed = bytearray(body or b"x")
    changed[place % len(changed)] ^= change
    if bytes(changed) != body:
        with pytest.raises(SignatureError):
            verify([OTHER], headers, bytes(changed), timestamp)


def test_the_id_cannot_borrow_from_the_body():
    """An id with a dot would let id, time and body be cut differently: it is refused on both sides."""
    headers = sign([SECRET], "evt", 1, b"2.body")
    with pytest.raises(SignatureError):
        verify([SECRET], {**headers, "webhook-id": "evt.1", "webhook-timestamp": "2"}, b"body", 2)
    with pytest.raises(ValueError, match="without a dot"):
        sign([SECRET], "evt.1", 2, b"body")


@pytest.mark.parametrize(
    "secret",
    [
        "", "whsec_", "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "whsec_short", "WHSEC_" + SECRET[6:], SECRET + "\n",
        "whsec_" + base64.b64encode(b"x" * 23).decode(), "whsec_" + base64.b64encode(b"x" * 65).decode(),
        "whsec_" + base64.urlsafe_b64encode(b"\xff" * 32).decode(), OTHER.rstrip("="), "whsec_" + "é" * 40,
        SECRET + " ",
        "whsec_" + "A" * 100_000, "whsk_" + SECRET[6:], OTHER[:-2] + "9=",
    ],
)  # fmt: skip
def test_a_malformed_secret_is_refused_without_being_shown(secret):
    with pytest.raises(SecretError) as refused:
        sign([secret], "evt_1", SECONDS, BODY)
    assert secret in ("", "whsec_") or secret not in str(refused.value)
    with pytest.raises(SecretError):
        verify([secret], {}, BODY, SECONDS)


def test_nothing_is_sent_unsigned():
    with pytest.raises(SecretError):
        sign([], "evt_1", SECONDS, BODY)


@pytest.mark.parametrize(
    ("kind", "statuses"),
    [
        ("delivered", (200, 201, 204, 299)),
        ("retry", (199, 301, 302, 307, 400, 401, 404, 500, 600)),
        ("gone", (410,)),
        ("slow_down", (429, 502, 503, 504)),
    ],
)
def test_an_answer_is_judged_by_its_status(kind, statuses):
    for status in statuses:
        outcome = Outcome.of_status(status, 7.0)
        assert (outcome.kind, outcome.status) == (kind, status)
        assert bool(outcome.detail) == (300 <= status < 400 or status == 410)


def test_the_schedule_is_the_documented_one():
    waits = [next_attempt(Outcome("retry"), attempt, NOW, 0.0) for attempt in range(1, 13)]
    seconds = [(moment - NOW).total_seconds() if moment else None for moment in waits]
    hours = [2, 5, 10, 14, 20, 24]
    assert seconds == [5, 30, 120, 600, 1800, *(hour * 3600 for hour in hours), None]


@pytest.mark.parametrize(
    ("outcome", "attempts", "jitter", "seconds"),
    [
        # jitter spreads later only
        (Outcome("retry"), 1, 1.0, 6),
        (Outcome("retry"), 1, 0.5, 5.5),
        (Outcome("retry"), 1, -9, 5),
        (Outcome("retry"), 1, 9, 6),
        # delivered and gone are not tried again
        (Outcome("delivered", 200), 1, 0, None),
        (Outcome("gone", 410), 1, 0, None),
        # slow down waits one step longer
        (Outcome("slow_down", 503), 1, 0, 30),
        (Outcome("slow_down", 503, 90.0), 1, 0, 90),
        (Outcome("slow_down", 503), 11, 0, 24 * 3600),
    ],
)
def test_when_it_is_tried_again(outcome, attempts, jitter, seconds):
    wanted = None if seconds is None else NOW + timedelta(seconds=seconds)
    assert next_attempt(outcome, attempts, NOW, jitter) == wanted


@bounded
@given(
    st.sampled_from(["retry", "slow_down", "refused"]),
    st.none() | st.floats(-1e9, 1e9),
    st.integers(1, 20),
    st.floats(0, 1),
)
def test_no_attempt_comes_early_or_never(kind, retry_after, attempts, jitter):
    when = next_attempt(Outcome(kind, 429, retry_after), attempts, NOW, jitter)
    if attempts > len(signing.WAITS):
        assert when is None
        return
    wait = (when - NOW).total_seconds()
    assert max(signing.WAITS[attempts - 1], min(retry_after or 0, 86400)) <= wait <= 86400 * 1.2


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        (None, None), ("", None), ("120", 120.0), (" 7 ", 7.0), ("0", 0.0), ("9" * 60, 86400.0), ("9" * 5000, None),
        ("Mon, 23 Nov 2026 02:01:00 GMT", 60.0), ("Mon, 23 Nov 2026 01:00:00 GMT", 0.0),
        ("Mon, 23 Nov 2026 02:01:00 -0000", 60.0), ("Sat, 01 Jan 2050 00:00:00 GMT", 86400.0), ("soon", None),
        ("-5", None), ("1.5", None), ("٣", None), ("\x00", None), ("Mon, 99 Nov 2026 99:99:99 GMT", None),
    ],
)  # fmt: skip
def test_retry_after_is_read_in_both_forms(value, seconds):
    assert read_retry_after(value, NOW) == seconds


@bounded
@given(st.text(max_size=80))
def test_no_retry_after_header_is_a_crash(value):
    seconds = read_retry_after(value, NOW.astimezone(timezone(timedelta(hours=5))))
    assert seconds is None or 0 <= seconds <= 86400
