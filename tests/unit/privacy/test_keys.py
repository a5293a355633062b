"""The keyring: every secret derived, none shown, nothing opened with another's key."""

import copy
import pickle
import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from service.privacy import keys
from service.privacy.keys import CiphertextError, Keyring, hkdf_expand, hkdf_extract
from service.privacy.master_key import MasterKeyError

MASTER = bytes(range(32))
OTHER = bytes(range(100, 132))
KEYRING = Keyring(MASTER)
bounded = settings(derandomize=True, max_examples=60, deadline=None, database=None)


@pytest.mark.parametrize(
    ("material", "salt", "info", "extracted", "output"),
    [
        (
            b"\x0b" * 22,
            bytes(range(13)),
            bytes(range(0xF0, 0xFA)),
            "077709362c2e32df0ddc3f0dc47bba6390b6c73bb50f9c3122ec844ad7c2b3e5",
            "3cb25f25faacd57a90434f64d0362f2a2d2d0a90cf1a5a4c5db02d56ecc4c5bf34007208d5b887185865",
        ),
        (
            bytes(range(0x50)),
            bytes(range(0x60, 0xB0)),
            bytes(range(0xB0, 0x100)),
            "06a6b88c5853361a06104c9ceb35b45cef760014904671014a193f40c15fc244",
            (
                "b11e398dc80327a1c8e7f78c596a49344f012eda2d4efad8a050cc4c19afa97c59045a99cac7827271cb41c65e59"
                "0e09da3275600c2f09b8367793a9aca3db71cc30c58179ec3e87c14c01d5c1f3434f1d87"
            ),
        ),
        (
            b"\x0b" * 22,
            b"",
            b"",
            "19ef24a32c717b167f33a91d6f648bdf96596776afdb6377ac434c1c293ccb04",
            "8da4e775a563c18f715f802a063c5a31b8a11f5c5ee1879ec3454e5f3c738d2d9d201395faa4b61a96c8",
        ),
    ],
)
def test_hkdf_gives_the_vectors_of_rfc_5869(material, salt, info, extracted, output):
    key = hkdf_extract(salt, material)
    assert key.hex() == extracted
    assert hkdf_expand(key, info, len(output) // 2).hex() == output


def test_a_derived_key_never_changes():
    """A release that derived others would lose every sealed thing."""
    derived = KEYRING.derive("daily", "author").hex()
    assert derived == "a3e6c4fd3a9b9c215c9a7548f73dfb991fba775848cc4dbeb2f005aa6f6ece26"


def test_every_site_purpose_version_and_use_has_its_own_key():
    keyring = Keyring(MASTER, version=2, older={1: MASTER})
    asked = [("a", "bc"), ("ab", "c"), ("", "abc"), ("abc", ""), ("a", "b"), ("a", "bc\x00")]
    made = {keyring.derive(site, purpose, version) for site, purpose in asked for version in (1, 2)}
    made |= {bytes(keyring.signing_key(site, purpose)) for site, purpose in asked}
    assert len(made) == len(asked) * 3
    assert {len(key) for key in made} == {32}


def test_a_key_is_derived_again_when_it_was_forgotten(monkeypatch):
    monkeypatch.setattr(keys, "DERIVED_BOUND", 3)
    keyring = Keyring(MASTER)
    first = keyring.derive("courier", "author")
    assert len({keyring.derive(f"site-{number}", "author") for number in range(10)}) == 10
    assert keyring.derive("courier", "author") == first


@bounded
@given(st.tuples(st.text(), st.text()), st.tuples(st.text(), st.text()))
def test_different_names_never_meet(one, two):
    assert (KEYRING.derive(*one) == KEYRING.derive(*two)) == (one == two)


def test_ciphertext_opens_for_its_site_and_purpose_alone():
    box = KEYRING.encrypt("daily", "originals", b"call 555")
    assert b"555" not in box
    assert KEYRING.decrypt("daily", "originals", box) == b"call 555"
    for site, purpose in (("weekly", "originals"), ("daily", "secrets")):
        with pytest.raises(CiphertextError):
            KEYRING.decrypt(site, purpose, box)


@bounded
@given(st.binary(max_size=200), st.text(max_size=2000))
def test_what_is_no_ciphertext_or_token_is_refused_clearly(raw, text):
    with pytest.raises(CiphertextError):
        KEYRING.decrypt("s", "p", raw)
    assert KEYRING.read_token("s", "p", text) is None


def test_older_masters_still_open_after_a_rotation():
    box, token = KEYRING.encrypt("s", "p", b"x"), KEYRING.token("s", "p", "x")
    after = Keyring(OTHER, version=2, older={1: MASTER})
    assert after.decrypt("s", "p", box) == b"x"
    assert after.read_token("s", "p", token) == "x"
    assert after.encrypt("s", "p", b"x")[0] == 2
    assert after.versions == (2, 1)
    with pytest.raises(CiphertextError):
        Keyring(OTHER, version=2).decrypt("s", "p", box)
    assert Keyring(OTHER, version=2).read_token("s", "p", token) is None


def test_a_keyring_shows_nothing():
    assert repr(KEYRING) == str(KEYRING) == "<Keyring ***>"
    for leave in (pickle.dumps, copy.copy, copy.deepcopy):
        with pytest.raises(TypeError):
            leave(KEYRING)


@pytest.mark.parametrize(("master", "version"), [(b"short", 1), (MASTER, 0), (MASTER, 256), (b"", 1)])
def test_a_poor_master_is_refused(master, version):
    with pytest.raises(MasterKeyError):
        Keyring(master, version=version)


def test_a_token_returns_its_payload_for_its_own_site_and_purpose():
    token = KEYRING.token("daily", "receipt", "comment 17 · ü")
    assert re.fullmatch(r"[A-Za-z0-9_-]+", token)
    assert KEYRING.read_token("daily", "receipt", token) == "comment 17 · ü"
    assert KEYRING.read_token("daily", "appeal", token) is None
    assert KEYRING.read_token("weekly", "receipt", token) is None


def test_no_changed_token_is_read():
    token = KEYRING.token("s", "p", "payload")
    changed = [token + extra for extra in ("A", "=", "==", "\n", " ")]
    for place, was in enumerate(token):
        changed += [token[:place] + now + token[place + 1 :] for now in ["", *"Aa9-_=/. \x00é"] if now != was]
    assert [one for one in changed if KEYRING.read_token("s", "p", one) is not None] == []


def test_tokens_are_bounded():
    assert KEYRING.read_token("s", "p", KEYRING.token("s", "p", "x" * 1024)) == "x" * 1024
    with pytest.raises(ValueError, match="at most 1024 bytes"):
        KEYRING.token("s", "p", "x" * 1025)
    assert KEYRING.read_token("s", "p", "A" * 5_000_000) is None


def test_signing_keys_sign():
    signed = KEYRING.signing_key("daily", "receipts").sign(b"erased 50 comments")
    assert KEYRING.signing_key("daily", "receipts").verify_key.verify(signed) == b"erased 50 comments"


@pytest.mark.parametrize(
    ("make", "form"),
    [
        (keys.new_api_key, r"rk_[A-Za-z0-9_-]{43}"),
        (keys.new_akismet_key, r"[a-z0-9]{12}"),
        (keys.new_webhook_secret, r"whsec_[A-Za-z0-9+/]{43}="),
    ],
)
def test_new_keys_have_their_forms(make, form):
    assert re.fullmatch(form, make())
    assert make() != make()


def test_a_fingerprint_finds_a_key_and_does_not_show_it():
    key = keys.new_api_key()
    assert keys.fingerprint(KEYRING, key) == keys.fingerprint(KEYRING, key)
    assert re.fullmatch(r"[0-9a-f]{64}", keys.fingerprint(KEYRING, key))
    assert keys.fingerprint(Keyring(OTHER), key) != keys.fingerprint(KEYRING, key)
    keys.fingerprint(KEYRING, "\ud800 no key \x00")
