"""`replydesk site` and `replydesk moderator`: secrets shown once, settings and policy, rotation, sign-in links."""

import hashlib
import json
from datetime import UTC, datetime, timedelta

import pytest

from service.privacy.keys import fingerprint
from service.privacy.sealing import Address, open_box, seal
from tests.factories import added

SECRETS = ("key", "akismet_key", "inbound_secret", "webhook_secret", "contact_private_key")
PRIVATE_HOSTS = "10.0.0.7 192.168.1.1:8080 127.0.0.1 169.254.169.254 [::1] [fe80::1] [::ffff:10.0.0.7]"
ADD = ("site", "add", "courier", "--url", "https://a.example")


@pytest.fixture
def site(run, context):
    """Look at the site courier, which was added; its secrets are in `site.shown`."""

    def look():
        with context.deps.store.read() as tx:
            found = tx.sites.get("courier")
        assert found is not None
        return found

    look.shown = added(run)
    return look


def opens(context, key, at=None):
    with context.deps.store.read() as tx:
        owner = tx.sites.key_owner(fingerprint(context.keyring, key), at or datetime.now(UTC))
    return owner[1] if owner else None


def unsealed(context, purpose, sealed):
    return [context.keyring.decrypt("courier", purpose, one).decode() for one in sealed]


def opened(site, private_key):
    """What a holder of this private key reads of an address that is sealed for the site."""
    return open_box(private_key, seal(site().contact_public_key or "", Address.parse("ada@example.org")))


def test_a_new_site_gets_secrets_that_work_and_are_not_stored(site, context, home):
    assert list(site.shown) == ["site", *SECRETS]
    assert (opens(context, site.shown["key"]), opens(context, site.shown["akismet_key"])) == (
        "key",
        "akismet",
    )
    assert unsealed(context, "webhook", site().webhook_secrets) == [site.shown["webhook_secret"]]
    assert unsealed(context, "inbound", site().inbound_secrets) == [site.shown["inbound_secret"]]
    assert opened(site, site.shown["contact_private_key"]) == "ada@example.org"
    stored = b"".join(path.read_bytes() for path in home.rglob("*") if path.is_file())
    assert not [name for name in SECRETS if site.shown[name].encode() in stored]


def test_without_json_the_secrets_are_whole_on_their_lines(run):
    lines = run(*ADD).stdout.splitlines()
    for begin in ("rk_", "whsec_"):
        assert any(line.strip().startswith(begin) for line in lines)


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("site", "add", "Courier", "--url", "https://a.example"), "name"),
        (("site", "add", "courier", "--url", "nowhere"), "--url"),
        ((*ADD, "--callback", "ftp://x"), "--callback"),
        ((*ADD, "--callback", "https://u:p@x.example"), "user name"),
        (("site", "show", "nobody"), "no site"),
        (("site", "set", "nobody", "title=X"), "no site"),
        (("site", "rotate", "nobody", "key"), "no site"),
        (("moderator", "add", " Mo"), "name"),
        (("comments", "--site", "nobody"), "no site"),
        (("deliveries", "list", "--site", "nobody"), "no site"),
        (("deliveries", "replay"), "--dead"),
        (("deliveries", "replay", "99999999999999999999999"), "1 to 9223372036854775807"),
        (("deliveries", "replay", "0"), "1 to 9223372036854775807"),
        (("import", "nothing.jsonl", "--site", "nobody"), "nothing.jsonl"),
    ],
)
def test_what_is_refused_is_one_clear_line(run, words, says):
    done = run(*words, code=2)
    assert done.stderr.startswith("replydesk: ")
    assert len(done.stderr.splitlines()) == 1
    assert says in done.stderr
    assert done.stdout == ""


def test_a_home_without_a_database_says_what_to_do(run, home):
    (home / "replydesk.db").unlink()
    assert "replydesk migrate" in run("site", "list", code=2).stderr


def test_a_name_is_taken_once(run, site):
    assert "taken" in run(*ADD, code=2).stderr
    assert json.loads(run("site", "show", "courier", "--json").stdout)["url"] == "https://courier.example"


def test_settings_and_policy_are_set_together(run, context, site):
    run("site", "set", "courier", "title=X", "moderation=pre")
    assert site().policy.version == 1
    terms = ["toxicity.hold=0.5", "moderation=post", "title=The Courier", "undo_seconds=12", "region=de"]
    terms += ["self_harm.hold=0.2", "hold_threats=no"]
    terms += ["callback_url=https://courier.example/new", "email_required=false", "address_mode=fingerprint"]
    run("site", "set", "courier", *terms)
    policy, found = site().policy, site()
    assert (policy.version, policy.moderation, policy.cuts["toxicity"].hold) == (2, "post", 0.5)
    assert (policy.cuts["self_harm"].hold, policy.hold_threats) == (0.2, False)
    assert (found.title, found.callback_url) == ("The Courier", "https://courier.example/new")
    assert (found.email_required, found.address_mode, found.region) == (False, "fingerprint", "DE")
    assert found.options.undo_seconds == 12.0
    with context.deps.store.read() as tx:
        assert tx.sites.policy(found.id, 1).moderation == "pre"


def test_one_fault_and_nothing_is_set(run, site):
    given = ("title=X", "moderation=none", "colour=red", "webhook_secret=abc")
    done = run("site", "set", "courier", *given, code=2)
    named = [line.split(":")[1].strip() for line in done.stderr.splitlines()]
    assert named == ["webhook_secret", "moderation", "colour"]
    assert "abc" not in done.stderr
    assert site().title is None


def test_a_faulty_setting_is_named(run, site):
    faulty = [
        "region=deu",
        "undo_seconds=soon",
        "undo_seconds=601",
        "address_mode=open",
        "self_harm.reject=0.9",
    ]
    faulty += ["email_required=perhaps", "callback_url=ftp://x", "url=", "title=a\nb", "novalue"]
    for term in faulty:
        assert term.partition("=")[0] in run("site", "set", "courier", term, code=2).stderr


def test_an_own_webhook_secret_and_a_help_text_come_from_a_file_too(run, context, site, tmp_path):
    own, other = (
        "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
        "whsec_AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=",
    )
    (tmp_path / "secret").write_text(f"{other}\n")
    for given, secret in ((own, own), (f"@{tmp_path / 'secret'}", other)):
        run("site", "set", "courier", f"webhook_secret={given}")
        assert unsealed(context, "webhook", site().webhook_secrets) == [secret]
    (tmp_path / "help").write_text("You are not alone.\nThe Harbour line listens.\n")
    run("site", "set", "courier", f"help_text=@{tmp_path / 'help'}")
    assert site().options.help_text == "You are not alone.\nThe Harbour line listens."


def test_callbacks_are_switched_on_again(run, site):
    run("site", "set", "courier", "callback_disabled=moving house")
    assert site().callback_disabled == "moving house"
    assert "moving house" in run("site", "list").stdout
    address = "callback_url=https://courier.example/new"
    for mends in ("callback_disabled=", address, address):  # a new address, and the same once more
        run("site", "set", "courier", "callback_disabled=HTTP 410")
        run("site", "set", "courier", mends)
        assert site().callback_disabled is None


def test_a_callback_address_that_would_be_refused_is_refused_at_once(run, site, monkeypatch):
    monkeypatch.setenv("REPLYDESK_CALLBACK_ALLOW", "10.9.0.0/16")
    add = ("site", "add", "herald", "--url", "https://herald.example", "--callback")
    for host in PRIVATE_HOSTS.split():
        done = run("site", "set", "courier", f"callback_url=http://{host}/hook", code=2)
        assert (len(done.stderr.splitlines()), done.stderr.startswith("replydesk: callback_url")) == (1, True)
        for said in (done.stderr, run(*add, f"http://{host}/hook", code=2).stderr):
            assert "REPLYDESK_CALLBACK_ALLOW" in said
    assert site().callback_url is None


@pytest.mark.parametrize(
    ("allow", "url"),
    [
        ("10.0.0.0/8", "http://10.0.0.7/hook"),
        ("::1/128", "http://[::1]:9/hook"),
        ("none", "http://9.9.9.9/hook"),
        ("none", "https://hooks.courier.example/hook"),
    ],
)
def test_a_callback_address_that_is_open_is_taken(run, site, monkeypatch, allow, url):
    monkeypatch.setenv("REPLYDESK_CALLBACK_ALLOW", allow)
    run("site", "set", "courier", f"callback_url={url}")
    assert site().callback_url == url


@pytest.fixture
def rotated(run):
    def rotates(what, *options):
        return json.loads(run("site", "rotate", "courier", what, *options, "--json").stdout)

    return rotates


def test_a_rotated_key_overlaps_for_a_day_and_a_contact_key_not(context, site, rotated):
    old, new = site.shown["key"], rotated("key")["key"]
    assert (opens(context, old), opens(context, new)) == ("key", "key")
    tomorrow = datetime.now(UTC) + timedelta(hours=24, minutes=1)
    assert (opens(context, old, tomorrow), opens(context, new, tomorrow)) == (None, "key")
    newest = rotated("key", "--now")["key"]
    assert (opens(context, old), opens(context, new), opens(context, newest)) == (None, None, "key")
    assert opened(site, rotated("contact_key")["contact_private_key"]) == "ada@example.org"


@pytest.mark.parametrize(("what", "purpose"), [("webhook_secret", "webhook"), ("inbound_secret", "inbound")])
def test_a_rotated_secret_overlaps_until_the_overlap_is_ended(run, context, site, rotated, what, purpose):
    def secrets():
        return unsealed(context, purpose, getattr(site(), f"{what}s"))

    second, third = (rotated(what)[what] for _ in range(2))
    assert secrets() == [third, second]
    last = rotated(what, "--now")[what]
    assert secrets() == [last]
    rotated(what)
    said = run("site", "rotate", "courier", what, "--end-overlap").stdout
    assert f"1 older {what} let go" in said
    assert len(secrets()) == 1
    assert "no overlap" in run("site", "rotate", "courier", "key", "--end-overlap", code=2).stderr


def test_a_site_is_shown_without_its_secrets(run, site):
    for told in (run("site", "show", "courier", "--json").stdout, run("site", "show", "courier").stdout):
        assert "toxicity.hold" in told
        assert not [name for name in SECRETS if site.shown[name] in told]


def test_a_moderator_gets_a_link_that_works_once(run, context):
    first = json.loads(run("moderator", "add", "Mo", "--role", "lead", "--json").stdout)
    again = json.loads(run("moderator", "add", "Mo", "--json").stdout)
    assert (first["moderator"], first["role"], again["role"]) == ("Mo", "lead", "lead")
    assert first["sign_in_url"] != again["sign_in_url"]
    base, _, token = first["sign_in_url"].rpartition("/")
    assert base.endswith("/desk/sign-in")
    hashed, now = hashlib.sha256(token.encode()).hexdigest(), datetime.now(UTC)
    with context.deps.store.write() as tx:
        assert tx.moderators.use_sign_in(hashed, now + timedelta(minutes=16)) is None
        assert tx.moderators.use_sign_in(hashed, now).name == "Mo"
        assert tx.moderators.use_sign_in(hashed, now) is None
    listed = json.loads(run("moderator", "list", "--json").stdout)
    assert listed == [{"moderator": "Mo", "role": "lead", "active": True}]
    assert "Mo" in run("moderator", "list").stdout


def test_a_sample_shows_what_a_map_reads(run, site, tmp_path):
    places, hook = tmp_path / "map.json", tmp_path / "hook.json"
    places.write_text('{"body": "/t", "article.url": "/u", "author.name": "/n", "author.email": "/m"}')
    hook.write_text('{"t": "Good.", "u": "https://courier.example/a", "n": "Ada", "m": "ada@mail.example"}')
    run("site", "sample", "courier", str(hook), code=2)
    run("site", "set", "courier", f"inbound_map=@{places}")
    shown = run("site", "sample", "courier", str(hook)).output
    assert '"body": "Good."' in shown
    assert "ada@" not in shown
    hook.write_text('{"t": "Good."}')
    assert "article" in run("site", "sample", "courier", str(hook), code=2).output
