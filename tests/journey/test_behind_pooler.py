"""The whole product on PostgreSQL behind a real PgBouncer in transaction mode, and on a Redis that is given."""

from collections import Counter
from concurrent.futures import ThreadPoolExecutor

import psycopg
import pytest

from tests.journey.installation import Installation, submission
from tests.processes import until
from tests.receivers import receiver

pytestmark = pytest.mark.journey


def test_fifty_posts_behind_a_pooler_are_decided_and_sent(tmp_path, pooled_url, redis_url):
    with (
        Installation(
            tmp_path / "home",
            REPLYDESK_DATABASE_URL=pooled_url,
            REPLYDESK_CALLBACK_ALLOW="127.0.0.0/8",
            REDIS_URL=redis_url,
            REPLYDESK_REDIS_PREFIX="pooler-test:",
        ) as installation,
        receiver() as site,
    ):
        assert not any("-server" in line for line in installation.living())
        key = installation.demo_key()
        installation.run("site", "set", "demo", f"callback_url={site.url}")

        def post(number):
            return installation.call("POST", "/v1/comments", submission(f"c-{number}"), key)

        with ThreadPoolExecutor(8) as clients:
            answers = list(clients.map(post, range(50)))
        assert Counter(answer.status for answer in answers) == {202: 50}
        assert post(7).headers["Idempotent-Replay"] == "true"
        pending = "/v1/comments?status=pending"
        until(lambda: not installation.call("GET", pending, key=key).json["comments"], 60)
        until(lambda: len(set(site.ids())) >= 50, 60)
        assert installation.call("GET", "/readyz").json["status"] == "ready"
        assert installation.json("status")["up"]["store"] == "ok"
        assert installation.call("DELETE", "/v1/comments/c-1", key=key).status == 200
        receipt = installation.call("POST", "/v1/erasures", {"email": "ada@mail.example"}, key)
        assert receipt.status == 200
        assert "the database is at revision" in installation.run("migrate").lower()
        refused = installation.run("backup", str(tmp_path / "copy"), expect=2)
        assert refused == ""
    with psycopg.connect(pooled_url, autocommit=True, prepare_threshold=None) as other:
        for _ in range(12):
            assert other.execute("SHOW statement_timeout").fetchone() == ("0",)
            assert other.execute("SELECT count(*) FROM pg_locks WHERE locktype = 'advisory'").fetchone() == (
                0,
            )
