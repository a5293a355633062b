"""Written comments: what each teaches, and one clear line for a file that cannot be used."""

import numpy as np
import pytest

from classifier.labels import LABELS
from classifier.training import newsroom
from classifier.training.data import DataError
from classifier.training.newsroom import WrittenComment


def target(comment, label):
    return float(comment.targets()[LABELS.index(label)])


@pytest.mark.parametrize(
    ("lines", "complaint"),
    [
        (
            '{"text": "a", "category": "plain"}\n{"text": "b", "category": "nice"}',
            "line 2 has no known category",
        ),
        (
            '{"text": "a", "category": "plain", "action": "burn"}',
            "line 1: action must be one of review, approve",
        ),
        ('{"text": "a", "category": "plain"}\n\n', "line 2 is not JSON"),
        ('{"text": 3, "category": "plain"}', 'line 1 has no "text"'),
    ],
)
def test_a_bad_line_is_named(tmp_path, lines, complaint):
    path = tmp_path / "written.jsonl"
    path.write_text(lines)
    with pytest.raises(DataError) as raised:
        newsroom.read(path)
    assert str(raised.value).startswith(f"{path} {complaint}")


@pytest.mark.parametrize(("content", "complaint"), [(None, "cannot be read"), (b"\xff", "is not UTF-8")])
def test_a_file_that_cannot_be_read_is_named(tmp_path, content, complaint):
    path = tmp_path / "written.jsonl"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(DataError, match=complaint) as raised:
        newsroom.read(path)
    assert str(path) in str(raised.value)


def test_a_category_says_what_a_comment_teaches():
    threat, plain = WrittenComment("a", "threat_explicit"), WrittenComment("a", "plain")
    assert (target(threat, "threat"), target(threat, "refuse"), target(threat, "spam")) == (1, 1, 0)
    assert np.isnan(target(threat, "insult"))
    assert plain.targets().tolist() == [0] * len(LABELS)


def test_an_action_outranks_the_category():
    taught = {
        action: target(WrittenComment("a", "insult_plain", action), "refuse")
        for action in (None, "approve", "review")
    }
    assert taught[None] == 1
    assert taught["approve"] < 0.5 < taught["review"] < 1


def test_what_calibrates_is_not_learnt():
    calibration = {each.text for each in newsroom.read(newsroom.CALIBRATION)}
    learnt = {each.text for each in newsroom.read_further()}
    assert calibration
    assert learnt
    assert not calibration & learnt
