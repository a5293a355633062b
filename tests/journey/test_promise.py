"""The promise in a running installation: no byte that it wrote holds an address, however the address came in."""

import json
import os
import re
import subprocess
import tempfile
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import quote, urlencode

import pytest
from standardwebhooks import Webhook

from service.leak_audit.forms import forms_of
from service.leak_audit.planter import new_mark
from service.leak_audit.search import Searcher, Volume, search
from tests.journey.installation import REPLYDESK, Installation, Receiver, submission
from tests.processes import until

pytestmark = pytest.mark.journey
MARK = new_mark()
"""Stands in every address of this run."""


def test_no_address_is_in_any_byte_the_service_wrote(tmp_path):
    temporary = tmp_path / "tmp"
    temporary.mkdir()
    before = set(_files(Path(tempfile.gettempdir())))
    with Installation(tmp_path / "home", TMPDIR=str(temporary)) as installation, Receiver() as site:
        installation.run("site", "set", "demo", f"callback_url={site.url}")
        kept = json.loads((installation.home / "demo-site.json").read_text())
        addresses = [_address(source) for source in _SOURCES]
        by_source = dict(zip(_SOURCES, addresses, strict=True))
        _post_through_every_source(installation, kept, by_source, tmp_path)
        until(
            lambda: (
                not installation.run("comments", "--site", "demo", "--status", "pending", "--json").strip()
            )
        )
        listed = installation.run("comments", "--site", "demo", "--json")
        _decide(installation, kept["key"], by_source["decision"])
        assert len(listed.splitlines()) == 7
        until(lambda: len(site.received) >= 8)
        for path in ("/v1/comments", "/v1/decisions", "/metrics", "/readyz", "/openapi.json"):
            installation.call("GET", path, key=kept["key"])
        dump = _broker_dump(installation)
        private_key = _sealed_and_opened(installation, addresses[0], tmp_path)
        written = dict(_bytes_of([installation.home, temporary]))
        assert not [path for path, content in written.items() if private_key.encode() in content]
        written |= {str(path): path.read_bytes() for path in _new_files(before)}
        written |= {"broker": dump, "callbacks": b"".join(str(h).encode() + b for h, b in site.received)}
        written |= {
            "answers": b"\n".join(installation.answers),
            "list": listed.encode(),
            "screen": installation.output.read_bytes(),
        }
        searcher = Searcher(forms_of(MARK, addresses))
        assert [
            hit for place, content in written.items() for hit in search(searcher, place, [content], Volume())
        ] == []


_SOURCES = ("api", "text", "title", "batch", "inbound", "import", "form", "refused", "decision")


def _address(source):
    return f"{MARK}{source}@mail.example"


def _post_through_every_source(installation, kept, address, folder):
    def one(source, **changes):
        return submission(f"by-{source}", author={"name": "Ada", "email": address[source]}, **changes)

    key = kept["key"]
    assert installation.call("POST", "/v1/comments", one("api"), key).status == 202
    told = address["text"]
    mentioning = one("text", body=f"Write to {told} or {told.upper()}!")
    mentioning["author"] = {
        "name": f"Ada {told}",
        "email": told,
        "website": f"https://ada.example/?m={quote(told)}",
    }
    assert installation.call("POST", "/v1/comments", mentioning, key).status == 202
    titled = one("title", article=_article_naming(address["title"]))
    assert installation.call("POST", "/v1/comments", titled, key).status == 202
    in_path = one("refused", article={"url": f"https://courier.example/{address['refused']}"})
    assert installation.call("POST", "/v1/comments", in_path, key).status == 422
    assert installation.call("POST", "/v1/comments/batch", [one("batch")], key).status in (200, 202, 207)
    body = json.dumps(one("inbound")).encode()
    signed = _signed(kept["inbound_secret"], body)
    assert installation.call("POST", "/v1/sites/demo/inbound", body, headers=signed).status == 202
    lines = folder / "lines.jsonl"
    lines.write_text(json.dumps(one("import")) + "\n")
    installation.run("import", str(lines), "--site", "demo")
    lines.unlink()
    _post_the_form(installation, address["form"])
    refused = installation.call(
        "POST", "/v1/comments", one("refused", body="", nonsense=address["refused"]), key
    )
    assert refused.status in (400, 422)
    installation.call("POST", "/v1/comments", b'{"author": {"email": "' + address["refused"].encode(), key)


def _article_naming(address):
    """An article whose title and whose link, as a newsletter sends it, hold an address."""
    return {
        "url": f"https://courier.example/bridge?id=7&mail={quote(address)}&to={quote(quote(address))}",
        "title": f"Tips to {address}",
    }


def _decide(installation, key, address):
    """Decide about a comment, quoting an address in reason and note."""
    path = "/v1/comments/by-title"
    decided = {
        "action": "reject",
        "reason": f"{address} asked",
        "note": f"by mail to {address.upper()}",
        "replaces": installation.call("GET", path, key=key).json["decision"],
    }
    assert installation.call("POST", f"{path}/decision", decided, key).status == 200
    assert (
        installation.call("GET", path, key=key).json["article"]["url"]
        == "https://courier.example/bridge?id=7"
    )


def _signed(secret, body):
    moment = datetime.now(tz=UTC)
    signature = Webhook(secret).sign("msg_1", moment, body.decode())
    stamp = str(int(moment.timestamp()))
    return {"webhook-id": "msg_1", "webhook-timestamp": stamp, "webhook-signature": signature}


def _post_the_form(installation, address):
    article = f"{installation.url}/demo/the-bridge?mail={quote(address)}"
    path = f"/sites/demo/reply?{urlencode({'article_url': article})}"
    page = installation.call("GET", path).body.decode()
    found = re.search(r'name="ticket" value="([^"]+)"', page)
    assert found
    fields = {
        "ticket": found[1],
        "comment": "What a bridge.",
        "name": "Fay",
        "email": address,
        "website": "",
        "topic": "",
    }
    kind = {"Content-Type": "application/x-www-form-urlencoded"}
    assert (
        installation.call("POST", path, urlencode(fields).encode(), headers=kind).status == 200
    )  # the receipt, redirected


def _files(folder):
    for root, _, names in os.walk(folder):
        for name in names:
            path = Path(root, name)
            if path.is_file() and not path.is_symlink():
                yield path


def _bytes_of(folders):
    for folder in folders:
        for path in _files(folder):
            yield str(path), path.read_bytes()


def _new_files(before):
    """Files of this run in the machine's own temporary folder; other tests' files are theirs."""
    for path in _files(Path(tempfile.gettempdir())):
        if path not in before and "replydesk" in str(path) and "pytest" not in str(path):
            yield path


def _broker_dump(installation):
    """Everything in the broker, as it would be written to a disk."""
    import redis

    address = (installation.home / "run" / "broker-url").read_text().strip()
    with redis.Redis.from_url(address) as client:
        return (
            b"\n".join(key + b" " + (client.dump(key) or b"") for key in client.scan_iter(count=1000))
            + str(client.info()).encode()
        )


def _sealed_and_opened(installation, address, folder):
    """A site of its own opens a sealed box offline with the private key that it alone was shown; return that key."""
    own = installation.json("site", "add", "herald", "--url", "https://herald.example")
    given = submission("boxed", author={"name": "Ada", "email": address})
    assert installation.call("POST", "/v1/comments", given, own["key"]).status == 202
    box = installation.call("GET", "/v1/comments/boxed/contact", key=own["key"]).json["box"]
    key_file = folder / "contact.key"
    key_file.write_text(own["contact_private_key"])
    key_file.chmod(0o600)
    opened = subprocess.run(
        [REPLYDESK, "contact", "open", "--private-key", str(key_file), box],
        env={name: value for name, value in installation.env.items() if not name.startswith("REPLYDESK_")},
        capture_output=True,
        text=True,
        check=True,
    )
    assert opened.stdout.strip() == address
    return str(own["contact_private_key"])
