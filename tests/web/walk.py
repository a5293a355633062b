"""The walk: every route as every caller, on a small installation that is put back as it was after each step."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from sqlalchemy import Engine
from werkzeug.routing import Rule
from werkzeug.test import TestResponse

from service.storage import Store
from service.usecases.moderators import invite
from service.web.security import csrf_token
from tests.factories import sqlite_store
from tests.web.api.caller import ARTICLE, Newsroom, submission
from tests.web.routes import CALLERS, ROUTES

CANARY: Final = "The keeper of bridge seven is called Quillon."
PLACES: Final = {"comment_id": "c-1", "slug": "no-such-article", "form": "csv", "name": "no-such-file"}
OF_SITE: Final = re.compile(r"<slug:(name|site)>")
BODIES: Final[dict[str, dict[str, Any]]] = {
    "POST /v1/comments": submission(id="c-2"),
    "POST /v1/comments/<id:comment_id>/decision": {"action": "approve"},
    "POST /v1/comments/<id:comment_id>/reports": {"reason": "rude", "by": "reader-1"},
    "POST /v1/articles": {"url": "https://courier.example/tunnel"},
    "POST /v1/articles/move": {"url": ARTICLE, "to": ARTICLE},
    "POST /v1/erasures": {"email": "nobody@example.org"},
    "POST /v1/exports": {"email": "nobody@example.org"},
}
AKISMET: Final = {"blog": "https://x.example", "user_ip": "192.0.2.1", "comment_content": "Hello."}
OF_COURIER: Final = (
    "SELECT * FROM sites WHERE pk = ?",
    *(
        f"SELECT * FROM {table} WHERE site_id = ? ORDER BY 1"
        for table in ("comments", "decisions", "deliveries", "labels")
    ),
    *(
        f"SELECT * FROM {table} WHERE comment_pk IN (SELECT pk FROM comments WHERE site_id = ?) ORDER BY 1, 2"
        for table in ("contacts", "originals")
    ),
)
UNKNOWN: Final = (None,) * len(CALLERS)
NO_KEY: Final = re.compile(rb"^invalid$|field: api_key|field: key|API key", re.IGNORECASE)


@dataclass
class Step:
    """One route as one caller: what was expected and what came of it."""

    route: str
    caller: str
    expected: str | None
    found: str
    leaked: bool
    touched: bool

    @property
    def is_surprise(self) -> bool:
        """Whether anything is not as the table says, or another caller saw or changed what is the courier's."""
        return self.expected != self.found or self.leaked or self.touched


class WatchedStore(Store):
    """A store that says when it was changed, and can be put back as it was at one moment."""

    def __init__(self, engine: Engine) -> None:
        super().__init__(engine)
        pooled = engine.raw_connection()
        connection = pooled.driver_connection
        assert isinstance(connection, sqlite3.Connection)
        pooled.detach()  # none of the store's own: it is to see what they commit
        self.watching, self.kept = connection, sqlite3.connect(":memory:")

    def keep(self) -> None:
        self.watching.backup(self.kept)

    def version(self) -> int:
        """Return a number that is another one after each commit."""
        return int(self.rows("PRAGMA data_version")[0][0])

    def put_back(self) -> None:
        """Make the store what it was when the copy was taken."""
        self.kept.backup(self.watching)

    def rows(self, query: str, *values: object) -> list[Any]:
        return self.watching.execute(query, values).fetchall()

    def close(self) -> None:
        self.watching.close()
        self.kept.close()
        super().close()


class Walk:
    """An installation with one comment of the courier in it, and its callers."""

    def __init__(self, home: Path) -> None:
        self.store = sqlite_store(WatchedStore)
        self.newsroom = Newsroom.over(self.store, home)
        self.newsroom.post(submission(body=CANARY))
        self.newsroom.settle()
        self.sessions = {role: self._session(role) for role in ("moderator", "lead", "admin")}
        self.store.keep()
        self.kept = self._courier()

    def _session(self, role: str) -> str:
        path = invite(self.newsroom.context, f"a {role}", role)[1]
        client = self.newsroom.client
        answer = client.post(path.removeprefix(self.newsroom.context.settings.public_url))
        assert answer.status_code == 303
        return str(client.get_cookie("replydesk").value)

    def rules(self) -> Iterator[tuple[str, Rule, str]]:
        """Every route with its method, as the table names them."""
        for rule in sorted(self.newsroom.app.url_map.iter_rules(), key=lambda one: one.rule):
            for method in sorted((rule.methods or set()) - {"HEAD", "OPTIONS"}):
                yield f"{method} {rule.rule}", rule, method

    def steps(self) -> Iterator[Step]:
        for route, rule, method in self.rules():
            for caller, expected in zip(CALLERS, ROUTES.get(route, UNKNOWN), strict=True):
                yield self.step(route, rule, method, caller, expected)

    def step(
        self, route: str, rule: Rule, method: str, caller: str, expected: str | None, tagged: bool = True
    ) -> Step:
        """Ask once, look at what changed, and put everything back."""
        self.newsroom.forget()
        version = self.store.version()
        answer = self.ask(route, rule, method, caller, tagged)
        found = outcome(answer, rule.rule)
        mine = caller == "own key" or (found == "in" and rule.rule.startswith("/desk"))
        leaked = not mine and CANARY.encode() in answer.data
        changed = self.store.version() != version
        touched = not mine and changed and self._courier() != self.kept
        if changed:
            self.store.put_back()
        return Step(route, caller, expected, found, leaked, touched)

    def ask(self, route: str, rule: Rule, method: str, caller: str, tagged: bool) -> TestResponse:
        path = OF_SITE.sub("courier", rule.rule)
        path = re.sub(r"<(?:[^:<>]*(?:\([^)]*\))?:)?(\w+)>", lambda one: PLACES.get(one[1], "1"), path)
        given: dict[str, Any] = {"query_string": {"article_url": ARTICLE}} if "<slug:" in rule.rule else {}
        client, headers = self.newsroom.client, {}
        key = {"own key": self.newsroom.courier, "other site's key": self.newsroom.herald}.get(caller)
        if key is not None:
            headers["Authorization"] = f"Bearer {key.key}"
            if rule.rule.startswith(("/1.", "/v1alpha1")):
                given["query_string"] = {"key": key.key, "api_key": key.key}
        if caller in self.sessions:
            client.set_cookie("replydesk", self.sessions[caller])
        if rule.rule.startswith("/desk") and method == "POST":
            session = self.sessions.get(caller, "")
            given["data"] = {"csrf": csrf_token(self.newsroom.context.keyring, session)} if tagged else {}
        elif rule.rule.startswith("/1.") and method == "POST":
            given["data"] = AKISMET | ({"api_key": key.key, "key": key.key} if key else {})
        elif route in BODIES or (method == "POST" and rule.rule.startswith(("/v1", "/v1alpha1"))):
            given["json"] = BODIES.get(route, {})
        return client.open(path, method=method, headers=headers, **given)

    def _courier(self) -> list[Any]:
        """What of the courier could be touched by others."""
        return [self.store.rows(query, self.newsroom.courier.site.id) for query in OF_COURIER]


def outcome(answer: TestResponse, rule: str) -> str:
    """Put an answer in one of the table's words."""
    status = answer.status_code
    if status >= 500 and status != 503:
        return f"broken {status}"
    if rule.startswith("/desk") and not rule.startswith("/desk/sign-in"):
        return _at_the_desk(answer)
    if status == 401 or (status in (200, 400, 403) and _wants_a_key(answer, rule)):
        return "refused" if "/coral/" in rule else "no key"
    if status == 404 and "/coral/" not in rule:
        return "nothing"
    compat = rule.startswith(("/1.", "/v1alpha1", "/v1/moderations"))
    if (status in (405, 410, 429) or "/coral/" in rule) and status >= 400:
        return "refused"
    return "in" if status < 400 or status in (400, 409, 415, 422, 503) or compat else "refused"


def _at_the_desk(answer: TestResponse) -> str:
    location = answer.headers.get("Location", "")
    if answer.status_code == 401 or (answer.status_code == 303 and location == "/desk/sign-in"):
        # signing out leads to the sign-in too, and takes the cookie back
        return "in" if "Set-Cookie" in answer.headers else "sign in"
    return "role" if answer.status_code == 403 else "in"


def _wants_a_key(answer: TestResponse, rule: str) -> bool:
    return rule.startswith(("/1.", "/v1alpha1")) and NO_KEY.search(answer.data[:2000]) is not None
