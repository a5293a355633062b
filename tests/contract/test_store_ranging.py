"""Every store: held comments by their leading score, counted, drawn from and paged."""

import pytest

from service.moderation.comment import Comment
from service.moderation.desk import Matter
from service.moderation.verdict import LABELS, Action
from service.ports import Site, Store
from service.ports.ranging import Stretch
from tests.builders import NOON, after, courier, draft, herald, ids, move, verdict


@pytest.fixture
def site(store: Store) -> Site:
    """The courier, stored."""
    with store.write() as tx:
        return tx.add_site(courier())


def held(store: Store, site: Site, *scores: float, label: str = "spam", first: int = 0) -> list[Comment]:
    """Hold comments whose verdict is led by that label at these scores."""
    with store.write() as tx:
        names = [draft(f"c-{first + n}") for n in range(len(scores))]
        comments = list(tx.add_comments(site.id, names, NOON).values())
        for comment, score in zip(comments, scores, strict=True):
            given = verdict(scores=dict.fromkeys(LABELS, 0.0) | {label: score}, reasons=())
            assert tx.move([move(comment, Action.HOLD, verdict=given)])
        return comments


def test_held_comments_spread_over_their_score(store: Store, site: Site) -> None:
    """Each step of the scale counts those whose leading score lies in it, the last one its upper edge too."""
    held(store, site, 0.05, 0.1, 0.19, 0.95, 1.0)
    held(store, site, 0.95, label="insult", first=10)
    with store.read() as tx:
        assert list(tx.spread(None, None, 10)) == [1, 2, 0, 0, 0, 0, 0, 0, 0, 3]
        assert list(tx.spread("insult", site.id, 10))[9] == 1
        assert sum(tx.spread("threat", None, 10)) == 0


def test_a_stretch_holds_its_edges(store: Store, site: Site) -> None:
    """Both edges are inside; another label, another site and what came later are not."""
    comments = held(store, site, 0.4, 0.5, 0.6, 0.7)
    with store.write() as tx:
        other = tx.add_site(herald())
    held(store, other, 0.5)
    late = held(store, site, 0.5, first=20)
    seen = Stretch(0.4, 0.6, "spam", site.id, until_pk=comments[-1].pk)
    with store.read() as tx:
        assert tx.count_stretch(seen) == 3
        assert tx.count_stretch(Stretch(0.4, 0.6)) == 5
        assert tx.last_held() == late[0].pk
        assert sorted(ids(tx.sample_stretch(seen, 9))) == ["c-0", "c-1", "c-2"]
        assert len(tx.sample_stretch(seen, 2)) == 2
        assert tx.sample_stretch(Stretch(0.8, 0.9), 2) == []


def test_a_stretch_is_paged_without_what_others_have_in_hand(store: Store, site: Site) -> None:
    """Pages go by number; a comment that another moderator looks at is left to them, one set aside to everybody."""
    first, second, third, fourth = held(store, site, 0.5, 0.5, 0.5, 0.5)
    with store.write() as tx:
        mara = tx.add_moderator("Mara", "moderator", NOON)
        noor = tx.add_moderator("Noor", "moderator", NOON)
        tx.claim(noor.id, [second.pk], NOON, after(60))
        tx.open_matter(Matter.ASIDE, fourth, NOON)
        stretch = Stretch(0.0, 1.0)
        assert ids(tx.page_stretch(stretch, 0, 9, mara.id, NOON)) == [first.id, third.id]
        assert ids(tx.page_stretch(stretch, first.pk, 9, noor.id, NOON)) == [second.id, third.id]
        assert ids(tx.page_stretch(stretch, 0, 1, mara.id, after(61))) == [first.id]
