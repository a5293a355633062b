"""What a transaction knows of articles."""

from __future__ import annotations

from typing import Protocol

from service.domain.comment import Article, Comment


class Articles(Protocol):
    """How articles are found by any spelling of their address, described, and their threads moved."""

    def article(self, site_id: int, url: str) -> Article | None:
        """Return the article that the address leads to, also where its thread was moved since."""

    def save_article(self, site_id: int, article: Article) -> None:
        """Store the article as it is described here, new or known by its key."""

    def move_thread(self, site_id: int, url: str, to: Article, redirect: bool) -> int | None:
        """Move every comment of the article to another one and return how many; None where there is none to move.

        Where `to` has comments, both threads become one. With `redirect` the old address leads there from now on,
        without it a new thread can begin under it. What was private in one of them is private in both.
        """

    def move_comment(self, comment: Comment, article: Article) -> Comment:
        """Put a comment and its answers under the article that the site names now; return it as it is then."""

    def thread(
        self, site_id: int, article_url: str, before: int | None = None, limit: int = 50
    ) -> list[Comment]:
        """Return comments of the article in any state, the latest written first; those written before that pk's."""

    def key_articles(self, limit: int) -> int:
        """Give articles that an older version added their key, and join those that are one; return how many."""

    def rekey_articles(self, site_id: int) -> None:
        """Make the keys of all articles of a site anew, because it keeps other things apart now."""
