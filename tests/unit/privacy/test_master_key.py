"""The master key: read from where the operator says, made once where nobody says, never shown."""

import base64
import stat
from concurrent.futures import ThreadPoolExecutor

import pytest

from service.privacy import master_key
from service.privacy.master_key import MasterKeyError, load_master

KEY = bytes(range(200, 232))


@pytest.mark.parametrize(
    "text",
    [
        base64.b64encode(KEY).decode(),
        base64.urlsafe_b64encode(KEY).decode().rstrip("="),
        f"  {base64.b64encode(KEY).decode()}\n",
        KEY.hex(),
        KEY.hex().upper(),
    ],
)
def test_the_environment_gives_the_key_in_base64_or_hex(text):
    assert load_master({"REPLYDESK_MASTER_KEY": text}, None) == KEY


@pytest.mark.parametrize("text", ["hunter2hunter2!", "c2hvcnQ=", "ab" * 31, "é" * 64, "A" * 42, "=" * 50])
def test_a_poor_key_is_refused_in_one_line_that_does_not_show_it(text):
    with pytest.raises(MasterKeyError) as refused:
        load_master({"REPLYDESK_MASTER_KEY": text}, None)
    assert "REPLYDESK_MASTER_KEY" in str(refused.value)
    assert "openssl rand" in str(refused.value)
    assert "\n" not in str(refused.value)
    assert text not in str(refused.value)


def test_a_file_gives_the_key(tmp_path):
    file = tmp_path / "key"
    file.write_text(KEY.hex() + "\n")
    for mode in (0o600, 0o400, 0o440):
        file.chmod(mode)
        assert load_master({"REPLYDESK_MASTER_KEY_FILE": str(file)}, None) == KEY


@pytest.mark.parametrize("mode", [0o604, 0o644, 0o602, 0o666])
def test_a_file_open_to_others_is_refused_but_in_a_containers_mount(tmp_path, monkeypatch, mode):
    file = tmp_path / "key"
    file.write_text(KEY.hex())
    file.chmod(mode)
    with pytest.raises(MasterKeyError, match="chmod 600") as refused:
        load_master({"REPLYDESK_MASTER_KEY_FILE": str(file)}, None)
    assert KEY.hex() not in str(refused.value)
    monkeypatch.setattr(master_key, "SECRET_MOUNT", tmp_path)
    file.chmod(0o444)
    assert load_master({"REPLYDESK_MASTER_KEY_FILE": str(file)}, None) == KEY


def test_missing_empty_odd_and_double_settings_are_named(tmp_path):
    empty = tmp_path / "empty"
    empty.touch(0o600)
    cases = [
        ({"REPLYDESK_MASTER_KEY_FILE": str(tmp_path / "none")}, "cannot read"),
        ({"REPLYDESK_MASTER_KEY_FILE": str(empty)}, "one line"),
        ({"REPLYDESK_MASTER_KEY_FILE": str(tmp_path)}, "not a plain file"),
        ({"REPLYDESK_MASTER_KEY_FILE": "/x", "REPLYDESK_MASTER_KEY": KEY.hex()}, "not both"),
        ({}, "set it"),
    ]
    for env, words in cases:
        with pytest.raises(MasterKeyError, match=words):
            load_master(env, None)


def test_the_home_gets_a_key_once_whoever_starts_first(tmp_path):
    for round_number in range(10):
        home = tmp_path / str(round_number)
        with ThreadPoolExecutor(8) as pool:
            made = set(pool.map(lambda _, home=home: load_master({}, home), range(16)))
        assert {len(key) for key in made} == {32}
        assert made == {load_master({}, home)}
        assert [file.name for file in home.iterdir()] == ["master.key"]
        assert stat.S_IMODE((home / "master.key").stat().st_mode) == 0o600


def test_a_home_that_is_open_to_others_or_a_file_is_refused(tmp_path):
    load_master({}, tmp_path)
    (tmp_path / "master.key").chmod(0o640)
    with pytest.raises(MasterKeyError, match="chmod 600"):
        load_master({}, tmp_path)
    (tmp_path / "var").write_text("x")
    with pytest.raises(MasterKeyError, match="cannot make the master key"):
        load_master({}, tmp_path / "var")
