"""The plugs as a whole: switched off they are not there, and until they are asked no model is loaded."""

from __future__ import annotations

import sys
from pathlib import Path

from service.storage.memory import MemoryStore
from tests.web.api.caller import Newsroom
from tests.web.plugs.perspective_cases import TEXT, call, request


def test_switched_off_they_are_not_there(tmp_path: Path) -> None:
    """With REPLYDESK_PLUGS=off every plug's address is like any that does not exist."""
    newsroom = Newsroom.over(MemoryStore(), tmp_path, REPLYDESK_PLUGS="off")
    for path in (
        "/v1alpha1/comments:analyze",
        "/sites/courier/coral/phase",
        "/1.1/comment-check",
        "/v1/moderations",
    ):
        assert newsroom.client.post(path, data=b"{}").status_code == 404
    newsroom.parts.close()


def test_the_model_is_loaded_by_the_first_who_asks(fresh: Newsroom) -> None:
    """A house that is asked for no score loads none; the first call does, and the answer is a score."""
    assert fresh.parts.scorer.version == ""
    assert call(fresh, "analyze", request(TEXT), key="wrong").status_code == 400
    assert fresh.parts.scorer.version == ""
    assert call(fresh, "analyze", request(TEXT)).status_code == 200
    assert fresh.parts.scorer.version


def test_warm_loads_it_as_the_process_starts(tmp_path: Path) -> None:
    """With REPLYDESK_PLUGS=warm the model is there before the first call."""
    newsroom = Newsroom.over(MemoryStore(), tmp_path, REPLYDESK_PLUGS="warm")
    assert newsroom.parts.scorer.version
    assert "classifier.model" in sys.modules
    newsroom.parts.close()
