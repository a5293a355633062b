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
bounded = settings(derandomize=True, max_examples=60, deadline=None, database=None)


@pytest.fixture
def keyring():
    """A keyring as it is on the first day."""
    return Keyring(MASTER)


@pytest.mark.parametrize(
    ("material", "salt", "info", "extracted", "output"),
    [
        (
            "0b" * 22,
            bytes(range(13)).hex(),
            bytes(range(0xF0, 0xFA)).hex(),
            "077709362c2e32df0ddc3f0dc47bba6390b6c73bb50f9c3122ec844ad7c2b3e5",
            "3cb25f25faacd57a90434f64d0362f2a2d2d0a90cf1a5a4c5db02d56ecc4c5bf34007208d5b887185865",
        ),
        (
            bytes(range(0x50)).hex(),
            bytes(range(0x60, 0xB0)).hex(),
            bytes(range(0xB0, 0x100)).hex(),
            "06a6b88c5853361a06104c9ceb35b45cef760014904671014a193f40c15fc244",
            (
                "b11e398dc80327a1c8e7f78c596a49344f012eda2d4efad8a050cc4c19afa97c59045a99cac7827271cb41c65e59"
                "0e09da3275600c2f09b8367793a9aca3db71cc30c58179ec3e87c14c01d5c1f3434f1d87"
            ),
        ),
        (
            "0b" * 22,
            "",
            "",
            "19ef24a32c717b167f33a91d6f648bdf96596776afdb6377ac434c1c293ccb04",
            "8da4e775a563c18f715f802a063c5a31b8a11f5c5ee1879ec3454e5f3c738d2d9d201395faa4b61a96c8",
        ),
    ],
)
def test_hkdf_gives_the_vectors_of_rfc_5869(material, salt, info, extracted, output):
    key = hkdf_extract(bytes.fromhex(salt), bytes.fromhex(material))
    assert key.hex() == extracted
    assert hkdf_expand(key, bytes.fromhex(info), len(output) // 2).hex() == output


def test_derived_keys_are_stable(keyring):
    """A release that derived other keys would lose every sealed thing: this value may never change."""
    assert (
        keyring.derive("daily", "author").hex()
        == "a3e6c4fd3a9b9c215c9a7548f73dfb991fba775848cc4dbeb2f005aa6f6ece26"
    )


def test_every_site_purpose_and_version_has_its_own_key():
    keyring = Keyring(MASTER, version=2, older={1: MASTER})
    asked = [("a", "bc"), ("ab", "c"), ("", "abc"), ("abc", ""), ("a", "b"), ("a", "bc\x00")]
    made = {keyring.derive(site, purpose, version) for site, purpose in asked for version in (1, 2)}
    assert len(made) == len(asked) * 2
    assert {len(key) for key in made} == {32}


def test_derived_keys_are_remembered_up_to_a_bound(keyring, monkeypatch):
    monkeypatch.setattr(keys, "DERIVED_BOUND", 3)
    first = keyring.derive("courier", "author")
    for number in range(10):
        keyring.derive(f"site-{number}", "author")
        assert len(keyring._derived) <= 3
    assert keyring.derive("courier", "author") == first


@bounded
@given(st.tuples(st.text(), st.text()), st.tuples(st.text(), st.text()))
def test_different_names_never_meet(one, two):
    keyring = Keyring(MASTER)
    assert (keyring.derive(*one) == keyring.derive(*two)) == (one == two)


def test_uses_of_one_purpose_do_not_share_a_key(keyring):
    tag_key = keyring._derive(b"tag", "s", "p", None)
    box_key = keyring._derive(b"box", "s", "p", None)
    assert len({keyring.derive("s", "p"), tag_key, box_key, bytes(keyring.signing_key("s", "p"))}) == 4


def test_ciphertext_opens_for_its_site_and_purpose_alone(keyring):
    box = keyring.encrypt("daily", "originals", b"call 555")
    assert b"555" not in box
    assert keyring.decrypt("daily", "originals", box) == b"call 555"
    for site, purpose in (("weekly", "originals"), ("daily", "secrets")):
        with pytest.raises(CiphertextError):
            keyring.decrypt(site, purpose, box)


@bounded
@given(st.binary(max_size=200))
def test_what_is_no_ciphertext_is_refused_clearly(raw):
    with pytest.raises(CiphertextError):
        Keyring(MASTER).decrypt("s", "p", raw)


def test_older_masters_still_open_after_a_rotation():
    before = Keyring(MASTER)
    box, token = before.encrypt("s", "p", b"x"), before.token("s", "p", "x")
    after = Keyring(OTHER, version=2, older={1: MASTER})
    assert after.decrypt("s", "p", box) == b"x"
    assert after.read_token("s", "p", token) == "x"
    assert after.encrypt("s", "p", b"x")[0] == 2
    assert after.versions == (2, 1)
    with pytest.raises(CiphertextError):
        Keyring(OTHER, version=2).decrypt("s", "p", box)
    assert Keyring(OTHER, version=2).read_token("s", "p", token) is None


def test_a_keyring_shows_nothing(keyring):
    assert repr(keyring) == str(keyring) == "<Keyring ***>"
    for leave in (pickle.dumps, copy.copy, copy.deepcopy):
        with pytest.raises(TypeError):
            leave(keyring)


@pytest.mark.parametrize(
    ("master", "version"), [(b"short", 1), (MASTER, 0), (MASTER, 256), (b"", 1)], ids=str
)
def test_a_poor_master_is_refused(master, version):
    with pytest.raises(MasterKeyError):
        Keyring(master, version=version)


def test_a_token_returns_its_payload_for_its_own_site_and_purpose(keyring):
    token = keyring.token("daily", "receipt", "comment 17 · ü")
    assert re.fullmatch(r"[A-Za-z0-9_-]+", token)
    assert keyring.read_token("daily", "receipt", token) == "comment 17 · ü"
    assert keyring.read_token("daily", "appeal", token) is None
    assert keyring.read_token("weekly", "receipt", token) is None


def test_no_changed_token_is_read(keyring):
    token = keyring.token("s", "p", "payload")
    for place, was in enumerate(token):
        for now in "Aa9-_=/. \x00é":
            if now != was:
                assert keyring.read_token("s", "p", token[:place] + now + token[place + 1 :]) is None
        assert keyring.read_token("s", "p", token[:place] + token[place + 1 :]) is None
    for extra in ("A", "=", "==", "\n", " "):
        assert keyring.read_token("s", "p", token + extra) is None


@bounded
@given(st.text(max_size=2000))
def test_any_text_is_read_as_none_and_nothing_is_raised(text):
    assert Keyring(MASTER).read_token("s", "p", text) is None


def test_tokens_are_bounded(keyring):
    assert keyring.read_token("s", "p", keyring.token("s", "p", "x" * 1024)) == "x" * 1024
    with pytest.raises(ValueError, match="at most 1024 bytes"):
        keyring.token("s", "p", "x" * 1025)
    assert keyring.read_token("s", "p", "A" * 5_000_000) is None


def test_signing_keys_sign(keyring):
    key = keyring.signing_key("daily", "receipts")
    signed = key.sign(b"erased 50 comments")
    assert keyring.signing_key("daily", "receipts").verify_key.verify(signed) == b"erased 50 comments"


def test_new_keys_have_their_forms():
    assert re.fullmatch(r"rk_[A-Za-z0-9_-]{43}", keys.new_api_key())
    assert re.fullmatch(r"[a-z0-9]{12}", keys.new_akismet_key())
    assert re.fullmatch(r"whsec_[A-Za-z0-9+/]{43}=", keys.new_webhook_secret())
    for make in (keys.new_api_key, keys.new_akismet_key, keys.new_webhook_secret):
        assert make() != make()


def test_a_fingerprint_finds_a_key_and_does_not_show_it(keyring):
    key = keys.new_api_key()
    assert keys.fingerprint(keyring, key) == keys.fingerprint(keyring, key)
    assert re.fullmatch(r"[0-9a-f]{64}", keys.fingerprint(keyring, key))
    assert keys.fingerprint(Keyring(OTHER), key) != keys.fingerprint(keyring, key)
    keys.fingerprint(keyring, "\ud800 no key \x00")
