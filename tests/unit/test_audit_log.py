"""The audit log: a chain of human acts, vouched for by a key and whole through its rotations, and its command."""

import json
from dataclasses import replace
from datetime import UTC, datetime

from sqlalchemy import text

from service.domain.audit_log import GENESIS, Act, Head, forge, forge_head, walk
from service.privacy.keys import Keyring
from service.privacy.signatures import KeyedSigner
from tests.factories import NOON, added

OLD, NEW = b"o" * 32, b"n" * 32
FIRST = KeyedSigner(Keyring(OLD))
BOTH = KeyedSigner(Keyring(NEW, version=2, older={1: OLD}))
SECOND = KeyedSigner(Keyring(NEW, version=2))
THIEF = KeyedSigner(Keyring(b"t" * 32))


def chain(*signers):
    """One link by each signer in turn, and the head by the last."""
    links = []
    for number, signer in enumerate(signers, 1):
        act = Act("Mara", "reveal", f"courier: comment {number}", NOON)
        links.append(forge(links[-1].link if links else GENESIS, number, act, f"salt {number}", signer))
    return links, forge_head(links[-1], signers[-1])


def test_a_chain_holds_before_within_and_after_a_rotation():
    links, head = chain(FIRST, FIRST, BOTH)
    assert walk(links, head, BOTH).holds
    after = walk(links, head, SECOND)
    assert (after.holds, after.links, after.unvouched) == (True, 3, 2)


def test_a_chain_is_broken_where_the_key_does_not_vouch_for_it():
    links, head = chain(BOTH, FIRST, FIRST)
    found = walk(links, head, SECOND)
    assert (found.holds, found.broken_at) == (False, 2)
    links, head = chain(THIEF, THIEF)
    assert walk(links, head, FIRST).broken_at == 1
    links, head = chain(FIRST, FIRST)
    forged = forge(GENESIS, 1, Act("Eve", "reveal", "courier: comment 1", NOON), "salt 1", THIEF)
    found = walk([forged, links[1]], head, FIRST)
    assert (found.broken_at, found.fault) == (1, "its tag was not made with this installation's key")


def test_a_shortened_chain_needs_a_head_that_only_the_key_can_make():
    links, head = chain(FIRST, FIRST)
    cut = Head(1, links[0].link, links[0].tag, 1)
    assert walk(links[:1], cut, FIRST).fault == "the head was not made with this installation's key"
    assert walk(links[:1], head, FIRST).fault == "the chain ends after 1, and its head says 2"
    assert walk(links, None, FIRST).fault == "the head is missing, so the end may be too"


def test_equal_acts_have_unequal_digests():
    act = Act("Mara", "reveal", "courier: comment 1", NOON)
    assert forge(GENESIS, 1, act, "a", FIRST).digest != forge(GENESIS, 1, act, "b", FIRST).digest
    links, head = chain(FIRST)
    assert walk([replace(links[0], act=None, salt=None)], head, FIRST).blanked == 1


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
    assert verified(run, "--expect", head, code=1)["fault"] == "the chain lacks the expected link"
    for unfit in ("1", "x:y", "1:" + "g" * 64, ":" + "0" * 64, "1" * 40 + ":" + "0" * 64):
        assert "NUMBER:LINK" in run("audit", "verify", "--expect", unfit, code=2).stderr


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
