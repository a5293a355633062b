"""OpenAI's moderation call: one result for each text, all thirteen categories, and errors as its clients read them."""

import pytest

from service.compat.openai import CATEGORIES, result
from service.domain.policy import Policy
from service.domain.verdict import LABELS, Assessment
from service.web.compat import openai

HAM = "The new bridge saves me twenty minutes every morning, thank you to the city for building it."
INSULT = "You are a stupid idiot and everybody hates you."
THREAT = "I will kill you and your whole family."


def ask(newsroom, given, key="", **more):
    return newsroom.call("POST", "/v1/moderations", key, json=given, **more)


WORDS, PICTURE = (
    {"type": "text", "text": HAM},
    {"type": "image_url", "image_url": {"url": "https://a.example/b"}},
)


@pytest.mark.parametrize(
    ("given", "flagged"),
    [
        (HAM, [False]),
        ("", [False]),
        ([HAM, INSULT, THREAT], [False, True, True]),
        ([WORDS, WORDS], [False]),
        ([WORDS, PICTURE], [False]),
    ],
)
def test_each_kind_of_input_has_its_results(newsroom, given, flagged):
    answer = ask(newsroom, {"input": given, "model": "text-moderation-stable"})
    assert answer.status_code == 200
    assert answer.json["id"].startswith("modr-")
    assert answer.json["model"] == "text-moderation-stable"
    assert answer.headers["x-request-id"]
    assert answer.headers.get("X-Replydesk-Not-Judged") == ("image" if given == [WORDS, PICTURE] else None)
    assert [one["flagged"] for one in answer.json["results"]] == flagged
    for one in answer.json["results"]:
        assert set(one) == {"flagged", "categories", "category_scores", "category_applied_input_types"}
        for name in ("categories", "category_scores", "category_applied_input_types"):
            assert list(one[name]) == list(CATEGORIES)
        assert one["flagged"] is any(one["categories"].values())
        assert all(0.0 <= score <= 1.0 for score in one["category_scores"].values())


@pytest.mark.parametrize(
    ("scores", "flagged"),
    [
        ({"self_harm": 0.8}, {"self-harm", "self-harm/intent"}),
        ({"sexual": 0.9}, {"sexual"}),
        ({"toxicity": 0.9}, {"harassment"}),
        ({"threat": 0.9}, {"harassment/threatening", "violence"}),
        (
            {"threat": 0.9, "identity_attack": 0.9},
            {"harassment/threatening", "violence", "hate", "hate/threatening"},
        ),
        ({"personal_info": 0.9, "refuse": 0.9}, set()),
    ],
)
@pytest.mark.parametrize("whole", [True, False])
def test_each_label_answers_its_categories(scores, flagged, whole):
    """A model that lacks a label leaves its categories at nothing."""
    said = Assessment((dict.fromkeys(LABELS, 0.01) if whole else {}) | scores, "made-up-1")
    found = result(said, Policy())
    assert {name for name, is_flagged in found["categories"].items() if is_flagged} == flagged
    for label, categories in (("self_harm", ("self-harm", "self-harm/intent")), ("sexual", ("sexual",))):
        assert {found["category_scores"][name] for name in categories} == {said.scores.get(label, 0.0)}


@pytest.mark.parametrize(
    ("given", "param"),
    [
        ({}, "input"),
        ({"input": None}, "input"),
        ({"input": 7}, "input"),
        ({"input": []}, "input"),
        ({"input": {}}, "input"),
        ({"input": ["a", 7]}, "input[0]"),
        ({"input": ["a"] * 257}, "input"),
        ({"input": [{"type": "audio"}]}, "input[0]"),
        ({"input": [{"type": "text", "text": 7}]}, "input[0]"),
        ({"input": [{"type": "text", "text": "a"}, {"type": "image_url"}]}, "input[1]"),
        ({"input": "a", "model": 7}, "model"),
        ({"input": [PICTURE]}, "input"),
        ([], None),
        ("text", None),
        (None, None),
    ],
)
def test_bad_input_is_said_in_its_form(newsroom, given, param):
    answer = ask(newsroom, given)
    error = answer.json["error"]
    assert (answer.status_code, set(error)) == (400, {"message", "type", "param", "code"})
    assert (error["type"], error["param"], error["code"]) == ("invalid_request_error", param, None)


def test_keys_are_refused_as_its_clients_expect(newsroom):
    for key, code in ((None, None), ("wrong", "invalid_api_key")):
        answer = ask(newsroom, {"input": HAM}, key=key)
        assert (answer.status_code, answer.json["error"]["code"]) == (401, code)
    assert ask(newsroom, {"input": HAM}, key=newsroom.courier.akismet_key).status_code == 200


def test_a_list_too_long_to_store_in_time_says_so(fresh, monkeypatch):
    fresh.tune(compat_mode="queue")
    monkeypatch.setattr(openai, "KEEP_SECONDS", -1.0)
    answer = ask(fresh, {"input": [HAM, INSULT]})
    assert (answer.status_code, len(answer.json["results"])) == (200, 2)
    assert answer.headers["X-Replydesk-Not-Stored"] == "2 of 2: there was no time for all"
    assert fresh.count() == 0


@pytest.mark.parametrize("mode", ["score", "decide", "queue"])
def test_modes(fresh, mode):
    fresh.tune(compat_mode=mode)
    long = " ".join(f"{HAM} {n}" for n in range(1000))
    for _ in range(2):
        results = ask(fresh, {"input": [HAM, INSULT, long]}).json["results"]
    said = [one.get("moderation", {"action": None, "reasons": []}) for one in results]
    assert [one["action"] for one in said] == ([None] * 3 if mode == "score" else ["approve", "hold", "hold"])
    assert ("cut" in [reason["code"] for reason in said[2]["reasons"]]) is (mode != "score")
    assert fresh.count() == (3 if mode == "queue" else 0)
