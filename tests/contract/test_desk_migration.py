"""An older database comes to the desk: what is held finds its place in every order, and old texts are found."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import text

from service.domain.desk import Sort, Wanted
from service.storage import migrate, open_store
from service.storage.engines import open_engine
from service.storage.records import Stretch
from service.storage.rows import verdict_text
from tests import servers
from tests.builders import NOON, ids, verdict

OLD = """
INSERT INTO sites (name, url, policy_version, email_required, address_mode, webhook_secrets, inbound_secrets)
  VALUES ('courier', 'https://courier.example', 1, true, 'sealed', '[]', '[]');
INSERT INTO articles (site_id, url) VALUES (1, 'https://courier.example/a');
INSERT INTO comments (site_id, id, revision, status, live, attempts, article_pk, author_name, body, submitted_at,
  received_at, content_hash, source, verdict)
  VALUES (1, 'a', 1, 'held', true, 1, 1, 'Ada', 'The old ferry.', 1, 1, 'h', 'api', :low),
  (1, 'b', 1, 'held', true, 1, 1, 'Bo', 'No boat at all.', 1, 1, 'h', 'api', :high),
  (1, 'c', 1, 'held', true, 1, 1, 'Chi', 'Unscored.', 1, 1, 'h', 'api', NULL)
"""


@pytest.fixture(params=["sqlite", "postgresql"])
def new_database_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """A database without tables, of each kind."""
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path / 'old.db'}"
        return
    request.getfixturevalue("postgres_url")  # skips where there is none
    with servers.postgresql_database() as url:
        yield url


def test_every_site_comes_to_hold_for_the_new_labels(new_database_url: str) -> None:
    """A policy of before has a next version with limits for them, and else says what it said."""
    migrate.upgrade(new_database_url, "0012")
    engine = open_engine(new_database_url)
    terms = '{"moderation":"post","toxicity.hold":0.3,"toxicity.reject":0.9}'
    with engine.begin() as connection:
        connection.execute(text(OLD.split(";\n")[0]))
        connection.execute(text("INSERT INTO policies VALUES (1, 1, :terms)"), {"terms": terms})
    engine.dispose()
    migrate.upgrade(new_database_url)
    store = open_store(new_database_url)
    with store.write() as tx:
        site = tx.site("courier")
        assert site is not None
        before = tx.policy(site.id, 1)
        assert before is not None
        added = {
            label: site.policy.cuts[label] for label in ("self_harm", "sexual", "personal_info", "refuse")
        }
        assert all(cut.hold and not cut.reject and not cut.spam for cut in added.values())
        assert site.policy == replace(before, version=2, cuts={**before.cuts, **added})
        tx.save_site(replace(site, title="The Courier"))
    store.close()


def test_what_was_held_before_is_sorted_and_found(new_database_url: str) -> None:
    """Scores are read from the stored verdicts, once, and every text is in the index of words."""
    migrate.upgrade(new_database_url, "0005")
    engine = open_engine(new_database_url)
    low = verdict(scores={"toxicity": 0.5}, reasons=())
    high = verdict(scores={"threat": 0.9}, reasons=(), language="de")
    with engine.begin() as connection:
        for statement in OLD.split(";\n"):
            values = {"low": verdict_text(low), "high": verdict_text(high)} if ":low" in statement else {}
            connection.execute(text(statement), values)
    engine.dispose()
    migrate.upgrade(new_database_url)
    store = open_store(new_database_url)
    with store.read() as tx:
        assert tx.newest_held() == 3
        orders = {sort: ids([one.comment for one in tx.queue(Wanted(sort), 1, NOON, 9)]) for sort in Sort}
        assert orders == {Sort.AGE: ["a", "b", "c"], Sort.SCORE: ["b", "a", "c"], Sort.DOUBT: ["a", "c", "b"]}
        assert ids([one.comment for one in tx.queue(Wanted(label="threat"), 1, NOON, 9)]) == ["b"]
        assert tx.languages() == ["de", "en"]
        assert ids(tx.sample_stretch(Stretch(0.9, 0.9, by="threat"), 9)) == ["b"]
        assert list(tx.spread(Stretch(0, 1, by="toxicity"), 2).counts) == [0, 1]
        assert ids(tx.search(["ferry"], None, None, 9)) == ["a"]
    store.close()
