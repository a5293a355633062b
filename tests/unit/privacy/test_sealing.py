"""Sealing: what is an address, opened by nobody but the site, and known again by its hash."""

from __future__ import annotations

import base64
import traceback

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from nacl.public import PrivateKey, SealedBox

from service.privacy.keys import Keyring
from service.privacy.sealing import (
    Address,
    AddressError,
    BoxError,
    ContactKeyError,
    Sealer,
    author_key,
    new_contact_keys,
    normalise,
    open_box,
    seal,
)

PLAIN = "Jane.Doe+news@bücher.example"
KEYRING = Keyring(bytes(range(32)))
bounded = settings(derandomize=True, max_examples=150, deadline=None, database=None)


def test_comparing_addresses_tells_nothing():
    assert Address.parse(PLAIN) != Address.parse(PLAIN)
    with pytest.raises(TypeError):
        sorted([Address.parse(PLAIN), Address.parse(PLAIN)])  # type: ignore[type-var] # that it fails is the point


TAKEN = [
    "name@example.org",
    "  name@example.org\n",
    "a@b.co",
    "first.last+tag@sub.example.co.uk",
    "o'neil_99%x@example.org",
    "docomo..style.@example.jp",
    '"quoted local"@example.org',
    "jürgen@example.de",
    "用户@例え.テスト",
    "name@bücher.example",
    "name@xn--bcher-kva.example",
    "name＠example.org",
    "NAME@EXAMPLE.ORG",
    "name@under_score.example.org",
    "x" * 64 + "@example.org",
]
MALFORMED = """
@ name name@ @example.org ...@example.org name@localhost name@example..org name@.example.org name@example.org.
name@-example.org name@example-.org name@@example.org a@b@example.org "a"b"@example.org name@example.123
name@127.0.0.1 name@[127.0.0.1]
"""
REFUSED = [
    *MALFORMED.split(),
    "",
    "name@exa mple.org",
    "na me@example.org",
    "Name <name@example.org>",
    "name@example.org, other@example.org",
    "name@example.org\x00",
    "na\nme@example.org",
    "na\u200bme@example.org",
    "na\u202eme@example.org",
    "\ud800@example.org",
    "name@\ud800.org",
    "x" * 65 + "@example.org",
    "name@" + "x" * 64 + ".org",
    "name@" + "x." * 200 + "org",
    "name@" + "é" * 300 + ".org",
    "ﷺ" * 100 + "@example.org",
]


@pytest.mark.parametrize("text", TAKEN)
def test_addresses_people_have_are_taken(text):
    assert Address.parse(text).reveal() == text.strip()


@pytest.mark.parametrize("text", REFUSED)
def test_what_is_no_address_is_refused_without_repeating_it(text):
    with pytest.raises(AddressError) as refused:
        Address.parse(text)
    assert isinstance(refused.value, ValueError)
    assert refused.value.__context__ is refused.value.__cause__ is None
    assert len(text.strip()) < 5 or text.strip() not in str(refused.value)
    frames = traceback.StackSummary.extract(
        traceback.walk_tb(refused.value.__traceback__), capture_locals=True
    )
    own = [frame for frame in frames if frame.filename.endswith("service/privacy/sealing.py")]
    assert [name for frame in own for name in frame.locals or {}] == ["cls"]


LOCALS = st.text(st.characters(min_codepoint=33, exclude_characters='@"\\'), min_size=1, max_size=20)
DOMAINS = st.sampled_from(["Example.org", "BÜCHER.example", "xn--bcher-kva.example", "例え.テスト"])


@bounded
@given(st.text(max_size=400) | st.builds("{}@{}".format, LOCALS, DOMAINS))
def test_any_text_is_refused_clearly_or_has_a_normal_form_that_stays(text):
    try:
        once = normalise(Address.parse(text))
    except AddressError:
        return
    assert normalise(Address.parse(once)) == once


@pytest.mark.parametrize(
    ("typed", "normal"),
    [
        ("Name@Example.ORG", "name@example.org"),
        ("  name@example.org ", "name@example.org"),
        ("ｎａｍｅ＠ｅｘａｍｐｌｅ．ｏｒｇ", "name@example.org"),
        ("name@BÜCHER.example", "name@xn--bcher-kva.example"),
        ("name@xn--BCHER-kva.example", "name@xn--bcher-kva.example"),
        ("name@faß.de", "name@xn--fa-hia.de"),
        ("STRASSE@example.org", "strasse@example.org"),
        ("straße@example.org", "strasse@example.org"),
        ("ju\u0308rgen@example.org", "jürgen@example.org"),
        ("a.b+c@example.org", "a.b+c@example.org"),
    ],
)
def test_equal_addresses_have_one_normal_form(typed, normal):
    assert normalise(Address.parse(typed)) == normal


def test_a_box_opens_with_the_sites_private_key_alone():
    public, private = new_contact_keys()
    box = seal(public, Address.parse(PLAIN))
    assert open_box(private, box) == PLAIN
    assert open_box(private, base64.b64encode(box).decode()) == PLAIN
    assert open_box(f" {private}\n", base64.urlsafe_b64encode(box).decode()) == PLAIN
    with pytest.raises(BoxError):
        open_box(new_contact_keys()[1], box)
    assert SealedBox(PrivateKey(base64.b64decode(private))).decrypt(box).decode() == PLAIN
    assert seal(public, Address.parse(PLAIN)) != box


@bounded
@given(st.one_of(st.binary(max_size=300), st.text(max_size=300)))
def test_what_is_no_box_is_refused_clearly(box):
    with pytest.raises(BoxError):
        open_box("A" * 43 + "=", box)


@pytest.mark.parametrize("key", ["", "no key", "AAAA", "A" * 100, "é" * 43, "A" * 100_000])
def test_what_is_no_contact_key_is_refused_clearly(key):
    with pytest.raises(ContactKeyError) as refused:
        seal(key, Address.parse(PLAIN))
    assert not key or key not in str(refused.value)
    with pytest.raises(ContactKeyError):
        open_box(key, b"x" * 64)


def test_the_author_key_knows_a_person_again_on_one_site_only():
    key = author_key(KEYRING, "daily", Address.parse("Name@Bücher.example"))
    assert key == author_key(KEYRING, "daily", Address.parse("name@xn--bcher-kva.example"))
    assert key != author_key(KEYRING, "weekly", Address.parse("name@bücher.example"))
    assert key != author_key(KEYRING, "daily", Address.parse("name+tag@bücher.example"))
    assert len(bytes.fromhex(key)) == 32


def test_a_site_without_a_contact_key_keeps_no_box_and_no_other_mode_exists():
    sealer, address = Sealer(KEYRING), Address.parse(PLAIN)
    known = sealer.seal("daily", None, address)
    assert (known.box, known.author_key) == (None, author_key(KEYRING, "daily", address))
    assert known.author_key not in repr(known)
    with pytest.raises(ValueError, match="address_mode"):
        sealer.seal("daily", None, address, "plain")
