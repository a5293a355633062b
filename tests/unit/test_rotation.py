"""The master key rotated: before, while both keys are at hand, and after the old one was let go."""

import base64
import json
import stat
from dataclasses import replace

import pytest

from service import usecases
from service.domain.comment import Placed
from service.privacy.keys import CORAL, CiphertextError, open_option, seal_option
from service.privacy.master_key import MasterKeyError, load_masters, parse_masters
from service.privacy.sealing import Address
from service.privacy.signatures import read_receipt, receipt_token
from service.usecases.reseal import reseal, sealed
from service.usecases.sites import enrol_site, key_owner
from tests.factories import NOON, SetClock, added, context_over, sqlite_store
from tests.stage import submission

OLD, NEW = (base64.b64encode(bytes([number]) * 32).decode() for number in (1, 2))
BEFORE, OVERLAP, AFTER = OLD, f"2:{NEW}\n1:{OLD}\n", f"2:{NEW}"
BODY = "Write to bo@example.org about the bridge."


class Rotated:
    """One store, seen with the old key, with both, and with the new one alone."""

    def __init__(self, home):
        self.home, self.store = home, sqlite_store()
        self.before, self.overlap, self.after = (self.context(keys) for keys in (BEFORE, OVERLAP, AFTER))
        self.enrolled = enrol_site(self.before, "courier", "https://courier.example")

    def context(self, keys):
        return context_over(self.store, self.home, SetClock(), REPLYDESK_MASTER_KEY=keys)

    def submit(self, context, comment_id="c-1", body=BODY, **changes):
        given = submission(comment_id, body, **changes)
        (placed,) = usecases.submit(context.deps, context.sanitizer, self.enrolled.site, [given])
        assert isinstance(placed, Placed), placed
        return placed

    def site(self):
        with self.store.read() as tx:
            return tx.sites.get("courier")

    def author_key(self, comment_id):
        with self.store.read() as tx:
            return tx.comments.get(self.enrolled.site.id, comment_id).author_key

    def original(self, context, comment):
        with self.store.read() as tx:
            ciphertext = tx.sealed.originals(comment.pk, comment.revision)["body"]
        return context.keyring.decrypt("courier", "original", ciphertext).decode()

    def opens(self, context, key):
        owner = key_owner(self.store, context.keyring, key, NOON)
        return owner[0].name if owner else None


@pytest.fixture
def rotated(tmp_path):
    return Rotated(tmp_path)


def test_originals_open_in_the_overlap_and_after_they_were_sealed_anew(rotated):
    comment = rotated.submit(rotated.before).comment
    assert rotated.original(rotated.overlap, comment) == BODY
    with pytest.raises(CiphertextError):
        rotated.original(rotated.after, comment)
    for context, counts in (
        (rotated.after, (0, 0, 3)),
        (rotated.overlap, (1, 2, 0)),
        (rotated.overlap, (0, 0, 0)),
    ):
        done = reseal(context)  # what no key opens is counted and left
        assert (done.originals, done.secrets, done.lost) == counts
    assert rotated.original(rotated.after, comment) == BODY
    assert sealed(rotated.overlap).under(1) == 0


def test_site_secrets_go_over(rotated):
    def secrets(context):
        site = rotated.site()
        pairs = [("webhook", site.webhook_secrets), ("inbound", site.inbound_secrets)]
        return [context.keyring.decrypt("courier", purpose, one[0]).decode() for purpose, one in pairs]

    wanted = [rotated.enrolled.webhook_secret, rotated.enrolled.inbound_secret]
    assert secrets(rotated.before) == secrets(rotated.overlap) == wanted
    reseal(rotated.overlap)
    assert secrets(rotated.overlap) == secrets(rotated.after) == wanted
    with pytest.raises(CiphertextError):
        secrets(rotated.before)


def test_secrets_in_a_sites_options_go_over(rotated):
    sealed_before = seal_option(rotated.before.keyring, "courier", CORAL, "shared with Coral")
    site = rotated.site()
    options = replace(site.options, coral_secrets=(sealed_before,), coral_token=sealed_before)
    with rotated.store.write() as tx:
        tx.sites.save(replace(site, options=options))
    assert sealed(rotated.overlap).secrets == {1: 4}
    assert reseal(rotated.overlap).secrets == 4
    assert sealed(rotated.overlap).secrets == {2: 4}
    kept = rotated.site().options
    for stored in (*kept.coral_secrets, kept.coral_token or ""):
        assert open_option(rotated.after.keyring, "courier", CORAL, stored) == "shared with Coral"
    assert reseal(rotated.after).lost == 0


def test_an_api_key_used_in_the_overlap_outlives_the_old_master(rotated):
    used, unused = rotated.enrolled.key, rotated.enrolled.akismet_key
    for context in (rotated.before, rotated.overlap, rotated.overlap, rotated.after):
        assert rotated.opens(context, used) == "courier"
    assert rotated.opens(rotated.after, unused) is None
    assert rotated.opens(rotated.overlap, "rk_none") is None


def test_what_is_sent_again_in_the_overlap_or_before_it_is_a_replay(rotated):
    waiting = rotated.context(f"1:{OLD}\n2:{NEW}\n")  # a new key that waits its turn changes nothing yet
    rotated.submit(rotated.before)
    keyed = rotated.submit(rotated.before, None, "Another word.", idempotency_key="k-1")
    for context in (rotated.before, rotated.overlap, waiting):
        assert rotated.submit(context).outcome == "replay"
        again = rotated.submit(context, None, "Another word.", idempotency_key="k-1")
        assert (again.outcome, again.comment.id) == ("replay", keyed.comment.id)
    assert rotated.submit(rotated.overlap, body="New words.").outcome == "revised"
    made = rotated.submit(rotated.overlap, "c-9").comment
    assert rotated.original(waiting, made) == BODY
    assert rotated.submit(waiting, "c-9").outcome == "replay"


def test_the_next_comment_of_an_author_carries_their_past_over(rotated):
    rotated.submit(rotated.before, "c-1")
    rotated.submit(rotated.before, "c-2", email=Address.parse("noor@example.org"))
    rotated.submit(rotated.overlap, "c-3")
    assert rotated.author_key("c-1") == rotated.author_key("c-3") != rotated.author_key("c-2")
    rotated.submit(rotated.after, "c-4")
    assert rotated.author_key("c-4") == rotated.author_key("c-1")


def test_a_site_that_keeps_no_author_has_none_carried_over(rotated):
    site = replace(rotated.enrolled.site, address_mode="none")
    made = rotated.overlap.sanitizer.draft(site, submission(), NOON)
    assert (made.author_key, made.older_author_keys, made.box) == (None, (), None)


def test_receipt_links_open_in_the_overlap(rotated):
    old = receipt_token(rotated.before.keyring, "courier", "c-1")
    new = receipt_token(rotated.overlap.keyring, "courier", "c-1")
    assert read_receipt(rotated.overlap.keyring, old) == ("courier", "c-1")
    assert read_receipt(rotated.after.keyring, new) == ("courier", "c-1")
    assert read_receipt(rotated.after.keyring, old) is None


# -- the file and the command ------------------------------------------------------------------------------------------


def test_several_keys_are_read_with_their_versions():
    both = {2: b"\x02" * 32, 1: b"\x01" * 32}
    for text in (OVERLAP, f"2:{NEW}, {OLD}", f"2:{NEW} 1:{OLD}"):
        found = parse_masters(text, "X")
        assert found == both
        assert next(iter(found)) == 2
    assert load_masters({"REPLYDESK_MASTER_KEY": OLD}, None) == {1: b"\x01" * 32}


@pytest.mark.parametrize(
    "text", ["", f"1:{OLD} {NEW}", f"0:{OLD}", f"256:{OLD}", f"x:{OLD}", f"2:{OLD}:", "2:", f"²:{OLD}"]
)
def test_faulty_or_too_many_keys_are_refused_without_being_shown(text):
    with pytest.raises(MasterKeyError, match="X") as refused:
        parse_masters(text, "X")
    assert OLD not in str(refused.value)
    with pytest.raises(MasterKeyError, match="1 to 16"):
        parse_masters(" ".join(f"{number}:{OLD}" for number in range(1, 18)), "X")


def test_the_command_rotates_reseals_and_retires(run, home):
    shown = added(run)
    said = run("keys", "rotate").stdout
    assert said.startswith("Version 2 stands first in ")
    file = home / "master.key"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert [line.partition(":")[0] for line in file.read_text().splitlines()] == ["2", "1"]
    told = json.loads(run("keys", "status", "--json").stdout)
    assert (told["current"], told["at_hand"]) == (2, [2, 1])
    assert told["versions"][0] == {"version": 1, "secrets": 2, "originals": 0}
    assert "run `keys reseal`" in run("keys", "retire", "1", "--leaked", code=2).stderr
    assert json.loads(run("keys", "reseal", "--json").stdout) == {"secrets": 2, "originals": 0, "lost": 0}
    assert "--leaked" in run("keys", "retire", "1", code=2).stderr
    assert "not an older key" in run("keys", "retire", "2", "--leaked", code=2).stderr
    run("keys", "retire", "1", "--leaked")
    assert json.loads(run("keys", "status", "--json").stdout)["at_hand"] == [2]
    assert "version 2 (current): 2 secrets" in run("keys", "status").stdout
    assert run("audit", "verify").stdout.startswith("4 entries, chain intact.")
    assert not [name for name, value in shown.items() if name != "site" and value in file.read_text()]


def test_keys_of_the_environment_are_changed_there(run, monkeypatch):
    monkeypatch.setenv("REPLYDESK_MASTER_KEY", OLD)
    refused = run("keys", "rotate", code=2).stderr
    assert "change it there" in refused
    assert OLD not in refused
