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
bounded = settings(derandomize=True, max_examples=200, deadline=None, database=None)


def test_the_published_example_is_signed_as_published():
    headers = sign([SECRET], "msg_p5jXN8AQM9LWM0D4loKWxJek", 1614265330, BODY)
    assert headers == {
        "webhook-id": "msg_p5jXN8AQM9LWM0D4loKWxJek",
        "webhook-timestamp": "1614265330",
        "webhook-signature": "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
    }
    assert verify([SECRET], headers, BODY, 1614265330) == "msg_p5jXN8AQM9LWM0D4loKWxJek"


def test_the_reference_library_accepts_our_signature():
    body = '{"type":"comment.approved","data":{"body":"ü ⟦email⟧"}}'.encode()
    headers = sign([OTHER, SECRET], "evt_1", int(datetime.now(UTC).timestamp()), body)
    for secret in (SECRET, OTHER):
        assert Webhook(secret).verify(body, headers)["type"] == "comment.approved"
    with pytest.raises(WebhookVerificationError):
        Webhook(SECRET).verify(body + b" ", headers)


def test_we_accept_the_reference_librarys_signature():
    signature = Webhook(SECRET).sign("evt_1", NOW, BODY.decode())
    headers = {"Webhook-Id": "evt_1", "WEBHOOK-TIMESTAMP": str(SECONDS), "webhook-Signature": signature}
    assert verify([SECRET], headers, BODY, SECONDS) == "evt_1"


def test_any_of_several_secrets_and_signatures_will_do():
    headers = sign([OTHER], "evt_1", SECONDS, BODY)
    headers["webhook-signature"] = "v1a,AAAA v1,nonsense " + headers["webhook-signature"] + " v2,x"
    assert verify([SECRET, OTHER], headers, BODY, SECONDS) == "evt_1"
    with pytest.raises(SignatureError, match="no signature matches"):
        verify([SECRET], headers, BODY, SECONDS)


@pytest.mark.parametrize(
    ("late", "good"), [(-301, False), (-300, True), (0, True), (300, True), (301, False)]
)
def test_a_timestamp_counts_for_five_minutes(late, good):
    """More than five minutes old or ahead is refused, so that a recorded call cannot be played again."""
    headers = sign([SECRET], "evt_1", SECONDS, BODY)
    if good:
        assert verify([SECRET], headers, BODY, SECONDS + late) == "evt_1"
    else:
        with pytest.raises(SignatureError, match="300 seconds"):
            verify([SECRET], headers, BODY, SECONDS + late)


@pytest.mark.parametrize("part", ["webhook-id", "webhook-timestamp", "webhook-signature"])
@pytest.mark.parametrize(
    "value",
    [
        None, "", " ", "x", ",", "v1", "v1,", "v1,,", "v1,a,b", "v1,=", "v1,é", "1e3", "-1", "1.5", "٣", "9" * 5000,
        "nan", "inf", "0x10", "1_000", "+1", "a.b", "\x00", "\n", "\ud800", "v1," + "A" * 100_000, "v1,A " * 5000,
    ],
)  # fmt: skip
def test_a_malformed_header_is_a_signature_error(part, value):
    """Whatever one header holds, or when it is missing, the answer is SignatureError and nothing else."""
    headers = sign([SECRET], "evt_1", SECONDS, BODY)
    headers.pop(part)
    if value is not None:
        headers[part] = value
    with pytest.raises(SignatureError):
        verify([SECRET], headers, BODY, SECONDS)


@bounded
@given(
    st.dictionaries(
        st.one_of(
            st.sampled_from(["webhook-id", "webhook-timestamp", "webhook-signature"]), st.text(max_size=20)
        ),
        st.text(max_size=80),
    ),
    st.binary(max_size=80),
)
def test_random_headers_are_a_signature_error(headers, body):
    with pytest.raises(SignatureError):
        verify([SECRET], headers, body, SECONDS)


@bounded
@given(
    st.binary(max_size=200),
    st.integers(min_value=0, max_value=10**11),
    st.integers(0, 199),
    st.integers(1, 255),
)
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
    assert not secret or secret == "whsec_" or secret not in str(refused.value)
    with pytest.raises(SecretError):
        verify([secret], {}, BODY, SECONDS)


def test_nothing_is_sent_unsigned():
    with pytest.raises(SecretError):
        sign([], "evt_1", SECONDS, BODY)


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (200, "delivered"), (201, "delivered"), (204, "delivered"), (299, "delivered"), (301, "retry"), (302, "retry"),
        (307, "retry"), (400, "retry"), (401, "retry"), (404, "retry"), (410, "gone"), (429, "slow_down"),
        (500, "retry"), (502, "slow_down"), (503, "slow_down"), (504, "slow_down"), (199, "retry"), (600, "retry"),
    ],
)  # fmt: skip
def test_an_answer_is_judged_by_its_status(status, kind):
    """2xx alone is delivered; 410 is gone; 429, 502, 503, 504 ask for patience; all else is tried again."""
    outcome = Outcome.of_status(status, 7.0)
    assert (outcome.kind, outcome.status) == (kind, status)
    assert bool(outcome.detail) == (300 <= status < 400 or status == 410)


def test_the_schedule_is_the_documented_one():
    failed = Outcome("retry")
    waits = [next_attempt(failed, attempt, NOW, 0.0) for attempt in range(1, 13)]
    seconds = [(moment - NOW).total_seconds() if moment else None for moment in waits]
    hours = [2, 5, 10, 14, 20, 24]
    assert seconds == [5, 30, 120, 600, 1800, *(hour * 3600 for hour in hours), None]


def test_jitter_spreads_later_only():
    failed = Outcome("retry")
    assert next_attempt(failed, 1, NOW, 1.0) == NOW + timedelta(seconds=6)
    assert next_attempt(failed, 1, NOW, 0.5) == NOW + timedelta(seconds=5.5)
    assert next_attempt(failed, 1, NOW, -9) == NOW + timedelta(seconds=5)
    assert next_attempt(failed, 1, NOW, 9) == NOW + timedelta(seconds=6)


@bounded
@given(
    st.sampled_from(["retry", "slow_down", "refused"]),
    st.one_of(st.none(), st.floats(-1e9, 1e9)),
    st.integers(1, 20),
    st.floats(0, 1),
)
def test_no_attempt_comes_early_or_never(kind, retry_after, attempts, jitter):
    when = next_attempt(Outcome(kind, 429, retry_after), attempts, NOW, jitter)
    if attempts > len(signing.WAITS):
        assert when is None
        return
    assert when is not None
    wait = (when - NOW).total_seconds()
    assert wait >= signing.WAITS[attempts - 1]
    assert wait >= min(retry_after or 0, 86400)
    assert wait <= 86400 * 1.2


def test_delivered_and_gone_are_not_tried_again():
    assert next_attempt(Outcome("delivered", 200), 1, NOW, 0) is None
    assert next_attempt(Outcome("gone", 410), 1, NOW, 0) is None


def test_slow_down_waits_one_step_longer():
    assert next_attempt(Outcome("slow_down", 503), 1, NOW, 0) == NOW + timedelta(seconds=30)
    assert next_attempt(Outcome("slow_down", 503, 90.0), 1, NOW, 0) == NOW + timedelta(seconds=90)
    assert next_attempt(Outcome("slow_down", 503), 11, NOW, 0) == NOW + timedelta(hours=24)


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
    """Seconds or an HTTP date, bounded to 24 hours; anything else asks for nothing."""
    assert read_retry_after(value, NOW) == seconds


@bounded
@given(st.text(max_size=80))
def test_no_retry_after_header_is_a_crash(value):
    seconds = read_retry_after(value, NOW.astimezone(timezone(timedelta(hours=5))))
    assert seconds is None or 0 <= seconds <= 86400
