"""A desk with a million comments on PostgreSQL, made in the time it takes to write them: two connections, indexes last.

Held ones are spread over sites, labels, languages and every score; some are set aside or copies of one another. People
decided some of the rest, singly and together; some are reported, appealed against, or late.
"""

from __future__ import annotations

from contextlib import closing
from typing import Final

from service.storage import open_store
from tools.filling import indexes_last, run, side_by_side

HELD_SHARE: Final = 20
ARTICLE_SHARE: Final = 50
SCORES: Final = ("toxicity", "severe_toxicity", "obscene", "threat", "insult", "identity_attack", "spam")
CLEAR: Final = (
    """{"action":"approve","reasons":[["clear","Nothing speaks against it.",null]],"scores":{"toxicity":0.02,"""
    """"severe_toxicity":0.01,"obscene":0.01,"threat":0.01,"insult":0.02,"identity_attack":0.01,"spam":0.02},"""
    """"spans":[],"reads_as":null,"language":"en","model":"m-1","policy":1}"""
)
BODY: Final = (
    "'Comment number ' || n || ' about the bridge, the ferry and the lamps at gate' || n % 5000 || '. '"
    " || repeat('It goes on for a while. ', 6)"
)
STATUS: Final = """CASE WHEN n % {share} = 0 THEN 'held' WHEN n % {share} = 1 THEN 'rejected'
  WHEN n % 50 = 2 THEN 'spam' WHEN n % 2000 = 5 AND n > {rows} - 100000 THEN 'pending' ELSE 'approved' END"""
AT: Final = "{now} - (({rows} - n) * 60000000::bigint)"
BEFORE: Final = """
INSERT INTO articles (site_id, url, title)
SELECT 1 + n % 2, 'https://courier.example/' || n, 'Article number ' || n FROM generate_series(1, {articles}) n
"""
COMMENTS: Final = """
INSERT INTO comments (pk, site_id, id, revision, status, live, attempts, article_pk, author_name, body, submitted_at,
  received_at, content_hash, source, author_key, decided_at, decision_id, published_revision, verdict, label, score,
  doubt, language, {columns})
OVERRIDING SYSTEM VALUE
SELECT n, 1 + a.pk % 2, 'c-' || n, 1, s.status, true, 0, a.pk, 'Reader ' || n % {authors}, {body}, {at}, {at}, 'hash',
  'api', 'author-' || n % {authors}, CASE WHEN s.status <> 'pending' THEN {now} END,
  CASE WHEN s.status <> 'pending' THEN n END, CASE WHEN s.status = 'approved' THEN 1 END,
  CASE s.status WHEN 'pending' THEN NULL WHEN 'held' THEN
    '{{"action":"hold","reasons":[["score","Held: ' || l.label || ' (limit 0.50)","' || l.label || '"]],"scores":{{'
    || {told} || '}},"spans":[[8,14,"' || l.label || '",0.9],[30,36,"' || l.label || '",0.4]],"reads_as":null,'
    || '"language":"' || l.language || '","model":"m-1","policy":1}}' ELSE '{clear}' END,
  l.label, c.scores[l.place] / 1000000.0, 1 - 2 * abs(c.scores[l.place] / 1000000.0 - 0.5), l.language, {values}
FROM generate_series(1, {rows}) n
CROSS JOIN LATERAL (SELECT 1 + (n / {share} + n) % {articles} AS pk) a
CROSS JOIN LATERAL (SELECT {status} AS status) s
CROSS JOIN LATERAL (SELECT CASE WHEN s.status = 'held' THEN ARRAY[{drawn}] END AS scores) c
CROSS JOIN LATERAL (SELECT (ARRAY[1, 5, 4, 7])[1 + (n / {share}) % 4] AS place,
  (ARRAY['toxicity', 'insult', 'threat', 'spam'])[1 + (n / {share}) % 4] AS label,
  (ARRAY['en', 'en', 'en', 'de', 'fr'])[1 + (n / {share}) % 5] AS language) l
"""
BESIDE: Final = """
INSERT INTO words (comment_pk, text)
SELECT n, to_tsvector('simple', 'Reader ' || n % {authors} || ' ' || {body}) FROM generate_series(1, {rows}) n;
INSERT INTO decisions (pk, comment_pk, site_id, revision, action, who_kind, who, from_status, to_status, created_at,
  effective_at, reason, seq)
SELECT n, n, 1 + (1 + (n / {share} + n) % {articles}) % 2, 1,
  CASE s.status WHEN 'held' THEN 'hold' WHEN 'rejected' THEN 'reject' WHEN 'spam' THEN 'spam' ELSE 'approve' END,
  CASE WHEN n % 20 = 3 THEN 'moderator' ELSE 'machine' END, CASE WHEN n % 20 = 3 THEN 'Mara' ELSE 'm-1' END,
  CASE WHEN n % 20 = 3 THEN 'held' ELSE 'pending' END, s.status, {at}, {at}, 'score', n
FROM generate_series(1, {rows}) n CROSS JOIN LATERAL (SELECT {status} AS status) s WHERE s.status <> 'pending';
INSERT INTO labels (site_id, comment_pk, revision, who_kind, who, action, decision_id, created_at)
SELECT 1 + (1 + (n / {share} + n) % {articles}) % 2, n, 1, 'moderator', 'Mara', 'approve', n, {at}
FROM generate_series(3, {rows}, 20) n;
INSERT INTO bulk_decisions (who, action, what, made_at) SELECT 'Mara', 'approve', 'range insult 0.1 0.2', {now}
FROM generate_series(1, 40);
INSERT INTO bulk_decision_members (decision_id, bulk_decision_id)
SELECT n, 40 - ({rows} - n) / 2000 FROM generate_series(greatest({rows} - 79997, 3), {rows}, 20) n;
INSERT INTO matters (kind, comment_pk, opened_at, raised)
SELECT 'aside', n, {now}, 1 FROM generate_series({share} * 100, {rows}, {share} * 100) n;
INSERT INTO matters (kind, comment_pk, opened_at, raised)
SELECT 'reported', n, {now}, 1 FROM generate_series(7, {rows}, 1000) n;
INSERT INTO appeals (site_id, comment_pk, decision_id, text, opened_at)
SELECT 1 + (1 + (n / {share} + n) % {articles}) % 2, n, n, 'Look again.', {now}
FROM generate_series(1, {rows}, 2000) n;
INSERT INTO duplicate_clusters (site_id, entries, begun_at) SELECT 1, ''::bytea, {now} FROM generate_series(1, 500);
INSERT INTO duplicate_cluster_members (comment_pk, cluster_id)
SELECT n, 1 + (n / ({share} * 10)) % 500 FROM generate_series({share} * 10, {rows}, {share} * 10) n
"""
AFTER: Final = """
SELECT setval('decision_ids', {rows} + 1);
SELECT setval(pg_get_serial_sequence('comments', 'pk'), {rows});
UPDATE site_counters SET seq = {rows} + 1
"""
TABLES: Final = [
    "comments",
    "decisions",
    "words",
    "labels",
    "bulk_decision_members",
    "matters",
    "appeals",
    "duplicate_cluster_members",
]


def fill(url: str, rows: int, now: int) -> None:
    """Put so many comments in, one in twenty held."""
    told = {"rows": rows, "articles": max(rows // ARTICLE_SHARE, 20), "authors": max(rows // 5, 1)}
    told |= {"share": HELD_SHARE, "now": now, "body": BODY, "clear": CLEAR}
    told |= {"at": AT.format(**told), "status": STATUS.format(**told)}
    told["columns"] = ", ".join(f"score_{label}" for label in SCORES)
    told["drawn"] = ", ".join(f"(hashint4(n * 7 + {k}) & 1023) * 977" for k in range(len(SCORES)))
    told["values"] = ", ".join(f"c.scores[{k + 1}]" for k in range(len(SCORES)))
    told["told"] = " || ',' || ".join(
        f"""'"{label}":' || c.scores[{k + 1}] / 1000000.0""" for k, label in enumerate(SCORES)
    )
    run(url, [BEFORE.format(**told)])
    with indexes_last(url, TABLES):
        side_by_side(url, [COMMENTS.format(**told)], BESIDE.format(**told).split(";\n"))
    with closing(open_store(url)) as store, store.write() as tx:
        for site in tx.sites.all():
            tx.articles.rekey(site.id)
    run(url, [*AFTER.format(**told).split(";\n"), "VACUUM ANALYZE"])
