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


def test_lines_become_comments(imports, run, context):
    counts = imports(line("a"), line("b", "Two."), line(None, "Three."))
    assert counts == {"imported": 3, "replayed": 0, "revised": 0, "refused": 0}
    assert [one["body"] for one in listed(run)] == ["The bridge is open.", "Two.", "Three."]
    with context.deps.store.read() as tx:
        page = tx.comments.page(None, limit=10)
    assert {(str(one.source), one.live) for one in page.comments} == {("import", False)}


def test_an_import_may_ask_for_fast_scores(imports, context):
    imports(line("a"), options=("--fast",))
    assert imports(line("a"), line("b")) == {"imported": 1, "replayed": 1, "revised": 0, "refused": 0}
    with context.deps.store.read() as tx:
        signals = {one.id: one.signals for one in tx.comments.page(None).comments}
    assert {name: told.get("effort") for name, told in signals.items()} == {"a": "fast", "b": None}


def test_importing_again_repeats_nothing(imports):
    lines = [line("a"), line(None, "Same."), line(None, "Same."), line(None, "Other.")]
    assert imports(*lines)["imported"] == 4
    assert imports(*lines) == {"imported": 0, "replayed": 4, "revised": 0, "refused": 0}
    assert imports(line("a", "Changed."), *lines[1:])["revised"] == 1


def test_an_interrupted_import_goes_on(imports):
    assert imports(line(None, "One."), line(None, "Two."))["imported"] == 2
    counts = imports(line(None, "New first."), line(None, "One."), line(None, "Two."), line(None, "Three."))
    assert (counts["imported"], counts["replayed"]) == (2, 2)


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
    counts = imports(*lines, options=("--strict",), code=1)
    assert counts == {"imported": 2, "replayed": 0, "revised": 0, "refused": 6}
    said = imports.said
    for told in (
        "line 2: id:",
        "line 3: line:",
        "line 4: author.email:",
        "line 5: author.email:",
        "line 8: line:",
        "line 9: body:",
        "line 9: colour:",
    ):
        assert told in said
    assert "secret" not in said


def test_many_faults_are_counted_not_shown(imports):
    assert imports(*(line("no good") for _ in range(250)))["refused"] == 250
    said = imports.said.splitlines()
    assert len(said) == 101
    assert "counted" in said[-1]


def test_a_line_too_long_is_skipped_whole(imports):
    long = json.dumps(line("long", "a" * 5_000_000)).encode() + b"\n"
    assert imports(line("a"), long, long + long.rstrip(), b"\n", line("b", "Two.")) == {
        "imported": 2,
        "replayed": 0,
        "revised": 0,
        "refused": 3,
    }


@pytest.mark.parametrize("end", [b"", b"\n", b"\r\n", b"\n\n\n"])
def test_ends_of_lines_and_a_mark_at_the_beginning_are_taken_as_they_come(imports, end):
    raw = b"\xef\xbb\xbf" + json.dumps(line("a")).encode() + b"\r\n" + json.dumps(line("b")).encode() + end
    assert imports(raw)["imported"] == 2


def test_more_than_a_batch_is_imported(imports):
    assert imports(*(line(f"c-{n}", f"Text {n}.") for n in range(1201)))["imported"] == 1201


def test_an_empty_file_is_no_error(imports):
    assert sum(imports().values()) == 0


def test_an_imported_address_is_nowhere_in_the_home(imports, run, home):
    imports(line("a"), line("b", f"Write to {EMAIL}!"))
    stored = b"".join(path.read_bytes() for path in home.rglob("*") if path.is_file())
    assert EMAIL.encode() not in stored.lower()
    assert "canary" not in run("comments", "--site", "courier", "--json").stdout
    assert "⟦email⟧" in run("comments", "--site", "courier").stdout


def test_the_site_decides_whether_an_email_is_needed(run, imports):
    run("site", "set", "courier", "email_required=false")
    assert imports(line("a", author={"name": "Ada"}))["imported"] == 1


def test_a_file_that_cannot_be_read_is_named(run, courier, tmp_path):
    assert "is a directory" in run("import", str(tmp_path), "--site", "courier", code=2).stderr


def test_a_wordpress_export_is_known_by_its_first_bytes(run, tmp_path, courier):
    file = tmp_path / "export.xml"
    file.write_bytes(b"\xef\xbb\xbf\n" + HEAD + item(comment(1), comment(2, state="0")) + TAIL)
    done = run("import", str(file), "--site", "courier", "--json")
    assert json.loads(done.output) == {"imported": 2, "replayed": 0, "revised": 0, "refused": 0}


def test_a_broken_export_ends_the_import_with_its_line(run, tmp_path, courier):
    file = tmp_path / "export.xml"
    file.write_bytes(HEAD + item(comment(1)))
    done = run("import", str(file), "--site", "courier", code=2)
    assert "line " in done.output


def test_an_import_counts_in_the_homes_metrics(home, courier, tmp_path, context):
    file = tmp_path / "comments.jsonl"
    file.write_text(json.dumps(line("c-1")) + "\n" + json.dumps(line("c-2")) + "\n")
    command = [sys.executable, "-m", "service.cli.main", "import", str(file), "--site", courier.name]
    subprocess.run(command, env=dict(os.environ), check=True, capture_output=True)
    told = generate_latest(home_registry(context.settings.home)).decode()
    assert 'replydesk_submissions_total{outcome="new",source="import"} 2.0' in told


def test_what_is_odd_in_an_export_is_counted_and_named(run, tmp_path, courier):
    file = tmp_path / "export.xml"
    begin = head("https://courier.example")
    file.write_bytes(
        begin
        + item(comment(1), comment(2, "Note.", kind="note"), status="publish")
        + item(comment(3, "Good #."), status="private").replace(b"#", b"\x96")
        + TAIL
    )
    done = run("import", str(file), "--site", "courier", "--json")
    assert json.loads(done.stdout) == {
        "imported": 2,
        "replayed": 0,
        "revised": 0,
        "refused": 0,
        "left_out": 1,
        "not_shown": 1,
        "repaired": 1,
    }
    assert "line 2: character: held a character that is none in the file's encoding" in done.stderr
    file.write_bytes(begin + item(comment(4, "Four.")) + item(comment(5, "Five.")) + b"<item><broken")
    done = run("import", str(file), "--site", "courier", "--json", code=2)
    assert json.loads(done.stdout)["imported"] == 2
    assert "line " in done.stderr
