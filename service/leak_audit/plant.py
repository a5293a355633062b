"""The paths of an installation on which an address may come in, be decided about, shown, asked for and erased."""

from __future__ import annotations

import json
import re
import time
from typing import Final
from urllib.parse import quote, urlencode

from service.leak_audit.planter import Planter
from service.webhooks.signing import sign

IDN_DOMAIN: Final = "bücherei.example"
OVERSIZED: Final = 700 * 1024
FORMS_NAME: Final = "Fay"
TICKET: Final = re.compile(r'name="ticket" value="([^"]{1,2000})"')
PAGES: Final = (
    "/v1/comments?limit=200",
    "/v1/comments/in-text",
    "/v1/comments/upper/contact",
    "/v1/decisions",
    "/metrics",
    "/readyz",
    "/docs",
    "/openapi.json",
    "/.well-known/replydesk.json",
)


def plant(planter: Planter) -> None:
    """Send everything that needs no verdict yet."""
    for path in (_accepted, _written, _refused, _misplaced, _repeated, _in_bulk, _imported, _by_form):
        path(planter)
    # the service's own code dies while it holds an address
    planter.run("crash", "-m", "service.leak_audit.crash", typed=planter.address("crash"))


def after_verdicts(planter: Planter) -> None:
    """Decide, undo, report, export and erase what was taken in, and look at every page of it."""
    _decided(planter)
    _looked_at(planter)
    _asked_for(planter)


def give_up(planter: Planter) -> None:
    """Decide what the receiver answers with 410: that callback is dead, and the site's are switched off."""
    _decide(planter, "given-up", "reject")


def _accepted(planter: Planter) -> None:
    planter.addresses["tagged"] = planter.address("tagged").replace("@", "+news@")
    planter.addresses["upper"] = planter.address("upper").upper()
    planter.address("idn", IDN_DOMAIN)
    for name in ("api", "upper", "tagged", "idn", "retried", "given-up", "undone", "erased"):
        planter.post(f"accepted: {name}", planter.comment(name, planter.address(name)))


def _written(planter: Planter) -> None:
    """Addresses in everything that a reader or a newsroom writes besides the address field."""
    own, other = planter.address("in text"), planter.address("of another")
    spelled = own.replace("@", " (at) ").replace(".", " dot ")
    mentioning = planter.comment("in-text", own, body=f"Write to {own}, {own.upper()}, {spelled} or {other}!")
    mentioning["author"] |= {"name": f"Ada {own}", "website": f"https://ada.example/?mail={quote(own)}"}
    mentioning["client"] = {
        "ip": "192.0.2.77",
        "user_agent": f"Reader/1.0 ({planter.address('agent')})",
        "referrer": f"https://mail.example/?to={quote(planter.address('referrer'))}",
    }
    planter.post("in body, name, website, agent and referrer", mentioning)
    title = planter.address("title")
    article = {
        "url": f"{planter.url}/a?id=7&mail={quote(title)}&again={quote(quote(title))}",
        "title": f"Tips to {title}",
    }
    planter.post("in an article's title and link", planter.comment("in-title", title, article=article))


def _refused(planter: Planter) -> None:
    """What is malformed, oversized or broken off."""
    bad = planter.address("refused")
    given = planter.comment("refused", bad)
    raw = json.dumps(given).encode()
    bodies = {
        "malformed: cut off": raw[:-20],
        "malformed: not an address": planter.comment("refused", f"{bad}@@"),
        "malformed: unknown field": {**given, bad: bad, "email": bad},
        "malformed: address as id": {**given, "id": bad},
        "malformed: address in the link's path": {**given, "article": {"url": f"https://x.example/{bad}"}},
        "oversized": {**given, "body": f"{bad} " + "x" * OVERSIZED},
    }
    for name, body in bodies.items():
        planter.post(name, body)
    planter.post("malformed: not JSON", raw, headers={"Content-Type": f"text/{bad}"})
    planter.note("broken off", planter.caller.hang_up("/v1/comments", raw))


def _misplaced(planter: Planter) -> None:
    """An address where none belongs: in a path, a query, a header."""
    bad, asked = planter.address("refused"), planter.address("query")
    query = urlencode({"api_key": planter.site.key, "email": asked})
    for name, path in (
        ("address in a path", f"/v1/comments/{quote(bad)}"),
        ("address in a path", f"/nothing/{quote(bad)}?mail={quote(bad)}"),
        ("key and address in a query", f"/v1/comments?{query}"),
    ):
        planter.call(name, "GET", path)
    headers = {
        "X-Request-Id": bad,
        "Cookie": f"replydesk={bad}",
        "X-Forwarded-For": bad,
        "Referer": f"https://x.example/{bad}",
    }
    for name, sent in (
        ("address as a key", {"Authorization": f"Bearer {asked}"}),
        ("address in headers", headers),
    ):
        planter.call(name, "GET", "/v1/comments", headers=sent)


def _repeated(planter: Planter) -> None:
    again = planter.address("replayed")
    given = planter.comment("replayed", again)
    keyed = {"Idempotency-Key": f"key-of-{again}"}
    planter.post("replay: first", given, headers=keyed)
    planter.post("replay: replay", given, headers=keyed)
    planter.post("replay: key with other content", {**given, "body": f"Other: {again}"}, headers=keyed)
    planter.post(
        "next revision", planter.comment("replayed", planter.address("revised"), body="A second text.")
    )
    nameless = {field: value for field, value in given.items() if field != "id"}
    planter.post("no id, only a key", nameless, headers={"Idempotency-Key": again})


def _in_bulk(planter: Planter) -> None:
    address = planter.address("batch")
    batch = [planter.comment("batched", address), {"author": {"email": address}}]
    planter.call("batch, with a bad item", "POST", "/v1/comments/batch", batch)
    body = json.dumps(planter.comment("inbound", planter.address("inbound"))).encode()
    headers = sign([planter.site.inbound_secret], f"msg_{planter.mark}", int(time.time()), body)
    path = f"/v1/sites/{planter.site.site.name}/inbound"
    planter.call("signed webhook", "POST", path, body, headers=headers, keyed=False)
    headers |= {"webhook-signature": "v1,AAAA"}
    planter.call("webhook, wrongly signed", "POST", path, body, headers=headers, keyed=False)


def _imported(planter: Planter) -> None:
    lines = planter.folder / "import.jsonl"
    imported = json.dumps(planter.comment("imported", planter.address("import")))
    lines.write_text(f"{imported}\n{imported[:-9]}\n", encoding="utf-8")
    try:
        planter.command("import file", "import", str(lines), "--site", planter.site.site.name, "--json")
    finally:
        lines.unlink()


def _by_form(planter: Planter) -> None:
    """Two readers: one who appeals and looks at what is kept, and one who is erased by their receipt."""
    for address in (planter.address("form"), planter.address("leaving")):
        article = f"{planter.url}/form?mail={quote(address)}"
        path = f"/sites/{planter.site.site.name}/reply?{urlencode({'article_url': article})}"
        page = planter.call("reply form", "GET", path, keyed=False)
        ticket = TICKET.search(page.body.decode("utf-8", "replace"))
        fields = {
            "ticket": ticket[1] if ticket else "",
            "comment": f"By form. Mail {address}",
            "name": FORMS_NAME,
            "email": address,
            "website": "",
            "topic": "",
        }
        planter.form("reply form: shown again with a fault", path, {**fields, "comment": ""})
        sent = planter.form("reply form: posted", path, fields)
        if "location" in sent.headers:
            planter.receipts.append("/r/" + sent.headers["location"].rpartition("/r/")[2])


def _decided(planter: Planter) -> None:
    address = planter.address("told")
    for name, action in (("undone", "approve"), ("api", "reject"), ("retried", "approve")):
        _decide(planter, name, action)
    listed = planter.caller.call("GET", "/v1/comments?limit=200").json or {}
    for one in listed.get("comments", ()):
        if one.get("name") == FORMS_NAME:
            _decide(planter, one["id"], "reject", "by form")
    planter.call("undone", "POST", "/v1/comments/undone/undo")
    planter.call("withdrawn", "DELETE", "/v1/comments/tagged")
    report = {"reason": f"Ask {address}", "by": address}
    planter.call("reported", "POST", "/v1/comments/in-text/reports", report)


def _decide(planter: Planter, comment_id: str, action: str, name: str = "") -> None:
    address = planter.address("told")
    body = {"action": action, "reason": f"{address} asked", "note": f"by mail to {address.upper()}"}
    decision = (planter.caller.call("GET", f"/v1/comments/{comment_id}").json or {}).get("decision")
    body |= {"replaces": decision} if decision else {}
    planter.call(f"decided: {name or comment_id}", "POST", f"/v1/comments/{comment_id}/decision", body)


def _looked_at(planter: Planter) -> None:
    article = quote(f"{planter.url}/a?id=7", safe="")
    published = f"/v1/sites/{quote(planter.site.site.name)}/published?article_url={article}"
    for path in (*PAGES, published):
        planter.call(f"page: {path.partition('?')[0]}", "GET", path)
    for receipt in planter.receipts:
        planter.call("page: /r/…", "GET", receipt)


def _asked_for(planter: Planter) -> None:
    planter.command("backup by command", "backup", str(planter.folder / "made.backup"))
    form, leaving = planter.address("form"), planter.address("leaving")
    for receipt in planter.receipts[:1]:
        planter.form("appealed by receipt", f"{receipt}/appeal", {"text": f"Mail me: {form}"})
        for choice, address in (("show", planter.address("guessed")), ("show", form), ("file", form)):
            asked = {"choice": choice, "email": address}
            planter.form(f"export by receipt: {choice}", f"{receipt}/yours", asked)
    planter.call("export by API", "POST", "/v1/exports", {"email": planter.address("api")})
    planter.call("erasure by API", "POST", "/v1/erasures", {"email": planter.address("erased")})
    for receipt in planter.receipts[1:]:
        asked = {"choice": "erase", "email": leaving}
        planter.form("erasure by receipt", f"{receipt}/yours", asked)
        planter.call("page: /r/… after it", "GET", receipt, keyed=False)
    planter.call("erasure: malformed", "POST", "/v1/erasures", {"email": f"{form}@@", form: 1})
