"""The chain of human acts: salted, vouched for by a key, and whole through rotations of that key."""

from dataclasses import replace

from service.domain.audit_log import GENESIS, Act, Head, forge, forge_head, walk
from service.privacy.keys import Keyring
from service.privacy.signatures import KeyedSigner
from tests.factories import NOON

OLD, NEW = b"o" * 32, b"n" * 32
FIRST = KeyedSigner(Keyring(OLD))
BOTH = KeyedSigner(Keyring(NEW, version=2, older={1: OLD}))
SECOND = KeyedSigner(Keyring(NEW, version=2))


def chain(*signers):
    """One link by each signer in turn, and the head by the last."""
    links = []
    for number, signer in enumerate(signers, 1):
        act = Act("Mara", "reveal", f"courier: comment {number}", NOON)
        links.append(forge(links[-1].link if links else GENESIS, number, act, f"salt {number}", signer))
    return links, forge_head(links[-1], signers[-1])


def test_a_chain_holds_before_within_and_after_a_rotation():
    links, head = chain(FIRST, FIRST, BOTH)
    assert walk(links, head, BOTH).holds
    after = walk(links, head, SECOND)
    assert (after.holds, after.links, after.unvouched) == (True, 3, 2)


def test_an_end_that_nobody_vouches_for_is_broken():
    links, head = chain(BOTH, FIRST, FIRST)
    found = walk(links, head, SECOND)
    assert (found.holds, found.broken_at) == (False, 2)


def test_a_chain_forged_without_the_key_is_broken_from_its_first_link():
    thief = KeyedSigner(Keyring(b"t" * 32))
    links, head = chain(thief, thief)
    assert walk(links, head, FIRST).broken_at == 1


def test_one_act_made_anew_with_its_hashes_breaks_its_tag():
    links, head = chain(FIRST, FIRST)
    act = Act("Eve", "reveal", "courier: comment 1", NOON)
    forged = forge(GENESIS, 1, act, "salt 1", KeyedSigner(Keyring(b"t" * 32)))
    found = walk([forged, links[1]], head, FIRST)
    assert (found.broken_at, found.fault) == (1, "its tag was not made with this installation's key")


def test_a_shortened_chain_needs_a_head_that_only_the_key_can_make():
    links, head = chain(FIRST, FIRST)
    cut = Head(1, links[0].link, links[0].tag, 1)
    assert walk(links[:1], cut, FIRST).fault == "the head was not made with this installation's key"
    assert walk(links[:1], head, FIRST).fault == "the chain ends after 1, and its head says 2"
    assert walk(links, None, FIRST).fault == "the head is missing, so the end may be too"


def test_equal_acts_have_unequal_digests():
    act = Act("Mara", "reveal", "courier: comment 1", NOON)
    assert forge(GENESIS, 1, act, "a", FIRST).digest != forge(GENESIS, 1, act, "b", FIRST).digest
    links, head = chain(FIRST)
    assert walk([replace(links[0], act=None, salt=None)], head, FIRST).blanked == 1
