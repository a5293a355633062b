"""Every store: sites, their policies in every version, keys, and what the compatibility APIs were asked."""

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
    site = courier(
        policy=Policy(moderation="post", cuts={"spam": Cut(hold=0.5)}, hold_words=WordList(("bridge*",))),
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
        assert tx.sites.get("courier") == tx.sites.by_id(made.id) == made
        assert tx.sites.get("herald") is tx.sites.by_id(made.id + 1) is None


def test_sites_are_listed_by_name(tx):
    tx.sites.add(herald(name="abend"))
    assert [site.name for site in tx.sites.all()] == ["abend", "courier"]


def test_taken_name_is_refused(store, site):
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


def test_every_policy_version_is_kept(tx, site):
    tx.sites.save(replace(site, title="The Courier", policy=Policy(version=2, link_limit=0)))
    stored = tx.sites.get("courier")
    assert (stored.title, stored.policy) == ("The Courier", Policy(version=2, link_limit=0))
    assert [tx.sites.policy(site.id, version) for version in (1, 2, 3)] == [Policy(), stored.policy, None]


def test_other_terms_need_a_new_version(store, site):
    with pytest.raises(ValueError, match="version 1"), store.write() as tx:
        tx.sites.save(replace(site, policy=Policy(link_limit=0)))
    with store.read() as tx:
        assert tx.sites.get("courier") == site


def test_key_opens_its_site_alone(tx, site):
    other = tx.sites.add(herald())
    tx.sites.add_key(site.id, "print-1", "key", NOON)
    tx.sites.add_key(other.id, "print-2", "akismet", NOON)
    assert tx.sites.key_owner("print-1", NOON) == (site, "key")
    assert tx.sites.key_owner("print-2", NOON) == (other, "akismet")
    assert tx.sites.key_owner("print-3", NOON) is None
    with pytest.raises(ValueError, match="exists"):
        tx.sites.add_key(other.id, "print-1", "key", NOON)


def test_retired_key_works_until_its_end(tx, site):
    tx.sites.add_key(site.id, "old", "key", NOON)
    tx.sites.add_key(site.id, "form", "akismet", NOON)
    for life in (60, 600):  # retiring again never lengthens it
        tx.sites.retire_keys(site.id, "key", after(life))
    tx.sites.add_key(site.id, "new", "key", NOON)
    found = [(name, tx.sites.key_owner(name, after(60)) is not None) for name in ("old", "new", "form")]
    assert found == [("old", False), ("new", True), ("form", True)]
    assert tx.sites.key_owner("old", after(59)) is not None


def test_counts_add_up(tx, site):
    other = tx.sites.add(herald())
    assert tx.sites.usage(site.id) == {}
    for counts in (
        {},
        {(site.id, "2026-11", "ham"): 2, (site.id, "2026-10", "ham"): 1},
        {(site.id, "2026-11", "ham"): 3, (site.id, "2026-11", "spam"): 1},
        {(other.id, "2026-11", "ham"): 9},
    ):
        tx.sites.add_usage(counts)
    november = {("2026-11", "ham"): 5, ("2026-11", "spam"): 1}
    assert tx.sites.usage(site.id) == november | {("2026-10", "ham"): 1}
    assert tx.sites.usage(site.id, since="2026-11") == november
    assert tx.sites.usage(other.id) == {("2026-11", "ham"): 9}
