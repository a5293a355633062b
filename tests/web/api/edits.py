"""Posting a comment, its verdict, and posting it again with another text."""

from __future__ import annotations

from tests.factories import ADDRESS
from tests.web.api.caller import submission
from tests.wxr import comment, item

CALM = "Thank you for the report about the bridge, it was a good read."


def judge(newsroom, comment_id="c-1", **scores):
    """Let the model decide a comment by these scores; without any it finds nothing against it."""
    newsroom.score(newsroom.comment(comment_id), scores)
    return newsroom.comment(comment_id)


def post(newsroom, comment_id="c-1", **changes):
    assert newsroom.post(submission(id=comment_id, **changes)).status_code in (200, 202)


def edited(newsroom, body=CALM, **changes):
    """Post new text for the comment and let the model decide it."""
    post(newsroom, body=body, **changes)
    return judge(newsroom)


def export(newsroom, body, state, number=7):
    """Import an export in which this is a comment's text and state; return what became of it."""
    by_ada = comment(number, body, state=state).replace("ada@mail.example", ADDRESS)
    newsroom.import_wordpress(item(by_ada, status="publish"))
    return newsroom.comment(f"wp-{number}")
