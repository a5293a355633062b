"""The demo site's secrets: kept in a file but for the private contact key, and a kill at any moment loses none."""

import io
import json
import stat

import pytest
from rich.console import Console

from service.cli import demo
from service.cli.screen import Screen
from service.config import load
from service.privacy.keys import fingerprint


def kept(home):
    return json.loads((home / "demo-site.json").read_text())


def opens(context, key):
    with context.deps.store.read() as tx:
        return tx.sites.key_owner(fingerprint(context.keyring, key), context.deps.clock()) is not None


def printed(summary):
    screen, said = Screen(), io.StringIO()
    screen.console = Console(file=said, width=200, highlight=False)
    screen.summary(summary, 1.0)
    return said.getvalue()


def test_the_private_contact_key_is_shown_once_and_kept_nowhere(home, context):
    first, later = demo.prepare(load()), demo.prepare(load())
    assert first.contact_key
    assert f"shown once:\n{first.contact_key}\n" in printed(first)
    assert later.contact_key is None
    assert "shown once" not in printed(later)
    files = [path for path in home.rglob("*") if path.is_file()]
    assert not [path for path in files if first.contact_key.encode() in path.read_bytes()]
    assert set(kept(home)) == {"site", "key", "akismet_key", "inbound_secret", "webhook_secret"}
    assert stat.S_IMODE((home / "demo-site.json").stat().st_mode) == 0o600
    assert opens(context, kept(home)["key"])
    assert first.contact_key not in repr(first)


def test_a_kill_before_the_site_is_stored_is_made_good_by_the_next_start(home, context, monkeypatch):
    keep = demo._keep

    def killed(settings, enrolment):
        keep(settings, enrolment)
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(demo, "_keep", killed)
        with pytest.raises(KeyboardInterrupt):
            demo.prepare(load())
    stale = kept(home)["key"]
    assert not opens(context, stale)
    assert demo.prepare(load()).contact_key
    assert opens(context, kept(home)["key"])
    assert kept(home)["key"] != stale


def test_a_site_without_its_file_is_told_how_to_get_new_keys(home):
    demo.prepare(load())
    (home / "demo-site.json").unlink()
    found = printed(demo.prepare(load()))
    assert "replydesk site rotate demo key" in found
    assert "demo-site.json" not in found
    assert "Bearer KEY" in found
