"""`replydesk audit`: the log of what people did is shown, verified, and broken links are named."""

import json
from datetime import UTC, datetime

import pytest
from sqlalchemy import text

from tests.factories import added


def verified(run, *more, code=0):
    return json.loads(run("audit", "verify", "--json", *more, code=code).stdout)


def meddle(context, statement):
    with context.deps.store.engine.begin() as connection:
        connection.execute(text(statement))


def test_settings_rotations_and_invitations_are_linked(run):
    added(run)
    run("site", "set", "courier", "title=The Courier")
    run("site", "rotate", "courier", "key", "--json")
    run("moderator", "add", "Mo")
    run("moderator", "set", "Mo", "--role", "lead")
    told = [json.loads(line) for line in run("audit", "list").stdout.splitlines()]
    assert [(one["who"], one["act"], one["subject"]) for one in told] == [
        ("operator", "add-site", "site courier"),
        ("operator", "tune", "site courier: title"),
        ("operator", "rotate", "site courier: key"),
        ("operator", "invite", "moderator 1 as moderator"),
        ("operator", "moderator", "moderator 1: lead"),
    ]
    found = verified(run)
    assert (found["holds"], found["links"], found["fault"]) == (True, 5, None)
    assert f"head {found['head']}" in run("audit", "verify").stdout


def test_the_first_broken_link_is_named(run, context):
    added(run)
    run("moderator", "add", "Mo", "--role", "admin")
    run("moderator", "add", "Noor")
    meddle(context, "UPDATE acts SET subject = 'moderator 1 as moderator' WHERE number = 2")
    found = verified(run, code=1)
    assert (found["holds"], found["broken_at"], found["links"]) == (False, 2, 1)
    said = run("audit", "verify", code=1).stdout
    assert said.startswith("BROKEN at link 2 (")
    assert "operator, invite, moderator 1 as moderator" in said


def test_a_chain_made_anew_misses_the_head_that_was_written_down(run, context):
    added(run)
    head = verified(run)["head"]
    run("moderator", "add", "Mo")
    assert verified(run, "--expect", head)["holds"]
    meddle(context, "DELETE FROM acts")
    meddle(context, "DELETE FROM act_heads")
    run("moderator", "add", "Noor")
    assert verified(run)["holds"]
    assert verified(run, "--expect", head, code=1)["fault"] == ("the chain lacks the expected link")


@pytest.mark.parametrize("text", ["1", "x:y", "1:" + "g" * 64, ":" + "0" * 64, "1" * 40 + ":" + "0" * 64])
def test_an_unfit_head_is_refused(run, text):
    assert "NUMBER:LINK" in run("audit", "verify", "--expect", text, code=2).stderr


def test_a_person_is_forgotten_and_the_chain_holds(run, context):
    with context.deps.store.write() as tx:
        tx.audit_log.append("Mara", "reveal", "courier: comment 7", datetime.now(UTC))
    run("audit", "blank", "Mara")
    assert "Mara" not in run("audit", "list").stdout
    found = verified(run)
    assert (found["holds"], found["links"], found["blanked"]) == (True, 2, 1)


def test_a_moderator_changes_role_and_is_let_go(run, context):
    run("moderator", "add", "Mo")
    shown = json.loads(run("moderator", "add", "Mo", "--role", "admin", "--json").stdout)
    assert shown["role"] == "admin"
    now = datetime.now(UTC)
    with context.deps.store.write() as tx:
        tx.moderators.add_session(1, "session", now.replace(year=now.year + 1))
    run("moderator", "set", "Mo", "--inactive")
    with context.deps.store.write() as tx:
        assert tx.moderators.session("session", now) is None
        mo = tx.moderators.get("Mo")
        assert not mo.active
    assert json.loads(run("moderator", "add", "Mo", "--json").stdout)["role"] == "admin"
    assert json.loads(run("moderator", "list", "--json").stdout)[0]["active"]
    assert "say what to change" in run("moderator", "set", "Mo", code=2).stderr
    assert "no moderator" in run("moderator", "set", "Zoe", "--role", "lead", code=2).stderr
