"""Revealing a masked contact: only to who is signed in, by a form of theirs, and never without a trace."""

from service.domain.audit_log import UnkeyedSigner, walk
from service.storage.audit_log import AuditLogRepository
from tests.web.pages.desk import act, csrf, follow, undo

TYPED = "Write to ada.unique.canary@example.org, or call +49 171 2345678."


def acts(small):
    links, head = small.rows(lambda tx: (tx.audit_log.after(0, 1000), tx.audit_log.head()))
    assert walk(links, head, UnkeyedSigner()).holds
    return [(link.act.who, link.act.act, link.act.subject) for link in links if link.act]


def test_a_reveal_shows_what_was_typed_and_is_logged(small):
    comment, browser = small.held(body=TYPED), small.signed_in("Mara")
    page = browser.get(f"/desk/comments/{comment.pk}")
    assert "canary" not in page.text
    form = page.tree.one("form", class_="reveal")
    shown = browser.send(form)
    assert shown.status == 200
    assert TYPED in shown.text
    assert shown.headers["Cache-Control"] == "no-store"
    assert acts(small)[-1] == ("Mara", "reveal", f"courier: comment {comment.pk}, revision 1")
    url, before = form.attributes["action"], acts(small)
    assert small.browser().post(url).status == 401
    assert browser.post(url, {"csrf": "x"}).status == 403
    assert browser.get(url).status in (404, 405)
    assert acts(small) == before


def test_a_comment_without_contacts_offers_and_reveals_nothing(small):
    comment, browser = small.held(), small.signed_in()
    page = browser.get(f"/desk/comments/{comment.pk}")
    assert "reveal" not in page.text
    tag = {"csrf": csrf(page)}
    assert "nothing to reveal" in browser.post(f"/desk/comments/{comment.pk}/reveal", tag).text
    assert browser.post("/desk/comments/999/reveal", tag).status == 404


def test_a_failing_log_shows_nothing(small, monkeypatch):
    comment, browser = small.held(body=TYPED), small.signed_in()
    form = browser.get(f"/desk/comments/{comment.pk}").tree.one("form", class_="reveal")

    def broken(*_):
        raise OSError

    monkeypatch.setattr(AuditLogRepository, "link", broken)
    monkeypatch.setattr(small.app, "testing", False)
    answer = browser.send(form)
    assert answer.status >= 500
    assert "canary" not in answer.text


def test_decisions_undone_and_signed_in_are_logged(small):
    comment, browser = small.held(), small.signed_in("Mara")
    page = follow(browser, act(browser, browser.get("/desk"), comment, "reject"))
    decision = small.again(comment).decision_id
    assert undo(browser, page.tree).status == 303
    assert browser.send(page.tree.one("form", class_="person")).status == 303
    told = [one for one in acts(small) if one[0] == "Mara"]
    assert [what for _, what, _ in told] == ["sign-in", "decision", "undo", "sign-out"]
    assert told[1][2] == f"courier: comment {comment.pk}, revision 1, reject, decision {decision}"
