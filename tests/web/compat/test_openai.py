"""OpenAI's moderation call: one result for each text, all thirteen categories, and errors as its clients read them."""

import pytest

from service.compat.openai import CATEGORIES, result
from service.domain.policy import Policy
from service.domain.verdict import LABELS, Assessment
from service.usecases.sites import tune_site
from service.web.compat import openai

HAM = "The new bridge saves me twenty minutes every morning, thank you to the city for building it."
INSULT = "You are a stupid idiot and everybody hates you."
THREAT = "I will kill you and your whole family."


def ask(newsroom, given, key="", **more):
    return newsroom.call("POST", "/v1/moderations", key, json=given, **more)


@pytest.mark.parametrize(
    ("given", "count"),
    [
        (HAM, 1),
        ("", 1),
        ([HAM, INSULT, HAM], 3),
        ([{"type": "text", "text": HAM}, {"type": "text", "text": HAM}], 1),
        (
            [
                {"type": "text", "text": HAM},
                {"type": "image_url", "image_url": {"url": "https://a.example/b"}},
            ],
            1,
        ),
    ],
)
def test_each_kind_of_input_has_its_results(newsroom, given, count):
    answer = ask(newsroom, {"input": given, "model": "text-moderation-stable"})
    assert answer.status_code == 200
    assert answer.json["id"].startswith("modr-")
    assert answer.json["model"] == "text-moderation-stable"
    assert answer.headers["x-request-id"]
    assert len(answer.json["results"]) == count
    for one in answer.json["results"]:
        assert set(one) == {"flagged", "categories", "category_scores", "category_applied_input_types"}
        for name in ("categories", "category_scores", "category_applied_input_types"):
            assert list(one[name]) == list(CATEGORIES)
        assert one["flagged"] is any(one["categories"].values())
        assert all(0.0 <= score <= 1.0 for score in one["category_scores"].values())


def test_what_is_bad_is_flagged_and_by_what(newsroom):
    results = ask(newsroom, {"input": [HAM, INSULT, THREAT]}).json["results"]
    assert [one["flagged"] for one in results] == [False, True, True]
    assert results[1]["categories"]["harassment"]
    assert results[2]["categories"]["violence"]
    assert results[2]["categories"]["harassment/threatening"]
    assert not results[1]["categories"]["sexual"]


@pytest.mark.parametrize(
    ("scores", "flagged"),
    [
        ({"self_harm": 0.8}, {"self-harm", "self-harm/intent"}),
        ({"sexual": 0.9}, {"sexual"}),
        ({"threat": 0.9}, {"harassment/threatening", "violence"}),
        (
            {"threat": 0.9, "identity_attack": 0.9},
            {"harassment/threatening", "violence", "hate", "hate/threatening"},
        ),
        ({"personal_info": 0.9, "refuse": 0.9}, set()),
    ],
)
def test_each_label_answers_its_categories(scores, flagged):
    said = Assessment(dict.fromkeys(LABELS, 0.01) | scores, "made-up-1")
    found = result(said, Policy())
    assert {name for name, is_flagged in found["categories"].items() if is_flagged} == flagged
    for label, categories in (("self_harm", ("self-harm", "self-harm/intent")), ("sexual", ("sexual",))):
        assert {found["category_scores"][name] for name in categories} == {said.scores[label]}


def test_a_model_without_a_label_leaves_its_categories_at_nothing():
    found = result(Assessment({"toxicity": 0.9}, "made-up-1"), Policy())
    assert list(found["categories"]) == list(CATEGORIES)
    for name in ("self-harm", "self-harm/intent", "self-harm/instructions", "sexual", "sexual/minors"):
        assert (found["categories"][name], found["category_scores"][name]) == (False, 0.0)


def test_pictures_are_said_not_to_be_judged(newsroom):
    """Beside a text the header says so; alone they are refused, for a clean bill would be a lie."""
    picture = {"type": "image_url", "image_url": {"url": "https://a.example/b.png"}}
    answer = ask(newsroom, {"input": [{"type": "text", "text": HAM}, picture]})
    assert answer.headers["X-Replydesk-Not-Judged"] == "image"
    assert ask(newsroom, {"input": [picture]}).status_code == 400


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
        ([], None),
        ("text", None),
        (None, None),
    ],
)
def test_bad_input_is_said_in_its_form(newsroom, given, param):
    answer = ask(newsroom, given)
    assert answer.status_code == 400
    error = answer.json["error"]
    assert set(error) == {"message", "type", "param", "code"}
    assert (error["type"], error["param"], error["code"]) == ("invalid_request_error", param, None)


def test_keys_are_refused_as_its_clients_expect(newsroom):
    for key, code in ((None, None), ("wrong", "invalid_api_key")):
        answer = ask(newsroom, {"input": HAM}, key=key)
        assert (answer.status_code, answer.json["error"]["code"]) == (401, code)
    assert ask(newsroom, {"input": HAM}, key=newsroom.courier.akismet_key).status_code == 200


def test_a_list_too_long_to_store_in_time_says_so(fresh, monkeypatch):
    tune_site(fresh.context, "courier", {"compat_mode": "queue"})
    monkeypatch.setattr(openai, "KEEP_SECONDS", -1.0)
    answer = ask(fresh, {"input": [HAM, INSULT]})
    assert (answer.status_code, len(answer.json["results"])) == (200, 2)
    assert answer.headers["X-Replydesk-Not-Stored"] == "2 of 2: there was no time for all"
    assert fresh.count() == 0


@pytest.mark.parametrize("mode", ["score", "decide", "queue"])
def test_modes(fresh, mode):
    tune_site(fresh.context, "courier", {"compat_mode": mode})
    for _ in range(2):
        results = ask(fresh, {"input": [HAM, INSULT]}).json["results"]
    actions = [one.get("moderation", {}).get("action") for one in results]
    assert actions == ([None, None] if mode == "score" else ["approve", actions[1]])
    assert actions[1] in ((None,) if mode == "score" else ("hold", "reject"))
    assert fresh.count() == (2 if mode == "queue" else 0)


def test_a_long_text_is_held_by_the_policy(fresh):
    tune_site(fresh.context, "courier", {"compat_mode": "decide"})
    (one,) = ask(fresh, {"input": " ".join(f"{HAM} {n}" for n in range(1000))}).json["results"]
    assert one["moderation"]["action"] != "approve"
    assert "cut" in [reason["code"] for reason in one["moderation"]["reasons"]]
