"""Every store: sites, their policies in every version, and keys."""

import json
from dataclasses import replace

import pytest
from sqlalchemy import select, update

from service.domain.options import Options
from service.domain.policy import Cut, Policy
from service.domain.word_list import WordList
from service.storage.schema import policies
from tests.factories import NOON, after, courier, herald


def test_site_comes_back_as_it_was_stored(store):
    policy = Policy(moderation="post", cuts={"spam": Cut(hold=0.5)}, hold_words=WordList(("bridge*",)))
    site = courier(
        policy=policy,
        title="Courier",
        region="GB",
        email_required=False,
        inbound_secrets=(b"\xff", b""),
        options=Options(undo_seconds=7.5),
    )
    with store.write() as tx:
        made = tx.sites.add(site)
    assert made == replace(site, id=made.id)
    with store.read() as tx:
        assert tx.sites.get("courier") == made
        assert tx.sites.by_id(made.id) == made
        assert tx.sites.get("herald") is None
        assert tx.sites.by_id(made.id + 1) is None


def test_sites_are_listed_by_name(store):
    with store.write() as tx:
        tx.sites.add(herald())
        tx.sites.add(courier())
        assert [site.name for site in tx.sites.all()] == ["courier", "herald"]


def test_taken_name_is_refused(store):
    with store.write() as tx:
        tx.sites.add(courier())
    with pytest.raises(ValueError, match="exists"), store.write() as tx:
        tx.sites.add(courier())


def test_a_policy_that_an_older_release_kept_can_be_saved(store):
    with store.write() as tx:
        made = tx.sites.add(courier(policy=Policy(link_limit=1)))
    with store.engine.begin() as connection:
        terms = json.loads(connection.execute(select(policies.c.terms)).scalar_one())
        del terms["hold_threats"], terms["hold_personal_data"]
        connection.execute(update(policies).values(terms=json.dumps(terms)))
    with store.write() as tx:
        stored = tx.sites.by_id(made.id)
        assert stored.policy == Policy(link_limit=1)
        tx.sites.save(replace(stored, title="The Courier"))


def test_every_policy_version_is_kept(store):
    with store.write() as tx:
        made = tx.sites.add(courier())
        tx.sites.save(replace(made, title="The Courier", policy=Policy(version=2, link_limit=0)))
    with store.read() as tx:
        stored = tx.sites.get("courier")
        assert (stored.title, stored.policy) == ("The Courier", Policy(version=2, link_limit=0))
        assert tx.sites.policy(made.id, 1) == Policy()
        assert tx.sites.policy(made.id, 2) == stored.policy
        assert tx.sites.policy(made.id, 3) is None


def test_other_terms_need_a_new_version(store):
    with store.write() as tx:
        made = tx.sites.add(courier())
    with pytest.raises(ValueError, match="version 1"), store.write() as tx:
        tx.sites.save(replace(made, policy=Policy(link_limit=0)))
    with store.read() as tx:
        assert tx.sites.get("courier") == made


def test_key_opens_its_site_alone(store):
    with store.write() as tx:
        one, other = tx.sites.add(courier()), tx.sites.add(herald())
        tx.sites.add_key(one.id, "print-1", "key", NOON)
        tx.sites.add_key(other.id, "print-2", "akismet", NOON)
    with store.read() as tx:
        assert tx.sites.key_owner("print-1", NOON) == (one, "key")
        assert tx.sites.key_owner("print-2", NOON) == (other, "akismet")
        assert tx.sites.key_owner("print-3", NOON) is None


def test_a_key_belongs_to_one_site(store):
    with store.write() as tx:
        one, other = tx.sites.add(courier()), tx.sites.add(herald())
        tx.sites.add_key(one.id, "print-1", "key", NOON)
        with pytest.raises(ValueError, match="exists"):
            tx.sites.add_key(other.id, "print-1", "key", NOON)


def test_retired_key_works_until_its_end(store):
    with store.write() as tx:
        site = tx.sites.add(courier())
        tx.sites.add_key(site.id, "old", "key", NOON)
        tx.sites.add_key(site.id, "form", "akismet", NOON)
        tx.sites.retire_keys(site.id, "key", after(60))
        tx.sites.add_key(site.id, "new", "key", NOON)
    with store.read() as tx:
        assert tx.sites.key_owner("old", after(59)) is not None
        assert tx.sites.key_owner("old", after(60)) is None
        assert tx.sites.key_owner("new", after(61)) is not None
        assert tx.sites.key_owner("form", after(61)) is not None


def test_retiring_again_never_lengthens_a_life(store):
    with store.write() as tx:
        site = tx.sites.add(courier())
        tx.sites.add_key(site.id, "old", "key", NOON)
        tx.sites.retire_keys(site.id, "key", after(60))
        tx.sites.retire_keys(site.id, "key", after(600))
        assert tx.sites.key_owner("old", after(61)) is None
