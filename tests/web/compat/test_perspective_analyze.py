"""Perspective's analyze: scores in its shape, spans in its units, languages and tokens as its clients expect them."""

import json
from dataclasses import replace

import pytest

from service.compat.perspective.attributes import LANGUAGES
from service.domain.verdict import LABELS
from tests.web.compat.perspective_cases import (
    RUDE,
    TEXT,
    analyze,
    call,
    refusal,
    request,
    served,
    value,
)


def test_every_attribute_that_is_served_is_answered(newsroom):
    names = list(served(newsroom))
    found = analyze(newsroom, request(requestedAttributes={name: {} for name in names}))
    assert list(found["attributeScores"]) == names
    assert all(set(scores) == {"summaryScore"} for scores in found["attributeScores"].values())
    assert found["languages"] == found["detectedLanguages"] == ["en"]
    assert "clientToken" not in found


def test_the_newer_labels_answer_their_attributes(newsroom, says):
    says(newsroom, **dict.fromkeys(LABELS, 0.01) | {"sexual": 0.7, "refuse": 0.6})
    wanted = {"SEXUALLY_EXPLICIT": {}, "LIKELY_TO_REJECT": {}, "TOXICITY": {}}
    found = analyze(newsroom, request(requestedAttributes=wanted))
    assert [value(found, name) for name in wanted] == [0.7, 0.6, 0.01]


@pytest.mark.parametrize("attribute", ["SEXUALLY_EXPLICIT", "LIKELY_TO_REJECT"])
@pytest.mark.parametrize("method", ["analyze", "suggestscore"])
def test_an_attribute_whose_label_no_model_gives_is_unknown(newsroom, says, attribute, method):
    says(newsroom, toxicity=0.1)
    body = request(requestedAttributes={attribute: {}}, languages=["xx"])
    body["attributeScores"] = {attribute: {"summaryScore": {"value": 1}}}
    found = refusal(call(newsroom, method, body), 400, "INVALID_ARGUMENT")
    assert found["message"] == f"Unknown requested attribute: {attribute}"


def test_the_score_is_the_classifiers_own(newsroom):
    response = call(newsroom, "analyze", request(RUDE))
    verbs = newsroom.app.extensions["replydesk.compat"].verbs
    (assessed,) = newsroom.context.scorer.score([verbs.reading(newsroom.courier.site, RUDE)])
    assert value(json.loads(response.data)) == round(assessed.scores["toxicity"], 7) > 0.8
    assert response.headers["X-Replydesk-Scores"] == f"calibrated; model={assessed.model}"


@pytest.mark.parametrize("where", ["query", "header", "bearer"])
@pytest.mark.parametrize("kind", ["key", "akismet_key"])
def test_both_keys_open_from_every_place(newsroom, where, kind):
    key = getattr(newsroom.courier, kind)
    headers = {"header": {"X-Goog-Api-Key": key}, "bearer": {"Authorization": f"Bearer {key}"}}.get(where, {})
    assert value(analyze(newsroom, request(), key=key if where == "query" else None, headers=headers)) < 0.5


def test_spans_count_utf16_units_by_sentence(newsroom):
    text = "  Good 😀 morning.\nYou are an idiot 🤦🏽‍♀️! Bye"
    found = analyze(newsroom, request(text, spanAnnotations=True))
    units = text.encode("utf-16-le")
    spans = found["attributeScores"]["TOXICITY"]["spanScores"]
    cut = [units[2 * one["begin"] : 2 * one["end"]].decode("utf-16-le") for one in spans]
    assert cut == ["Good 😀 morning.", "You are an idiot 🤦🏽‍♀️!", "Bye"]
    scores = [one["score"]["value"] for one in spans]
    assert scores[1] > 0.5 > max(scores[0], scores[2])
    assert all(one["score"]["type"] == "PROBABILITY" for one in spans)


def test_a_span_that_begins_the_text_says_so(newsroom):
    scores = analyze(newsroom, request(TEXT, spanAnnotations=True))["attributeScores"]["TOXICITY"]
    assert [(one["begin"], one["end"]) for one in scores["spanScores"]] == [(0, len(TEXT))]
    assert scores["spanScores"][0]["score"] == scores["summaryScore"]
    for text in ("a word. " * 2560, "😀" * 5120):  # the longest
        found = analyze(newsroom, request(text, spanAnnotations=True, languages=["en"]))
        assert 1 <= len(found["attributeScores"]["TOXICITY"]["spanScores"]) <= 200


def test_a_threshold_hides_what_is_below_it(newsroom):
    wanted = {"TOXICITY": {"scoreThreshold": 0.5}, "SPAM": {"scoreThreshold": 0}}
    found = analyze(newsroom, request(requestedAttributes=wanted, spanAnnotations=True))["attributeScores"]
    assert "summaryScore" not in found["TOXICITY"]
    assert found["TOXICITY"]["spanScores"] == []
    assert "summaryScore" in found["SPAM"]


def test_tokens_and_languages_come_back(newsroom):
    found = analyze(newsroom, request(clientToken="täst-😀", languages=["en-GB"]))
    assert found["clientToken"] == "täst-😀"
    assert (found["languages"], found["detectedLanguages"]) == (["en-GB"], ["en"])
    assert analyze(newsroom, request(languages=[]))["languages"] == ["en"]
    assert analyze(newsroom, request("zxqw"))["detectedLanguages"]


def test_other_languages_are_served_where_there_was_training(newsroom):
    german = "Du bist ein dummes Arschloch und jeder hier weiß das."
    found = analyze(newsroom, request(german))
    assert found["detectedLanguages"] == ["de"]
    assert value(found) > 0.3
    for attribute, label in served(newsroom).items():
        wanted = {attribute: {}}
        for language in LANGUAGES[label]:
            analyze(newsroom, request(requestedAttributes=wanted, languages=[language]))


def test_a_caller_may_write_as_protocol_buffers_do(newsroom):
    body = {
        "comment": {"text": TEXT, "type": "PLAIN_TEXT"},
        "requested_attributes": {"TOXICITY": None, "INSULT": {"score_type": "PROBABILITY"}},
        "span_annotations": False,
        "do_not_store": True,
        "client_token": "t",
        "session_id": "s",
        "community_id": "c",
        "context": {"entries": [{"text": "…"}]},
        "nobody_knows": {"this": 1},
    }
    response = newsroom.client.post(
        "/v1alpha1/comments%3Aanalyze",
        query_string={"key": newsroom.courier.key, "alt": "json", "prettyPrint": "false", "$.xgafv": "2"},
        json=body,
    )
    found = json.loads(response.data)
    assert set(found["attributeScores"]) == {"TOXICITY", "INSULT"}
    assert found["clientToken"] == "t"


def how(newsroom, *attributes):
    """Return what the answer's header says of how these scores were made."""
    asked = request(RUDE, requestedAttributes={name: {} for name in attributes})
    return call(newsroom, "analyze", asked).headers["X-Replydesk-Scores"]


def test_the_mapped_scale_is_a_choice_and_says_its_name(fresh):
    newsroom = fresh
    newsroom.tune(perspective_map="own")
    assert how(newsroom, "TOXICITY").startswith("calibrated; model=")
    plain = value(analyze(newsroom, request(RUDE)))
    knots = {"TOXICITY": ((0.0, 0.0), (0.5, 0.9), (1.0, 1.0))}
    site = newsroom.site()
    with newsroom.deps.store.write() as tx:
        tx.sites.save(replace(site, options=replace(site.options, perspective_knots=knots)))
    newsroom.forget()
    mapped = value(analyze(newsroom, request(RUDE)))
    assert mapped == pytest.approx(0.9 + (plain - 0.5) * 0.2, abs=1e-5)
    both = how(newsroom, "TOXICITY", "INSULT")
    assert both.startswith("perspective-like; map=own; calibrated=INSULT; model=")
    assert how(newsroom, "TOXICITY").startswith("perspective-like; map=own; model=")


def test_the_discovery_document_names_our_own_host(newsroom):
    found = json.loads(newsroom.client.get("/$discovery/rest?version=v1alpha1").data)
    assert found["rootUrl"] == found["baseUrl"] == "http://localhost/"
    method = found["resources"]["comments"]["methods"]["analyze"]
    assert (method["httpMethod"], method["path"]) == ("POST", "v1alpha1/comments:analyze")
    named = newsroom.client.get("/$discovery/rest", headers={"Host": "127.0.0.1:8080"})
    assert json.loads(named.data)["rootUrl"] == "http://127.0.0.1:8080/"
    assert newsroom.client.get("/$discovery/rest?version=v9").status_code == 404
