"""Every store: moderators, sign-in links used once, sessions that end."""

import pytest

from service.domain.desk_records import Moderator
from tests.factories import NOON, after


@pytest.fixture
def mara(tx):
    return tx.moderators.add("Mara", "lead", NOON)


def test_moderator_comes_back_by_name(tx, mara):
    tx.moderators.add("Abe", "moderator", NOON)
    assert tx.moderators.get("Mara") == mara == Moderator(mara.id, "Mara", "lead", active=True)
    assert tx.moderators.get("Zoe") is None
    assert [one.name for one in tx.moderators.all()] == ["Abe", "Mara"]


def test_taken_name_is_refused(tx, mara):
    with pytest.raises(ValueError, match="exists"):
        tx.moderators.add("Mara", "admin", NOON)


def test_sign_in_link_works_once_within_its_time(tx, mara):
    tx.moderators.add_sign_in(mara.id, "link", after(900))
    assert tx.moderators.use_sign_in("other", NOON) is None
    assert tx.moderators.use_sign_in("link", after(1)) == mara
    assert tx.moderators.use_sign_in("link", after(2)) is None
    tx.moderators.add_sign_in(mara.id, "late", after(900))
    assert tx.moderators.use_sign_in("late", after(900)) is None


def test_session_lasts_until_it_expires_or_is_ended(tx, mara):
    tx.moderators.add_session(mara.id, "one", after(60))
    tx.moderators.add_session(mara.id, "two", after(60))
    assert tx.moderators.session("one", after(59)) == mara
    assert tx.moderators.session("one", after(60)) is None
    assert tx.moderators.session("three", NOON) is None
    tx.moderators.end_session("two")
    tx.moderators.end_session("two")
    assert tx.moderators.session("two", NOON) is None
