"""The settings: every fault at once, no secret shown, nothing read at import."""

import subprocess
import sys
from pathlib import Path

import pytest

from service.config import LOOPBACK, SettingsError, broker_note, load


def faults(**env):
    with pytest.raises(SettingsError) as refused:
        load(env)
    return refused.value.faults


def test_an_empty_environment_gives_the_embedded_default(tmp_path):
    settings = load({})
    assert settings.home == Path.cwd() / "var"
    assert settings.database_url == f"sqlite:///{settings.home}/replydesk.db"
    assert (settings.host, settings.port, settings.public_url) == ("127.0.0.1", 8080, "http://127.0.0.1:8080")
    assert (settings.embedded, settings.worker_pool, settings.redis_url) == (True, "threads", None)
    assert (settings.callback_allow, settings.trusted_proxies) == (LOOPBACK, ())


def test_production_settings_are_normalised(tmp_path):
    settings = load(
        {
            "REPLYDESK_HOME": str(tmp_path),
            "REPLYDESK_DATABASE_URL": "postgres://desk:s3cret@db.example/replydesk",
            "REDIS_URL": "rediss://:pw@redis.example:6380/2",
            "REPLYDESK_PUBLIC_URL": "https://desk.example/moderation/",
            "REPLYDESK_TRUSTED_PROXIES": "10.1.2.3/8, ::1",
        }
    )
    assert settings.database_url == "postgresql+psycopg://desk:s3cret@db.example/replydesk"
    assert settings.redis_url == "rediss://:pw@redis.example:6380/2"
    assert settings.public_url == "https://desk.example/moderation"
    assert settings.trusted_proxies == ("10.0.0.0/8", "::1/128")
    assert settings.callback_allow == ()
    assert not settings.embedded
    assert settings.worker_pool == "prefork"


def test_all_faults_are_reported_at_once():
    wrong = {
        "PORT": "http",
        "REPLYDESK_PUBLIC_URL": "desk.example",
        "REPLYDESK_DATABASE_URL": "mysql://a:b@c/d",
        "REDIS_URL": "localhost:6379",
        "REPLYDESK_UNDO_SECONDS": "1e9",
        "REPLYDESK_FAST_AFTER_SECONDS": "-1",
        "REPLYDESK_TRUSTED_PROXIES": "10.0.0.0/8,proxy",
        "REPLYDESK_LOG_LEVEL": "loud",
    }
    found = faults(**wrong)
    assert sorted(line.split(":")[0] for line in found) == sorted(wrong)
    assert "give a whole number from 1 to 65535, not 'http'" in found[0]


@pytest.mark.parametrize(
    "url", ["mysql://desk:hunter2@db/x", "postgresql://desk:hunter2@db:99999/x", "hunter2"]
)
def test_neither_faults_nor_settings_print_a_secret(url):
    assert "hunter2" not in "\n".join(faults(REPLYDESK_DATABASE_URL=url))
    good = {"REPLYDESK_DATABASE_URL": "postgresql://u:hunter2@h/x", "REDIS_URL": "redis://:hunter3@h"}
    assert "hunter" not in repr(load(good))


def test_a_secret_can_come_from_a_file_that_is_there_and_not_empty(tmp_path):
    secret, empty = tmp_path / "url", tmp_path / "empty"
    secret.write_text("postgresql://desk:pw@db/replydesk\n")
    empty.touch()
    settings = load({"REPLYDESK_DATABASE_URL_FILE": str(secret)})
    assert settings.database_url == "postgresql+psycopg://desk:pw@db/replydesk"
    assert "No such file" in faults(REDIS_URL_FILE=str(tmp_path / "gone"))[0]
    assert "is empty" in faults(REDIS_URL_FILE=str(empty))[0]
    assert "not both" in faults(REDIS_URL_FILE=str(empty), REDIS_URL="redis://h")[0]


@pytest.mark.parametrize("value", ["", "   "])
def test_port_wins_over_the_long_name_and_an_empty_variable_counts_as_unset(value):
    settings = load({"PORT": "9001", "REPLYDESK_PORT": "9002"})
    assert (settings.port, settings.public_url) == (9001, "http://127.0.0.1:9001")
    assert load({"PORT": value, "REDIS_URL": value}).port == 8080


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("unix:///run/valkey.sock", "unix:///run/valkey.sock"),
        ("redis+socket:///run/valkey.sock", "unix:///run/valkey.sock"),
        ("redis://127.0.0.1:6379/0", "redis://127.0.0.1:6379/0"),
    ],
)
def test_a_broker_url_has_one_form(given, kept):
    assert load({"REPLYDESK_REDIS_URL": given}).redis_url == kept


def test_the_homes_broker_note_serves_when_no_broker_is_set(tmp_path):
    note = broker_note(tmp_path)
    note.parent.mkdir()
    note.write_text("unix:///tmp/x.sock\n")
    env = {"REPLYDESK_HOME": str(tmp_path)}
    assert load(env).redis_url == "unix:///tmp/x.sock"
    assert load(env).embedded
    assert load({**env, "REDIS_URL": "redis://h"}).redis_url == "redis://h"
    note.write_bytes(b"\xff\x00 nonsense")
    assert load(env).redis_url is None


def test_callbacks_to_loopback_can_be_taken_back():
    assert load({"REPLYDESK_CALLBACK_ALLOW": "none"}).callback_allow == ()
    allowed = load({"REPLYDESK_CALLBACK_ALLOW": "Hooks.Example, 10.0.0.0/24"}).callback_allow
    assert allowed == ("hooks.example", "10.0.0.0/24")


def test_a_slip_in_a_name_is_noticed():
    assert "did you mean REPLYDESK_WEB_THREADS" in faults(REPLYDESK_WEB_THREDS="9")[0]
    load({"REPLYDESK_TEST_DATABASE_URL": "x", "REPLYDESK_SOMETHING_OF_MINE": "x"})


def test_scoring_is_fast_after_a_minute_unless_set_otherwise():
    assert load({}).fast_after_seconds == 60.0
    for given, taken in (("0", 0.0), ("2.5", 2.5), ("3600", 3600.0)):
        assert load({"REPLYDESK_FAST_AFTER_SECONDS": given}).fast_after_seconds == taken
    for wrong in ("never", "1e4", "3601", "nan", "inf", "-1"):
        assert "give seconds from 0 to 3600" in faults(REPLYDESK_FAST_AFTER_SECONDS=wrong)[0]


@pytest.mark.parametrize("value", ["0", "-1", "65536", "８０", "http", "9" * 5000, "80.5"])
def test_a_port_is_a_number_in_range(value):
    assert len(faults(PORT=value)[0]) < 200


def test_importing_the_settings_reads_nothing():
    done = subprocess.run(
        [sys.executable, "-c", "import service.config"],
        env={"PORT": "nonsense"},
        capture_output=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
