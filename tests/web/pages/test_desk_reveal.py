"""Revealing a masked contact: only to who is signed in, by a form of theirs, and never without a trace."""

from service.domain.audit_log import UnkeyedSigner, walk

TYPED = "Write to ada.unique.canary@example.org, or call +49 171 2345678."


def acts(small):
    with small.context.deps.store.read() as tx:
        links = tx.audit_log.after(0, 1000)
        assert walk(links, tx.audit_log.head(), UnkeyedSigner()).holds
    return [(link.act.who, link.act.act, link.act.subject) for link in links if link.act]


def test_a_reveal_shows_what_was_typed_and_is_logged(small):
    comment, browser = small.held(body=TYPED), small.signed_in("Mara")
    page = browser.get(f"/desk/comments/{comment.pk}")
    assert "canary" not in page.text
    form = page.tree.one("form", class_="reveal")
    shown = browser.post(form.attributes["action"], form.fields())
    assert shown.status == 200
    assert TYPED in shown.text
    assert shown.headers["Cache-Control"] == "no-store"
    assert acts(small)[-1] == ("Mara", "reveal", f"courier: comment {comment.pk}, revision 1")


def test_nothing_is_revealed_without_the_form_of_a_session(small):
    comment = small.held(body=TYPED)
    url, before = f"/desk/comments/{comment.pk}/reveal", None
    browser = small.signed_in()
    before = acts(small)
    assert small.browser().post(url).status == 401
    assert browser.post(url, {"csrf": "x"}).status == 403
    assert browser.get(url).status in (404, 405)
    assert acts(small) == before


def test_a_comment_without_contacts_offers_and_reveals_nothing(small):
    comment, browser = small.held(), small.signed_in()
    page = browser.get(f"/desk/comments/{comment.pk}")
    assert "reveal" not in page.text
    csrf = page.tree.one("form", class_="person").fields()["csrf"]
    shown = browser.post(f"/desk/comments/{comment.pk}/reveal", {"csrf": csrf})
    assert "nothing to reveal" in shown.text
    assert browser.post("/desk/comments/999/reveal", {"csrf": csrf}).status == 404


def test_a_failing_log_shows_nothing(small):
    comment, browser = small.held(body=TYPED), small.signed_in()
    form = browser.get(f"/desk/comments/{comment.pk}").tree.one("form", class_="reveal")

    class Broken:
        def tag(self, told, version):
            raise OSError

        version = 0

    small.context.deps.store._signer = Broken()
    small.app.testing = False
    try:
        answer = browser.post(form.attributes["action"], form.fields())
    finally:
        small.app.testing = True
    assert answer.status >= 500
    assert "canary" not in answer.text


def test_decisions_undone_and_signed_in_are_logged(small):
    comment, browser = small.held(), small.signed_in("Mara")
    csrf = browser.get("/desk").tree.one("form", class_="person").fields()["csrf"]
    url = f"/desk/comments/{comment.pk}"
    assert browser.post(f"{url}/decision", {"action": "reject", "revision": "1", "csrf": csrf}).status == 303
    decision = small.again(comment).decision_id
    assert browser.post(f"{url}/undo", {"decision": str(decision), "csrf": csrf}).status == 303
    assert browser.post("/desk/sign-out", {"csrf": csrf}).status == 303
    told = [one for one in acts(small) if one[0] == "Mara"]
    assert [act for _, act, _ in told] == ["sign-in", "decision", "undo", "sign-out"]
    assert told[1][2] == f"courier: comment {comment.pk}, revision 1, reject, decision {decision}"
