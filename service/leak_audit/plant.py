"""Sends canary addresses through every path of an installation, each under a name that tells the path."""

from __future__ import annotations

import json
import re
import secrets
import string
import subprocess
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import quote, urlencode

from service.leak_audit.http_calls import Answer, Caller
from service.webhooks.signing import sign

if TYPE_CHECKING:
    from service.usecases.sites import Enrolment

MARK_LETTERS: Final = 12
DOMAIN: Final = "mail.example"
IDN_DOMAIN: Final = "bücherei.example"
OVERSIZED: Final = 700 * 1024
COMMAND_SECONDS: Final = 60.0
FORMS_NAME: Final = "Fay"
TICKET: Final = re.compile(r'name="ticket" value="([^"]{1,2000})"')


def new_mark() -> str:
    """Return letters that stand in every canary of one audit and, as good as certainly, nowhere else."""
    return "canary" + "".join(secrets.choice(string.ascii_lowercase) for _ in range(MARK_LETTERS))


@dataclass(slots=True)
class Taken:
    """One path that an address took: its name, and what the service said to it."""

    name: str
    outcome: str


@dataclass(slots=True)
class Planter:
    """Plants the canaries of one audit on one site."""

    caller: Caller
    site: Enrolment
    mark: str
    folder: Path
    environment: Mapping[str, str]
    coral_secret: str
    paths: list[Taken] = field(default_factory=list)
    addresses: dict[str, str] = field(default_factory=dict)
    screens: list[tuple[str, bytes]] = field(default_factory=list)
    receipts: list[str] = field(default_factory=list)

    def address(self, name: str, domain: str = DOMAIN) -> str:
        """Return the canary of that name; it is remembered, for its hashes are looked for too."""
        letters = "".join(letter for letter in name if letter.isalpha())
        return self.addresses.setdefault(name, f"{self.mark}{letters}@{domain}")

    def plant(self) -> None:
        """Send everything that needs no verdict yet."""
        for group in (self._accepted, self._written, self._refused, self._repeated, self._in_bulk):
            group()
        self._by_form()
        self._crash()

    def after_verdicts(self) -> None:
        """Decide, undo, report, export and erase what was taken in, and look at every page of it."""
        self._decided()
        self._looked_at()
        self._asked_for()

    # -- what comes in -------------------------------------------------------------------------------------------------

    def _accepted(self) -> None:
        tagged = self.address("tagged").replace("@", "+news@")
        self.addresses["tagged"] = tagged
        variants = {
            "api": self.address("api"),
            "upper": self.address("upper").upper(),
            "tagged": tagged,
            "idn": self.address("idn", IDN_DOMAIN),
            "retried": self.address("retried"),
            "given-up": self.address("given up"),
            "undone": self.address("undone"),
            "erased": self.address("erased"),
        }
        self.addresses["upper"] = variants["upper"]
        for name, address in variants.items():
            self._post(f"accepted: {name}", self._comment(name, address))

    def _written(self) -> None:
        """Addresses in everything that a reader or a newsroom writes besides the address field."""
        own, other = self.address("in text"), self.address("of another")
        spelled = own.replace("@", " (at) ").replace(".", " dot ")
        mentioning = self._comment(
            "in-text", own, body=f"Write to {own}, {own.upper()}, {spelled} or {other}!"
        )
        mentioning["author"] |= {"name": f"Ada {own}", "website": f"https://ada.example/?mail={quote(own)}"}
        mentioning["client"] = {
            "ip": "192.0.2.77",
            "user_agent": f"Reader/1.0 ({self.address('agent')})",
            "referrer": f"https://mail.example/?to={quote(self.address('referrer'))}",
        }
        self._post("in body, name, website, agent and referrer", mentioning)
        title = self.address("title")
        article = {
            "url": f"{self.site.site.url}/a?id=7&mail={quote(title)}&again={quote(quote(title))}",
            "title": f"Tips to {title}",
        }
        self._post("in an article's title and link", self._comment("in-title", title, article=article))

    def _refused(self) -> None:
        """What is malformed, oversized, broken off, or not where it belongs."""
        bad = self.address("refused")
        given = self._comment("refused", bad)
        raw = json.dumps(given).encode()
        self._post("malformed: cut off", raw[:-20])
        self._post("malformed: not an address", self._comment("refused", f"{bad}@@"))
        self._post("malformed: unknown field", {**given, bad: bad, "email": bad})
        self._post("malformed: address as id", {**given, "id": bad})
        self._post(
            "malformed: address in the link's path", {**given, "article": {"url": f"https://x.example/{bad}"}}
        )
        self._post("malformed: not JSON", raw, headers={"Content-Type": f"text/{bad}"})
        self._post("oversized", {**given, "body": f"{bad} " + "x" * OVERSIZED})
        self._say("broken off", self.caller.hang_up("/v1/comments", raw))
        for path in (f"/v1/comments/{quote(bad)}", f"/nothing/{quote(bad)}?mail={quote(bad)}"):
            self._say("address in a path", self.caller.call("GET", path))
        query = urlencode({"api_key": self.site.key, "email": self.address("query")})
        self._say("key and address in a query", self.caller.call("GET", f"/v1/comments?{query}"))
        self._say(
            "address as a key",
            self.caller.call(
                "GET", "/v1/comments", headers={"Authorization": f"Bearer {self.address('query')}"}
            ),
        )
        headers = {
            "X-Request-Id": bad,
            "Cookie": f"replydesk={bad}",
            "X-Forwarded-For": bad,
            "Referer": f"https://x.example/{bad}",
        }
        self._say("address in headers", self.caller.call("GET", "/v1/comments", headers=headers))

    def _repeated(self) -> None:
        again = self.address("replayed")
        given = self._comment("replayed", again)
        keyed = {"Idempotency-Key": f"key-of-{again}"}
        for name in ("first", "replay"):
            self._post(f"replay: {name}", given, headers=keyed)
        self._post(
            "replay: key with other content",
            {**given, "body": f"Other: {again}"},
            headers=keyed,
        )
        self._post("next revision", self._comment("replayed", self.address("revised"), body="A second text."))
        nameless = {field: value for field, value in given.items() if field != "id"}
        self._post("no id, only a key", nameless, headers={"Idempotency-Key": again})

    def _in_bulk(self) -> None:
        batch = [
            self._comment("batched", self.address("batch")),
            {"author": {"email": self.address("batch")}},
        ]
        self._say("batch, with a bad item", self.caller.call("POST", "/v1/comments/batch", batch))
        body = json.dumps(self._comment("inbound", self.address("inbound"))).encode()
        headers = sign([self.site.inbound_secret], f"msg_{self.mark}", int(time.time()), body)
        path = f"/v1/sites/{self.site.site.name}/inbound"
        self._say("signed webhook", self.caller.call("POST", path, body, headers=headers, keyed=False))
        headers |= {"webhook-signature": "v1,AAAA"}
        self._say(
            "webhook, wrongly signed", self.caller.call("POST", path, body, headers=headers, keyed=False)
        )
        lines = self.folder / "import.jsonl"
        imported = self._comment("imported", self.address("import"))
        lines.write_text(f"{json.dumps(imported)}\n{json.dumps(imported)[:-9]}\n", encoding="utf-8")
        try:
            self._command("import file", "import", str(lines), "--site", self.site.site.name, "--json")
        finally:
            lines.unlink()

    def _by_form(self) -> None:
        """Two readers: one who appeals and looks at what is kept, and one who is erased by their receipt."""
        for address in (self.address("form"), self.address("leaving")):
            article = f"{self.site.site.url}/form?mail={quote(address)}"
            path = f"/sites/{self.site.site.name}/reply?{urlencode({'article_url': article})}"
            page = self._say("reply form", self.caller.call("GET", path, keyed=False))
            ticket = TICKET.search(page.body.decode("utf-8", "replace"))
            fields = {
                "ticket": ticket[1] if ticket else "",
                "comment": f"By form. Mail {address}",
                "name": FORMS_NAME,
                "email": address,
                "website": "",
                "topic": "",
            }
            self._say(
                "reply form: shown again with a fault", self.caller.form(path, {**fields, "comment": ""})
            )
            sent = self._say("reply form: posted", self.caller.form(path, fields))
            if "location" in sent.headers:
                self.receipts.append("/r/" + sent.headers["location"].rpartition("/r/")[2])

    def _crash(self) -> None:
        """Let the service's own code die while it holds an address, by an error and by an abort."""
        self._run("crash", [sys.executable, "-m", "service.leak_audit.crash"], typed=self.address("crash"))

    # -- what happens to it --------------------------------------------------------------------------------------------

    def _decided(self) -> None:
        address = self.address("told")
        for name in ("undone", "api", "retried"):
            self._decide(name, "reject" if name == "api" else "approve")
        for form in self._from_forms():
            self._decide(form, "reject", "by form")
        self._say("undone", self.caller.call("POST", "/v1/comments/undone/undo"))
        self._say("withdrawn", self.caller.call("DELETE", "/v1/comments/tagged"))
        report = {"reason": f"Ask {address}", "by": address}
        self._say("reported", self.caller.call("POST", "/v1/comments/in-text/reports", report))

    def give_up(self) -> None:
        """Decide what the receiver answers with 410: that callback is dead, and the site's are switched off."""
        self._decide("given-up", "reject")

    def _from_forms(self) -> list[str]:
        """Return the ids that the service gave to what came by form."""
        listed = self.caller.call("GET", "/v1/comments?limit=200").json or {}
        return [one["id"] for one in listed.get("comments", ()) if one.get("name") == FORMS_NAME]

    def _decide(self, name: str, action: str, called: str = "") -> None:
        address = self.address("told")
        body = {"action": action, "reason": f"{address} asked", "note": f"by mail to {address.upper()}"}
        decision = (self.caller.call("GET", f"/v1/comments/{name}").json or {}).get("decision")
        body |= {"replaces": decision} if decision else {}
        self._say(
            f"decided: {called or name}", self.caller.call("POST", f"/v1/comments/{name}/decision", body)
        )

    def _looked_at(self) -> None:
        site = quote(self.site.site.name)
        article = quote(f"{self.site.site.url}/a?id=7", safe="")
        pages = [
            "/v1/comments?limit=200",
            "/v1/comments/in-text",
            "/v1/comments/upper/contact",
            "/v1/decisions",
            f"/v1/sites/{site}/published?article_url={article}",
            "/metrics",
            "/readyz",
            "/docs",
            "/openapi.json",
            "/.well-known/replydesk.json",
            *self.receipts,
        ]
        for path in pages:
            name = path.partition("?")[0] if not path.startswith("/r/") else "/r/…"
            self._say(f"page: {name}", self.caller.call("GET", path))

    def _asked_for(self) -> None:
        self._command("backup by command", "backup", str(self.folder / "made.backup"))
        form, leaving = self.address("form"), self.address("leaving")
        for receipt in self.receipts[:1]:
            appeal = self.caller.form(f"{receipt}/appeal", {"text": f"Mail me: {form}"})
            self._say("appealed by receipt", appeal)
            for choice, address in (("show", self.address("guessed")), ("show", form), ("file", form)):
                asked = self.caller.form(f"{receipt}/yours", {"choice": choice, "email": address})
                self._say(f"export by receipt: {choice}", asked)
        self._say("export by API", self.caller.call("POST", "/v1/exports", {"email": self.address("api")}))
        self._say(
            "erasure by API", self.caller.call("POST", "/v1/erasures", {"email": self.address("erased")})
        )
        for receipt in self.receipts[1:]:
            asked = self.caller.form(f"{receipt}/yours", {"choice": "erase", "email": leaving})
            self._say("erasure by receipt", asked)
            self._say("page: /r/… after it", self.caller.call("GET", receipt, keyed=False))
        self._say(
            "erasure: malformed", self.caller.call("POST", "/v1/erasures", {"email": f"{form}@@", form: 1})
        )

    # -- how -----------------------------------------------------------------------------------------------------------

    def _comment(self, name: str, address: str, **changes: Any) -> dict[str, Any]:
        given: dict[str, Any] = {
            "id": name,
            "article": {"url": f"{self.site.site.url}/a?id=7", "title": "The bridge opens"},
            "author": {"name": "Ada", "email": address},
            "body": f"My way to work is half an hour shorter now, says number {name}.",
        }
        return {**given, **changes}

    def _post(self, name: str, body: object, headers: Mapping[str, str] | None = None) -> Answer:
        return self._say(name, self.caller.call("POST", "/v1/comments", body, headers=headers))

    def saw(self, name: str, answer: Answer) -> None:
        """Note one more page that was looked at."""
        self._say(name, answer)

    def _say(self, name: str, answer: Answer) -> Answer:
        self.paths.append(Taken(name, str(answer.status) if answer.status else "no answer"))
        return answer

    def _command(self, name: str, *arguments: str) -> None:
        self._run(name, [sys.executable, "-m", "service.cli.main", *arguments])

    def _run(self, name: str, command: list[str], typed: str = "") -> None:
        """Run a program of the service; what it says is searched like everything else."""
        try:
            done = subprocess.run(  # noqa: S603  # our own programs
                command,
                input=f"{typed}\n".encode(),
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                cwd=self.folder,
                env=dict(self.environment),
                timeout=COMMAND_SECONDS,
                check=False,
            )
            self.screens.append((name, done.stdout))
            self.paths.append(Taken(name, f"exit {done.returncode}"))
        except subprocess.TimeoutExpired as late:
            self.screens.append((name, late.stdout or b""))
            self.paths.append(Taken(name, "no end"))
