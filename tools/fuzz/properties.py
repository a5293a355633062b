"""What must hold for every input that a stranger can choose: parsing, masking, normalising, checking signatures.

Each property takes one generated input and fails by an exception of its own. Whatever the input, the service answers
with a value or with one of its own refusals, and no refusal repeats an address.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any, Final
from urllib.parse import quote

from hypothesis import strategies as st

from service.domain.comment import Source
from service.domain.errors import ReplydeskError
from service.importers.jsonl import parsed
from service.privacy.keys import CiphertextError, Keyring
from service.privacy.masking import PLACEHOLDERS, mask, page_url
from service.privacy.master_key import MasterKeyError, parse_masters
from service.privacy.sealing import Address, AddressError, BoxError, ContactKeyError, normalise, open_box
from service.privacy.signatures import read_receipt
from service.usecases.submission import read_submission
from service.web.api import strict_json
from service.web.problems import Problem
from service.web.proxies import TrustedProxies
from service.webhooks.signing import SignatureError, read_retry_after, sign, verify
from service.webhooks.url_guard import Allow, AllowError, is_closed
from tests.factories import NOON
from worker.http_client import RefusedError, Target

Property = Callable[[Any], None]


def words(text: str) -> list[str]:
    """Return the words of a text."""
    return text.split()


def refuse(unless: bool, what: str) -> None:
    """Fail unless something holds of a refusal."""
    if not unless:
        raise AssertionError(what)


KEYRING: Final = Keyring(b"f" * 32)
SECRET: Final = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
PRIVATE: Final = "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="
OWN: Final = "Me.Canary@Bücher.example"
NOW: Final = 1_700_000_000

PIECES: Final = words(
    "@ %40 at (at) dot . me Me bücher example.org +49 171 2345678 0171 telegram: t.me/ @x ⟦email⟧ ⟦ &#64; %2540 ＠"
    " mailto: arroba 1234567 discord shadow#1234 %C3%BC %C3 &commat; собака małpa (ät) 12.03.2024 ٠١٧١ \\u0040"
    " &#x40; http:// xn--bcher-kva [::1] 127.1"
)
ODD: Final = [
    "\u200b",
    "\u0308",
    "\u202e",
    "\x00",
    "\ufeff",
    "\n",
    "\r\n",
    " ",
    "\t",
    "\U0001f600",
    "ﬁ",
    "İ",
    "ß",
]
TEXT: Final = st.one_of(
    st.text(max_size=200),
    st.lists(st.one_of(st.text(max_size=10), st.sampled_from([*PIECES, *ODD])), max_size=20).map("".join),
    st.lists(st.sampled_from([*PIECES, *ODD]), max_size=20).map(" ".join),
)
HOST: Final = st.one_of(
    st.text(max_size=40),
    st.ip_addresses().map(str),
    st.lists(st.sampled_from(["127", "0x7f", "0177", "1", "localhost", ".", "。", "①", "[", "]", ":", "@", "%", "#"]))
    .map("".join),
)  # fmt: skip
URL: Final = st.builds(
    lambda scheme, host, rest: f"{scheme}://{host}{rest}",
    st.sampled_from(["http", "https", "HTTP", "ftp", "", "javascript"]),
    HOST,
    st.one_of(TEXT, TEXT.map(quote), st.integers(0, 99_999).map(lambda port: f":{port}/")),
)
LEAVES: Final = st.one_of(
    st.none(), st.booleans(), st.integers(), st.floats(), TEXT, st.sampled_from([OWN, NOON.isoformat()])
)
JSON: Final = st.recursive(
    LEAVES,
    lambda inner: st.one_of(
        st.lists(inner, max_size=4), st.dictionaries(st.text(max_size=8), inner, max_size=4)
    ),
    max_leaves=12,
)
SUBMISSION: Final = st.fixed_dictionaries(
    {
        "article": st.one_of(JSON, st.fixed_dictionaries({"url": st.one_of(URL, LEAVES)})),
        "author": st.one_of(JSON, st.fixed_dictionaries({"name": LEAVES, "email": LEAVES})),
        "body": LEAVES,
    },
    optional={"id": LEAVES, "parent_id": LEAVES, "submitted_at": LEAVES, "client": JSON, "made_up": JSON},
)


def address(text: str) -> None:
    """Any text is an address with one normal form, or refused without being repeated."""
    try:
        parsed = Address.parse(text)
    except AddressError as refused:
        refuse(len(text) < 4 or text not in str(refused), "the refusal repeats what was typed")
        return
    once = normalise(parsed)
    assert normalise(Address(once)) == once
    assert once not in f"{parsed!r}{parsed}{parsed:>40}"


def masking(text: str) -> None:
    """Placeholders stand where they say, putting the originals back gives the text, and none is forged."""
    masked = mask(text, "DE")
    for one in masked.found:
        assert masked.text[one.begin : one.end] == PLACEHOLDERS[one.kind]
    assert masked.text.count("⟦") == masked.text.count("⟧") == len(masked.found)
    back = masked.text
    for one in reversed(masked.found):
        back = back[: one.begin] + one.original + back[one.end :]
    brackets = str.maketrans("⟦⟧", "〚〛")
    assert back.translate(brackets) == text.translate(brackets)


def own_address(text: str) -> None:
    """Whatever stands around it, the writer's own address is gone from the text."""
    shown = mask(f"{text} {OWN} {text}", own=Address(OWN)).text.lower()
    assert OWN.lower() not in shown


def article_address(url: str) -> None:
    """An article's address comes to rest at once and holds no plain address, or is refused."""
    try:
        once = page_url(url)
    except ValueError:
        return
    assert page_url(once) == once


def callback_target(url: str) -> None:
    """A callback's address is taken apart without odd characters left, or refused; both readings agree on it."""
    try:
        target = Target.parse(url)
    except RefusedError as refused:
        refuse(len(url) < 8 or url not in str(refused), "the refusal repeats the address")
        return
    told = f"{target.host_header} {target.path}"
    assert told.isascii()
    assert told.isprintable()
    assert told.count(" ") == 1
    is_closed(url, Allow())


def allow_list(text: str) -> None:
    """The setting that opens targets is read or refused by its name."""
    try:
        Allow.parse(text)
    except AllowError as refused:
        refuse("REPLYDESK_CALLBACK_ALLOW" in str(refused), "the setting is not named")


def _import_line(raw: bytes) -> object:
    return read_submission(parsed(raw), Source.IMPORT)


def json_body(value: object) -> None:
    """What is JSON reads as itself or is refused; a submission in it is taken or its faults are named."""
    raw = json.dumps(value).encode("utf-8", "surrogatepass")
    for read in (strict_json.read, _import_line):
        try:
            read(raw)
        except (ReplydeskError, ValueError, Problem) as refused:
            refuse(OWN not in str(refused), "the refusal shows an address")


def raw_body(raw: bytes) -> None:
    """Bytes of any kind are refused or read, and nothing else happens."""
    for read in (strict_json.read, _import_line):
        try:
            read(raw)
        except (ReplydeskError, ValueError, Problem):
            continue


def signature(given: tuple[Mapping[str, str], bytes]) -> None:
    """Headers of any kind end in a SignatureError: nobody guesses a signature."""
    headers, body = given
    try:
        verify([SECRET], headers, body, NOW)
    except SignatureError:
        return
    raise AssertionError("a made-up signature was taken")


def signed(given: tuple[bytes, int]) -> None:
    """What we sign verifies, and with any one bit of the body turned it does not."""
    body, place = given
    headers = sign([SECRET], "evt_1", NOW, body)
    assert verify([SECRET], headers, body, NOW) == "evt_1"
    turned = bytearray(body or b"x")
    turned[place % len(turned)] ^= 1 << (place % 8)
    try:
        verify([SECRET], headers, bytes(turned), NOW)
    except SignatureError:
        return
    raise AssertionError("a changed body was taken")


def token(text: str) -> None:
    """No made-up token opens a receipt, no made-up ciphertext or box opens at all."""
    assert read_receipt(KEYRING, text) is None
    raw = text.encode("utf-8", "surrogatepass")
    for opening in (
        lambda: KEYRING.decrypt("courier", "original", raw),
        lambda: KEYRING.decrypt("courier", "original", b"\x01" + raw),
        lambda: open_box(PRIVATE, text),
    ):
        try:
            opening()
        except (CiphertextError, BoxError, ContactKeyError):
            continue
        raise AssertionError("something made up was opened")


def master_keys(text: str) -> None:
    """Any text gives keys of 32 bytes and more, or a refusal of one line that shows none."""
    try:
        keys = parse_masters(text, "X")
    except MasterKeyError as refused:
        refuse("\n" not in str(refused), "the refusal has more than one line")
        return
    assert all(len(key) >= 32 and 1 <= version <= 255 for version, key in keys.items())


def forwarded(given: tuple[str, str]) -> None:
    """Whatever proxies write, the reader's address is one address, and the peer's where the peer is no proxy."""
    peer, header = given
    seen: dict[str, Any] = {}
    app = TrustedProxies(lambda environ, _: seen.update(environ) or [], ["10.0.0.0/8"])
    list(app({"REMOTE_ADDR": peer, "HTTP_X_FORWARDED_FOR": header}, lambda *_: None))
    if not peer.startswith("10."):
        assert seen["REMOTE_ADDR"] == peer
    assert "," not in seen["REMOTE_ADDR"]


def retry_after(text: str) -> None:
    """What a receiver says of when to come again is seconds within bounds, or nothing."""
    seconds = read_retry_after(text, NOON)
    assert seconds is None or seconds >= 0


HEADERS: Final = st.dictionaries(
    st.sampled_from(["webhook-id", "webhook-timestamp", "webhook-signature", "Webhook-Id", "x"]),
    st.one_of(TEXT, st.sampled_from(["evt_1", str(NOW), "v1,", "v1,AAAA", "v2,x v1,y"])),
    max_size=5,
)
PROPERTIES: Final[dict[str, tuple[Property, st.SearchStrategy[Any]]]] = {
    "address": (address, st.one_of(TEXT, st.builds("{}@{}".format, TEXT, HOST), st.emails())),
    "masking": (masking, TEXT),
    "own address": (own_address, TEXT),
    "article address": (article_address, URL),
    "callback target": (callback_target, URL),
    "allow list": (allow_list, st.one_of(TEXT, HOST)),
    "json body": (json_body, st.one_of(JSON, SUBMISSION)),
    "raw body": (raw_body, st.binary(max_size=300)),
    "signature": (signature, st.tuples(HEADERS, st.binary(max_size=60))),
    "signed": (signed, st.tuples(st.binary(max_size=200), st.integers(0, 10_000))),
    "token": (token, st.one_of(TEXT, st.binary(max_size=120).map(lambda raw: raw.hex()))),
    "master keys": (master_keys, st.one_of(TEXT, st.binary(min_size=30, max_size=40).map(bytes.hex))),
    "forwarded": (
        forwarded,
        st.tuples(st.one_of(st.ip_addresses().map(str), st.just("10.0.0.1")), st.one_of(TEXT, HOST)),
    ),
    "retry-after": (retry_after, TEXT),
}
