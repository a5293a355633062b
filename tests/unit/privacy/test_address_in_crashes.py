"""The address inside its request: no print, traceback, debugger, crash dump or log record shows it, in any form."""

import copy
import io
import json
import logging
import os
import pdb  # noqa: T100  # the debugger is what is tried
import pickle
import pprint
import subprocess
import sys
import traceback
from dataclasses import asdict, astuple

import pytest

from service import logging as logs
from service.domain.comment import Article, Source, Submission
from service.leak_audit.forms import forms_of
from service.leak_audit.search import Searcher
from service.privacy.keys import Keyring
from service.privacy.sanitizer import Sanitizer
from service.privacy.sealing import Address, Sealer
from tests.factories import NOON, courier

MARK = "canaryqvwzkjxbyhtd"
PLAIN = f"{MARK}api@mail.example"
SEARCHER = Searcher(forms_of(MARK, [PLAIN]))
GIVEN = Submission(
    article=Article("https://courier.example/bridge"),
    author_name=f"Ada {PLAIN}",
    body=f"Write to {PLAIN}!",
    source=Source.API,
    email=Address.parse(PLAIN),
    website=f"https://ada.example/?m={PLAIN}",
)


def shown(text):
    """Every form of the address in what was written."""
    return SEARCHER.find(text if isinstance(text, bytes) else text.encode("utf-8", "surrogatepass"))


def fail(given):
    """Fail in the depth of a request, with address, draft and seal in the hands of three frames."""
    keyring = Keyring(bytes(32))
    draft = Sanitizer(keyring).draft(courier(), given, NOON)
    sealed = Sealer(keyring).seal("courier", None, given.email)
    raise RuntimeError(f"{given} {draft.body} {sealed} {given.email} {given.email!r} {given.email:>40}")


@pytest.fixture
def error():
    with pytest.raises(RuntimeError) as caught:
        fail(GIVEN)
    return caught.value


def test_tracebacks_with_locals_do_not_show_it(error):
    with_locals = traceback.TracebackException.from_exception(error, capture_locals=True)
    assert {"given", "draft", "sealed"} <= set(with_locals.stack[-1].locals or {})
    assert shown("".join(with_locals.format())) == []
    assert shown("".join(traceback.format_exception(error))) == []


@pytest.mark.parametrize("typed", [f"{PLAIN}@@", PLAIN + "x" * 400, f"{PLAIN}@"])
def test_a_parser_that_refuses_an_address_does_not_show_it(typed):
    with pytest.raises(ValueError, match="not an email address") as refused:
        Address.parse(typed)
    told = traceback.TracebackException.from_exception(refused.value, capture_locals=True)
    own = [frame for frame in told.stack if frame.filename.endswith("sealing.py")]
    assert own
    assert all(shown(str(frame.locals)) == [] for frame in own)


@pytest.mark.parametrize(
    "look",
    [
        repr,
        str,
        format,
        pprint.pformat,
        ascii,
        lambda one: f"{one!s:>30} {one} {one!r}",
        lambda one: "%s %r %20s" % (one, one, one),  # noqa: UP031  # the old form has its own code path
    ],
)
def test_however_it_is_printed_it_is_masked(look):
    for carrier in (GIVEN.email, GIVEN, [GIVEN.email], {"email": GIVEN.email}):
        assert shown(look(carrier)) == []


def test_a_debugger_that_walks_its_attributes_sees_noise():
    one, other = Address.parse(PLAIN), Address.parse(PLAIN)
    for address in (one, other):
        inside = [getattr(address, name) for name in dir(address) if name.startswith("_Address__")]
        assert inside
        assert all(shown(part) == [] for part in inside)
    assert getattr(one, "_Address__blind") != getattr(other, "_Address__blind")  # noqa: B009


def test_pdb_does_not_show_it(error):
    said = io.StringIO()
    typed = "where\nargs\np given\npp given\np given.email\np vars()\nup\nargs\np locals()\nquit\n"
    debugger = pdb.Pdb(stdin=io.StringIO(typed), stdout=said, readrc=False)
    debugger.use_rawinput = False
    debugger.reset()
    debugger.interaction(None, error.__traceback__)
    assert "given" in said.getvalue()
    assert shown(said.getvalue()) == []


@pytest.mark.parametrize(
    "away", [pickle.dumps, copy.copy, copy.deepcopy, json.dumps, vars, len, list, Address.__getstate__]
)
def test_it_is_not_carried_away(away):
    with pytest.raises(TypeError):
        away(GIVEN.email)


@pytest.mark.parametrize("turn", [asdict, astuple])
def test_a_submission_is_not_turned_into_plain_data_with_it(turn):
    with pytest.raises(TypeError):
        turn(GIVEN)


@pytest.fixture
def logged(monkeypatch):
    """The service's logging, writing into memory; what was configured before comes back."""
    said = io.StringIO()
    monkeypatch.setattr(sys, "stderr", said)
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    logs.configure("test", "debug")
    yield said
    root.handlers[:], root.level = handlers, level
    logging.captureWarnings(False)


def test_log_records_do_not_show_it(logged, error):
    log = logging.getLogger("somebody.else")
    log.info("got %s and %r", GIVEN.email, GIVEN)
    log.info("got", extra={"email": GIVEN.email, "submission": GIVEN})
    log.error("failed", exc_info=error)
    log.error("failed: %s", error, stack_info=True)
    log.warning("a library says: bad address <%s>, also as %s", PLAIN, PLAIN.replace("@", "%40"))
    lines = logged.getvalue().splitlines()
    assert len(lines) == 5
    assert shown(logged.getvalue()) == []
    assert all(json.loads(line)["process"] == "test" for line in lines)


def test_a_process_that_dies_leaves_nothing(tmp_path):
    done = subprocess.run(
        [sys.executable, "-m", "service.leak_audit.crash"],
        input=f"{PLAIN}\n".encode(),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": os.getcwd()},  # noqa: PTH109
        timeout=60,
        check=False,
    )
    assert done.returncode < 0
    assert b"Fatal Python error: Aborted" in done.stdout
    assert b"submission = Submission(" in done.stdout
    assert shown(done.stdout) == []
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []


def test_the_service_s_processes_leave_no_image_of_their_memory():
    script = (
        "import resource; from service.cli.processes import no_core_dumps; no_core_dumps();"
        "print(resource.getrlimit(resource.RLIMIT_CORE))"
    )
    said = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert said.stdout.strip() == "(0, 0)"
