"""`replydesk site` and `replydesk moderator`: secrets shown once, settings and policy, rotation, sign-in links."""

import hashlib
import json
from datetime import UTC, datetime, timedelta

import pytest

from service.privacy.keys import fingerprint
from service.privacy.sealing import Address, open_box, seal
from tests.factories import added

SECRETS = ("key", "akismet_key", "inbound_secret", "webhook_secret", "contact_private_key")


def site_of(context):
    with context.deps.store.read() as tx:
        found = tx.sites.get("courier")
    assert found is not None
    return found


def opens(context, key, at=None):
    """Which kind of key this is, None when it opens nothing."""
    with context.deps.store.read() as tx:
        owner = tx.sites.key_owner(fingerprint(context.keyring, key), at or datetime.now(UTC))
    return owner[1] if owner else None


def unsealed(keyring, purpose, sealed):
    return [keyring.decrypt("courier", purpose, one).decode() for one in sealed]


def test_a_new_site_gets_secrets_that_work(run, context):
    shown = added(run, "--callback", "https://courier.example/hook")
    assert list(shown) == ["site", *SECRETS]
    assert (opens(context, shown["key"]), opens(context, shown["akismet_key"])) == ("key", "akismet")
    site = site_of(context)
    assert unsealed(context.keyring, "webhook", site.webhook_secrets) == [shown["webhook_secret"]]
    assert unsealed(context.keyring, "inbound", site.inbound_secrets) == [shown["inbound_secret"]]
    box = seal(site.contact_public_key or "", Address.parse("ada@example.org"))
    assert open_box(shown["contact_private_key"], box) == "ada@example.org"
    assert site.callback_url == "https://courier.example/hook"


def test_no_secret_is_stored_in_the_clear(run, home):
    shown = added(run)
    stored = b"".join(path.read_bytes() for path in home.rglob("*") if path.is_file())
    assert not [name for name in SECRETS if shown[name].encode() in stored]


def test_without_json_the_secrets_are_whole_on_their_lines(run):
    told = run("site", "add", "courier", "--url", "https://courier.example").stdout
    assert any(line.strip().startswith("rk_") for line in told.splitlines())
    assert any(line.strip().startswith("whsec_") for line in told.splitlines())


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("site", "add", "Courier", "--url", "https://a.example"), "name"),
        (("site", "add", "courier", "--url", "nowhere"), "--url"),
        (("site", "add", "courier", "--url", "https://a.example", "--callback", "ftp://x"), "--callback"),
        (
            ("site", "add", "courier", "--url", "https://a.example", "--callback", "https://u:p@x.example"),
            "user name",
        ),
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


def test_a_name_is_taken_once(run):
    first = added(run)
    assert "taken" in run("site", "add", "courier", "--url", "https://x.example", code=2).stderr
    assert json.loads(run("site", "show", "courier", "--json").stdout)["url"] == "https://courier.example"
    assert first["site"] == "courier"


def test_settings_and_policy_are_set_together(run, context):
    added(run)
    run(
        "site", "set", "courier", "toxicity.hold=0.5", "moderation=post", "title=The Courier",
        "callback_url=https://courier.example/new", "email_required=false", "address_mode=fingerprint", "region=de",
        "undo_seconds=12",
    )  # fmt: skip
    site = site_of(context)
    assert (site.policy.version, site.policy.moderation, site.policy.cuts["toxicity"].hold) == (
        2,
        "post",
        0.5,
    )
    assert (site.title, site.callback_url, site.email_required) == (
        "The Courier",
        "https://courier.example/new",
        False,
    )
    assert (site.address_mode, site.region) == ("fingerprint", "DE")
    assert site.options.undo_seconds == 12.0
    with context.deps.store.read() as tx:
        before = tx.sites.policy(site.id, 1)
    assert before.moderation == "pre"


def test_settings_alone_make_no_policy_version(run, context):
    added(run)
    run("site", "set", "courier", "title=X", "moderation=pre")
    assert site_of(context).policy.version == 1


def test_one_fault_and_nothing_is_set(run, context):
    added(run)
    done = run(
        "site", "set", "courier", "title=X", "moderation=none", "colour=red", "webhook_secret=abc", code=2
    )
    assert [line.split(":")[1].strip() for line in done.stderr.splitlines()] == [
        "webhook_secret",
        "moderation",
        "colour",
    ]
    assert "abc" not in done.stderr
    assert site_of(context).title is None


@pytest.mark.parametrize(
    "term",
    [
        "region=deu",
        "undo_seconds=soon",
        "undo_seconds=601",
        "address_mode=open",
        "email_required=perhaps",
        "callback_url=ftp://x",
        "url=",
        "title=a\nb",
        "novalue",
    ],
)
def test_a_faulty_setting_is_named(run, term):
    added(run)
    assert term.partition("=")[0] in run("site", "set", "courier", term, code=2).stderr


def test_an_operators_own_webhook_secret_is_taken(run, context, tmp_path):
    """From the command line, or from a file so that no process list shows it; it alone signs then."""
    added(run)
    own = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
    run("site", "set", "courier", f"webhook_secret={own}")
    assert unsealed(context.keyring, "webhook", site_of(context).webhook_secrets) == [own]
    other = "whsec_AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8="
    (tmp_path / "secret").write_text(f"{other}\n")
    run("site", "set", "courier", f"webhook_secret=@{tmp_path / 'secret'}")
    assert unsealed(context.keyring, "webhook", site_of(context).webhook_secrets) == [other]


def test_callbacks_are_switched_on_again(run, context):
    added(run, "--callback", "https://courier.example/hook")
    run("site", "set", "courier", "callback_disabled=moving house")
    assert site_of(context).callback_disabled == "moving house"
    assert "moving house" in run("site", "list").stdout
    run("site", "set", "courier", "callback_disabled=")
    assert site_of(context).callback_disabled is None
    run("site", "set", "courier", "callback_disabled=moving house")
    run("site", "set", "courier", "callback_url=https://courier.example/new")
    assert site_of(context).callback_disabled is None
    run("site", "set", "courier", "callback_disabled=HTTP 410")
    run("site", "set", "courier", "callback_url=https://courier.example/new")
    assert site_of(context).callback_disabled is None


@pytest.mark.parametrize(
    "host",
    [
        "10.0.0.7",
        "192.168.1.1:8080",
        "127.0.0.1",
        "169.254.169.254",
        "[::1]",
        "[fe80::1]",
        "[::ffff:10.0.0.7]",
    ],
)
def test_a_callback_address_that_would_be_refused_is_refused_at_once(run, context, monkeypatch, host):
    """A private, loopback, link-local or metadata address is named with the setting that would open it."""
    added(run)
    monkeypatch.setenv("REPLYDESK_CALLBACK_ALLOW", "10.9.0.0/16")
    done = run("site", "set", "courier", f"callback_url=http://{host}/hook", code=2)
    assert len(done.stderr.splitlines()) == 1
    assert done.stderr.startswith("replydesk: callback_url")
    assert "REPLYDESK_CALLBACK_ALLOW" in done.stderr
    added_too = (
        "site",
        "add",
        "herald",
        "--url",
        "https://herald.example",
        "--callback",
        f"http://{host}/hook",
    )
    assert "REPLYDESK_CALLBACK_ALLOW" in run(*added_too, code=2).stderr
    assert site_of(context).callback_url is None


@pytest.mark.parametrize(
    ("allow", "url"),
    [
        ("10.0.0.0/8", "http://10.0.0.7/hook"),
        ("::1/128", "http://[::1]:9/hook"),
        ("none", "http://9.9.9.9/hook"),
        ("none", "https://hooks.courier.example/hook"),
    ],
)
def test_a_callback_address_that_is_open_is_taken(run, context, monkeypatch, allow, url):
    added(run)
    monkeypatch.setenv("REPLYDESK_CALLBACK_ALLOW", allow)
    run("site", "set", "courier", f"callback_url={url}")
    assert site_of(context).callback_url == url


def test_a_rotated_key_overlaps_for_a_day(run, context):
    old = added(run)["key"]
    new = json.loads(run("site", "rotate", "courier", "key", "--json").stdout)["key"]
    assert (opens(context, old), opens(context, new)) == ("key", "key")
    tomorrow = datetime.now(UTC) + timedelta(hours=24, minutes=1)
    assert (opens(context, old, tomorrow), opens(context, new, tomorrow)) == (None, "key")
    newest = json.loads(run("site", "rotate", "courier", "key", "--now", "--json").stdout)["key"]
    assert (opens(context, old), opens(context, new), opens(context, newest)) == (None, None, "key")


@pytest.mark.parametrize(("what", "purpose"), [("webhook_secret", "webhook"), ("inbound_secret", "inbound")])
def test_a_rotated_webhook_secret_overlaps(run, context, what, purpose):
    made = [added(run)[what]]
    made += [json.loads(run("site", "rotate", "courier", what, "--json").stdout)[what] for _ in range(2)]
    assert unsealed(context.keyring, purpose, getattr(site_of(context), f"{what}s")) == [made[2], made[1]]
    last = json.loads(run("site", "rotate", "courier", what, "--now", "--json").stdout)[what]
    assert unsealed(context.keyring, purpose, getattr(site_of(context), f"{what}s")) == [last]


def test_a_rotated_contact_key_seals_for_the_new_holder(run, context):
    added(run)
    private = json.loads(run("site", "rotate", "courier", "contact_key", "--json").stdout)[
        "contact_private_key"
    ]
    box = seal(site_of(context).contact_public_key or "", Address.parse("ada@example.org"))
    assert open_box(private, box) == "ada@example.org"


def test_a_site_is_shown_without_its_secrets(run):
    secrets = added(run)
    for told in (run("site", "show", "courier", "--json").stdout, run("site", "show", "courier").stdout):
        assert "toxicity.hold" in told
        assert not [name for name in SECRETS if secrets[name] in told]


def test_a_moderator_gets_a_link_that_works_once(run, context):
    first = json.loads(run("moderator", "add", "Mo", "--role", "lead", "--json").stdout)
    again = json.loads(run("moderator", "add", "Mo", "--json").stdout)
    assert (first["moderator"], first["role"], again["role"]) == ("Mo", "lead", "lead")
    assert first["sign_in_url"] != again["sign_in_url"]
    base, _, token = first["sign_in_url"].rpartition("/")
    assert base.endswith("/desk/sign-in")
    hashed = hashlib.sha256(token.encode()).hexdigest()
    now = datetime.now(UTC)
    with context.deps.store.write() as tx:
        assert tx.moderators.use_sign_in(hashed, now + timedelta(minutes=16)) is None
        signed_in = tx.moderators.use_sign_in(hashed, now)
        assert signed_in.name == "Mo"
        assert tx.moderators.use_sign_in(hashed, now) is None
    assert json.loads(run("moderator", "list", "--json").stdout) == [
        {"moderator": "Mo", "role": "lead", "active": True}
    ]
    assert "Mo" in run("moderator", "list").stdout


def test_a_sample_shows_what_a_map_reads(run, context, tmp_path):
    run("site", "add", "courier", "--url", "https://courier.example")
    places = tmp_path / "map.json"
    places.write_text('{"body": "/t", "article.url": "/u", "author.name": "/n", "author.email": "/m"}')
    hook = tmp_path / "hook.json"
    hook.write_text('{"t": "Good.", "u": "https://courier.example/a", "n": "Ada", "m": "ada@mail.example"}')
    run("site", "sample", "courier", str(hook), code=2)
    run("site", "set", "courier", f"inbound_map=@{places}")
    shown = run("site", "sample", "courier", str(hook)).output
    assert '"body": "Good."' in shown
    assert "ada@" not in shown
    hook.write_text('{"t": "Good."}')
    assert "article" in run("site", "sample", "courier", str(hook), code=2).output


def test_a_help_text_comes_from_a_file(run, tmp_path):
    run("site", "add", "courier", "--url", "https://courier.example")
    file = tmp_path / "help.txt"
    file.write_text("You are not alone.\nThe Harbour line listens.\n")
    run("site", "set", "courier", f"help_text=@{file}", "self_harm.hold=0.2", "hold_threats=no")
    shown = json.loads(run("site", "show", "courier", "--json").stdout)
    assert shown["options"]["help_text"] == "You are not alone.\nThe Harbour line listens."
    assert (shown["policy"]["self_harm.hold"], shown["policy"]["hold_threats"]) == (0.2, False)
    run("site", "set", "courier", "self_harm.reject=0.9", code=2)
