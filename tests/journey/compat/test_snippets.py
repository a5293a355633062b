"""The snippets for sites of one's own: what we sign they take, what we seal they open, and nothing else."""

import base64
import importlib.util
import json
import shutil
import subprocess
import time
from pathlib import Path

import pytest
from standardwebhooks import WebhookVerificationError

from service.privacy.keys import new_webhook_secret
from service.privacy.sealing import Address, new_contact_keys, seal
from service.webhooks.signing import sign

INTEGRATIONS = Path(__file__).parents[3] / "integrations"
BODY = json.dumps({"type": "comment.approved", "data": {"comment": {"body": "Schön 🌉"}}}, ensure_ascii=False)
PHP = """
require $argv[1];
$g = json_decode(stream_get_contents(STDIN), true);
echo json_encode([
 'event' => replydesk_event($g['body'], $g['headers'], $g['secrets']),
 'wrong' => replydesk_event($g['body'].' ', $g['headers'], $g['secrets']),
 'email' => replydesk_contact($g['box'], $g['key']),
 'other' => replydesk_contact($g['box'], $g['other']),
]);
"""
JAVASCRIPT = """
import { readFileSync } from 'node:fs'
const { eventOf } = await import(process.argv[1])
const given = JSON.parse(readFileSync(0, 'utf8'))
console.log(JSON.stringify({ event: eventOf(given.body, given.headers, given.secrets),
  wrong: eventOf(given.body + ' ', given.headers, given.secrets) }))
"""


def given():
    """A callback signed with two secrets, as during a rotation, and a box."""
    old, new = new_webhook_secret(), new_webhook_secret()
    (public, private), (_, other) = new_contact_keys(), new_contact_keys()
    return {
        "body": BODY,
        "headers": sign([new, old], "msg_1_2", int(time.time()), BODY.encode()),
        "secrets": [old],
        "box": base64.b64encode(seal(public, Address.parse("ada@mail.example"))).decode(),
        "key": private,
        "other": other,
    }


def ran(*command):
    """Run a snippet on such a callback and return what it printed."""
    done = subprocess.run(
        command, input=json.dumps(given()), capture_output=True, text=True, check=False, timeout=30
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def test_php():
    if not shutil.which("php"):
        pytest.skip("no PHP: install the package php-cli")
    out = ran("php", "-r", PHP, str(INTEGRATIONS / "php" / "receive.php"))
    assert out == {"event": json.loads(BODY), "wrong": None, "email": "ada@mail.example", "other": None}


def test_a_blog_without_our_constants_goes_on():
    if not shutil.which("php"):
        pytest.skip("no PHP: install the package php-cli")
    plugin = INTEGRATIONS / "wordpress" / "replydesk.php"
    code = "define('ABSPATH', '/'); require $argv[1]; echo 'goes on ', defined('WPCOM_API_KEY') ? 'with' : 'without';"
    done = subprocess.run(
        ["php", "-r", code, str(plugin)], capture_output=True, text=True, check=False, timeout=30
    )
    assert (done.returncode, done.stdout) == (0, "goes on without"), done.stderr
    assert len(plugin.read_text().splitlines()) <= 150


def test_javascript():
    if not shutil.which("node"):
        pytest.skip("no Node: install node 18 or later")
    script = INTEGRATIONS / "javascript" / "comments.mjs"
    out = ran("node", "--input-type=module", "-e", JAVASCRIPT, str(script))
    assert out == {"event": json.loads(BODY), "wrong": None}


def test_python():
    spec = importlib.util.spec_from_file_location("snippet", INTEGRATIONS / "python" / "comments.py")
    snippet = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(snippet)
    secret = new_webhook_secret()
    headers = sign([secret], "msg_1_2", int(time.time()), BODY.encode())
    assert snippet.event_of(BODY.encode(), headers, secret) == json.loads(BODY)
    with pytest.raises(WebhookVerificationError):
        snippet.event_of(BODY.encode() + b" ", headers, secret)
