"""Every store: what an older master key made is found, and carried over to the present one."""

from service.domain.author_status import AuthorStatus, AuthorStatusEntry
from service.domain.comment import Original
from tests.factories import NOON, draft, herald

OLD, NEW = b"\x01sealed", b"\x02sealed"


def test_a_key_is_known_by_its_new_fingerprint(tx, site):
    tx.sites.add_key(site.id, "old", "key", NOON)
    assert tx.sites.replace_fingerprint("old", "new")
    assert not tx.sites.replace_fingerprint("old", "newer")
    assert tx.sites.key_owner("old", NOON) is None
    assert tx.sites.key_owner("new", NOON) == (site, "key")


def test_an_author_keeps_their_past_under_a_new_key(tx, site):
    site, other = site, tx.sites.add(herald())
    made = tx.comments.add(site.id, [draft("c-1", author_key="old"), draft("c-2", author_key="third")], NOON)
    tx.comments.add(other.id, [draft("c-1", author_key="old")], NOON)
    tx.comments.revise(
        made["c-1"], draft("c-1", author_key="old", content_hash="other"), NOON, keep_published=False
    )
    tx.authors.set_status(AuthorStatusEntry(site.id, "old", AuthorStatus.BANNED, "Mara", NOON))
    assert tx.authors.known(site.id, ["old", "new", "third", "none"]) == {"old", "third"}
    assert tx.authors.known(site.id, []) == set()
    assert tx.authors.rekey(site.id, {"old": "new"}) >= 2
    assert tx.authors.known(site.id, ["old", "new"]) == {"new"}
    assert tx.authors.known(other.id, ["old", "new"]) == {"old"}
    assert tx.authors.statuses(site.id, ["new"], NOON)["new"].status is AuthorStatus.BANNED
    found = tx.comments.get(site.id, "c-1")
    assert found.author_key == "new"


def test_originals_of_other_versions_are_found_in_pages_and_replaced(tx, site):
    for number in range(3):
        originals = (Original("body", OLD), Original("name", OLD))
        tx.comments.add(site.id, [draft(f"c-{number}", originals=originals)], NOON)
    tx.comments.add(site.id, [draft("c-9", originals=(Original("body", NEW),))], NOON)
    assert tx.sealed.count_by_key_version() == {1: 6, 2: 1}
    first = tx.sealed.with_other_key(2, 0, 2)
    assert [(one.field, one.site) for one in first] == [("body", "courier"), ("name", "courier")] * 2
    rest = tx.sealed.with_other_key(2, first[-1].comment_pk, 2)
    assert len(rest) == 2
    assert tx.sealed.with_other_key(2, rest[-1].comment_pk, 2) == []
    pairs = [(one, one.anew(NEW)) for one in (*first, *rest)]
    assert tx.sealed.replace(pairs) == 6
    assert tx.sealed.replace(pairs) == 0
    assert tx.sealed.count_by_key_version() == {2: 7}
