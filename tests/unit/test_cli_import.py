"""`replydesk import`: comments in from a file, each once, with faulty lines named and left out."""

import json
import os
import subprocess
import sys

import pytest
from prometheus_client import generate_latest

from service.observability.counters import home_registry
from tests.unit.importing import EMAIL, line, listed
from tests.wxr import HEAD, TAIL, comment, head, item


def counted(imported=0, replayed=0, revised=0, refused=0):
    return {"imported": imported, "replayed": replayed, "revised": revised, "refused": refused}


def test_lines_become_comments(imports, run, context):
    assert imports(line("a"), line("b", "Two."), line(None, "Three.")) == counted(3)
    assert [one["body"] for one in listed(run)] == ["The bridge is open.", "Two.", "Three."]
    with context.deps.store.read() as tx:
        page = tx.comments.page(None, limit=10)
    assert {(str(one.source), one.live) for one in page.comments} == {("import", False)}


def test_an_import_may_ask_for_fast_scores(imports, context):
    imports(line("a"), options=("--fast",))
    assert imports(line("a"), line("b")) == counted(1, 1)
    with context.deps.store.read() as tx:
        signals = {one.id: one.signals for one in tx.comments.page(None).comments}
    assert {name: told.get("effort") for name, told in signals.items()} == {"a": "fast", "b": None}


def test_importing_again_repeats_nothing_and_goes_on(imports):
    lines = [line("a"), line(None, "Same."), line(None, "Same."), line(None, "Other.")]
    assert imports(*lines) == counted(4)
    assert imports(*lines) == counted(replayed=4)
    assert imports(line(None, "New first."), line("a", "Changed."), *lines[1:], line("z")) == counted(2, 3, 1)


def test_faulty_lines_are_named_and_left_out(imports):
    lines = [
        line("a"),
        line("b b"),
        b"not json\n",
        line("c", author={"name": "Ada"}),
        line("d", author={"name": "Ada", "email": "not.an.address.but.secret"}),
        b"\n",
        line("e", "Fine."),
        b'{"id": "f", "body": "\xff"}\n',
        line("g", " ", colour="red"),
    ]
    assert imports(*lines, options=("--strict",), code=1) == counted(4, refused=4) | {"repaired": 1}
    faults = [
        "2: id:",
        "3: line:",
        "5: author.email: is left out",
        "8: line:",
        "9: body:",
        "9: colour:",
    ]
    assert [one for one in faults if f"line {one}" not in imports.said] == []
    assert "secret" not in imports.said


def test_many_faults_are_counted_not_shown(imports):
    assert imports(*(line("no good") for _ in range(250))) == counted(refused=250)
    said = imports.said.splitlines()
    assert (len(said), "counted" in said[-1]) == (101, True)


def test_a_line_too_long_is_skipped_whole(imports):
    long = json.dumps(line("long", "a" * 5_000_000)).encode() + b"\n"
    lines = (line("a"), long, long + long.rstrip(), b"\n", line("b", "Two."))
    assert imports(*lines) == counted(2, refused=3)


@pytest.mark.parametrize("end", [b"", b"\n", b"\r\n", b"\n\n\n"])
def test_ends_of_lines_and_a_mark_at_the_beginning_are_taken_as_they_come(imports, end):
    raw = b"\xef\xbb\xbf" + json.dumps(line("a")).encode() + b"\r\n" + json.dumps(line("b")).encode() + end
    assert imports(raw) == counted(2)


def test_more_than_a_batch_is_imported_and_every_page_of_it_listed_once(imports, run):
    names = [f"c-{n:04}" for n in range(1201)]
    assert imports(*(line(name, f"Text {name}.") for name in names)) == counted(1201)
    assert [one["id"] for one in listed(run)] == names


def test_an_imported_address_is_nowhere_in_the_home(imports, run, home):
    imports(line("a"), line("b", f"Write to {EMAIL}!"))
    stored = b"".join(path.read_bytes() for path in home.rglob("*") if path.is_file())
    assert EMAIL.encode() not in stored.lower()
    assert "canary" not in run("comments", "--site", "courier", "--json").stdout
    assert "⟦email⟧" in run("comments", "--site", "courier").stdout


@pytest.mark.parametrize("required", ["true", "false"])
def test_an_old_comment_needs_no_email(run, imports, required):
    run("site", "set", "courier", f"email_required={required}")
    assert imports(line("a", author={"name": "Ada"})) == counted(1)


def test_an_empty_file_is_no_error_and_one_that_cannot_be_read_is_named(imports, run, tmp_path):
    assert imports() == counted()
    assert "is a directory" in run("import", str(tmp_path), "--site", "courier", code=2).stderr


def test_an_import_counts_in_the_homes_metrics(home, courier, tmp_path, context):
    file = tmp_path / "comments.jsonl"
    file.write_text(json.dumps(line("c-1")) + "\n" + json.dumps(line("c-2")) + "\n")
    command = [sys.executable, "-m", "service.cli.main", "import", str(file), "--site", courier.name]
    subprocess.run(command, env=dict(os.environ), check=True, capture_output=True)
    told = generate_latest(home_registry(context.settings.home)).decode()
    assert 'replydesk_submissions_total{outcome="new",source="import"} 2.0' in told


def test_what_is_odd_in_a_wordpress_export_is_counted_and_named(imports):
    begin = head("https://courier.example")
    odd = item(comment(3, "Good #."), status="private").replace(b"#", b"\x96")
    file = begin + item(comment(1), comment(2, "Note.", kind="note"), status="publish") + odd + TAIL
    assert imports(file) == counted(2) | {"left_out": 1, "not_shown": 1, "repaired": 1}
    assert "line 2: character: held a character that no text can have" in imports.said


def test_a_wordpress_export_is_known_by_its_bytes_and_ends_where_it_breaks(imports):
    assert imports(b"\xef\xbb\xbf\n" + HEAD + item(comment(1), comment(2, state="0")) + TAIL) == counted(2)
    broken = HEAD + item(comment(4, "Four.")) + item(comment(5, "Five.")) + b"<item><broken"
    assert imports(broken, code=2)["imported"] == 2
    assert "line " in imports.said
