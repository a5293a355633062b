"""Perspective's errors, each of its table and what hostile callers send: Google's form, and never a 5xx."""

import pytest

from service.scoring.scorer import NoModel
from tests.web.api.naughty import MALFORMED, NO_OBJECTS
from tests.web.compat.perspective_cases import OWN_ERROR, TEXT, call, refusal, request, suggestion


def typed(kind):
    return request(comment={"text": TEXT, "type": kind})


BOTH = {"entries": [{"text": "a"}], "articleAndParentComment": {"article": {"text": "b"}}}

EMPTY = ("Comment must be non-empty.", "COMMENT_EMPTY")
LONG = ("Comment text too long.", "COMMENT_TOO_LONG")
NOTHING_ASKED = ("Missing requested_attributes", "NO_REQUESTED_ATTRIBUTES")
INVALID = "INVALID_REQUEST"
TABLE = [
    (request(""), *EMPTY),
    (request(" \n\t"), *EMPTY),
    (request(comment=...), *EMPTY),
    (request("a" * 20_481), *LONG),
    (request("😀" * 5_121), *LONG),
    (request(requestedAttributes={}), *NOTHING_ASKED),
    (request(requestedAttributes=...), *NOTHING_ASKED),
    (
        request(requestedAttributes={"TOXICITY": {}, "FLIRTATION": {}}),
        "Unknown requested attribute: FLIRTATION",
        INVALID,
    ),
    (
        request(languages=["en", "fr", "es"]),
        "Attribute TOXICITY does not support request languages: fr, es",
        "LANGUAGE_NOT_SUPPORTED_BY_ATTRIBUTE",
    ),
    (request("123 !!! 😀"), "Unable to detect language", "LANGUAGE_DETECTION_FAILED"),
    (
        request(requestedAttributes={"TOXICITY": {"scoreType": "STD_DEV_SCORE"}}),
        "Requested score type STD_DEV_SCORE is not supported by attribute TOXICITY",
        INVALID,
    ),
    (typed("HTML"), "Currently, only 'PLAIN_TEXT' comments are supported", INVALID),
    (typed("MARKDOWN"), "Unknown text type", INVALID),
    (
        request(context=BOTH),
        "Context can have either entries or article_and_parent_comment, but both fields were populated.",
        INVALID,
    ),
]


@pytest.mark.parametrize(("body", "message", "kind"), TABLE, ids=range(len(TABLE)))
def test_each_error_of_the_table(newsroom, body, message, kind):
    error = refusal(call(newsroom, "analyze", body), 400, "INVALID_ARGUMENT")
    assert error["message"] == message
    (detail,) = error["details"]
    assert (detail["@type"], detail["errorType"]) == (OWN_ERROR, kind)


FRENCH = "Je ne comprends pas pourquoi la mairie a fermé cette route sans prévenir les habitants."


def test_an_unserved_language_names_attribute_and_languages(newsroom):
    for body, how in ((request(languages=["fr"]), "requested"), (request(FRENCH), "detected")):
        error = refusal(call(newsroom, "analyze", body), 400, "INVALID_ARGUMENT")
        found = error["details"][0]["languageNotSupportedByAttributeError"]
        assert found == {"attribute": "TOXICITY", f"{how}Languages": ["fr"]}


def test_a_wrong_key_and_no_key(newsroom):
    for wrong in ("AIzaSyNotOurs", "x" * 5_000, "ü\0", newsroom.courier.inbound_secret):
        error = refusal(call(newsroom, "analyze", request(), key=wrong), 400, "INVALID_ARGUMENT")
        assert error["message"] == "API key not valid. Please pass a valid API key."
        detail = error["details"][0]
        assert (detail["reason"], detail["domain"]) == ("API_KEY_INVALID", "googleapis.com")
    error = refusal(call(newsroom, "analyze", request(), key=None), 403, "PERMISSION_DENIED")
    assert error["message"].startswith("Method doesn't allow unregistered callers")


HOSTILE = [
    *MALFORMED.values(),
    *NO_OBJECTS,
    b"x" * (256 * 1024 + 1),
    b'{"comment": {"text": "\\ud800"}, "requestedAttributes": {"TOXICITY": {}}}',
    b'{"comment": {"text": NaN}}',
    b'{"comment": {}, "comment": {}}',
    b'{"a":' * 5_000,
    b'{"comment": {"text": "a"}, "requestedAttributes": {"TOXICITY": {"scoreThreshold": '
    + b"9" * 5_000
    + b"}}}",
    b'{"comment": {"text": "a"}, "requestedAttributes": {"TOXICITY": {"scoreThreshold": 1e999}}}',
    {"comment": []},
    {"comment": "text"},
    {"comment": {"text": 1}},
    {"comment": {"text": ["a"]}},
    {"comment": {"text": TEXT, "type": 3}},
    request(requestedAttributes=[]),
    request(requestedAttributes=["TOXICITY"]),
    request(requestedAttributes="TOXICITY"),
    request(requestedAttributes={"TOXICITY": 1}),
    request(requestedAttributes={"TOXICITY": []}),
    request(requestedAttributes={"toxicity": {}}),
    request(requestedAttributes={"": {}}),
    request(requestedAttributes={"__class__": {}}),
    request(requestedAttributes={"TOXICITY\n\r<script>": {}}),
    request(requestedAttributes={"A" * 10_000: {}}),
    request(requestedAttributes={f"X{n}": {} for n in range(5_000)}),
    request(requestedAttributes={"TOXICITY": {"scoreThreshold": "0.5"}}),
    request(requestedAttributes={"TOXICITY": {"scoreThreshold": True}}),
    request(requestedAttributes={"TOXICITY": {"scoreType": 7}}),
    request(languages="en"),
    request(languages=[1]),
    request(languages=[None]),
    request(languages=["e"]),
    request(languages=["en'; DROP TABLE comments"]),
    request(languages=["en"] * 1_000),
    request(languages={"en": 1}),
    request(spanAnnotations="true"),
    request(doNotStore=1),
    request(clientToken=5),
    request(clientToken="t" * 10_000),
    request(sessionId=[]),
    request(communityId={}),
    request(context=[]),
    request(context={"entries": "x"}),
    request(context={"articleAndParentComment": "x"}),
]


@pytest.mark.parametrize("body", HOSTILE, ids=range(len(HOSTILE)))
def test_hostile_bodies_get_a_clear_no(newsroom, body):
    for method in ("analyze", "suggestscore"):
        refusal(call(newsroom, method, body), 400, "INVALID_ARGUMENT")


def test_an_infinite_depth_of_spans_and_control_characters_are_only_text(newsroom):
    odd = ["a\0b idiot", "\u202eidiot\u202c", "." * 10_000 + "a", "a\n" * 5_000, "ﷺ" * 100, "\u200b\ufeffok"]
    for text in odd:
        response = call(newsroom, "analyze", request(text, spanAnnotations=True, languages=["en"]))
        assert response.status_code == 200, response.text


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/v1alpha1/comments:analyze"),
        ("PUT", "/v1alpha1/comments:suggestscore"),
        ("OPTIONS", "/v1alpha1/comments:analyze"),
        ("POST", "/v1alpha1/comments:delete"),
        ("POST", "/v1alpha1/"),
        ("POST", "/v1alpha1/comments:analyze/more"),
        ("TRACE", "/v1alpha1/comments:analyze"),
        ("POST", "/v1alpha1"),
        ("GET", "/v1alpha1?key=secret"),
        ("POST", "/$discovery/rest?version=v1alpha1"),
        ("GET", "/$discovery/rest?version=v2"),
    ],
)
def test_what_is_no_method_is_not_found(newsroom, method, path):
    refusal(newsroom.client.open(path, method=method), 404, "NOT_FOUND")


@pytest.mark.parametrize(
    "scores",
    [
        {},
        {"TOXICITY": {}},
        {"TOXICITY": {"summaryScore": {"value": 2}}},
        {"TOXICITY": {"summaryScore": {"value": "1"}}},
        {"TOXICITY": {"summaryScore": {"value": 1, "type": "STD_DEV_SCORE"}}},
        {"TOXICITY": {"spanScores": {}}},
        {"TOXICITY": {"spanScores": [{"score": {"value": 1}}]}},
        {"TOXICITY": {"spanScores": [{"begin": 5, "end": 2, "score": {"value": 1}}]}},
        {"TOXICITY": {"spanScores": [7]}},
        {"NO_SUCH": {"summaryScore": {"value": 1}}},
        [],
    ],
)
def test_suggestions_without_a_usable_score_are_refused(newsroom, scores):
    refusal(call(newsroom, "suggestscore", suggestion(attributeScores=scores)), 400, "INVALID_ARGUMENT")


def test_a_model_that_is_missing_is_unavailable(newsroom, monkeypatch):
    def score(*_, **__):
        raise NoModel()

    monkeypatch.setattr(newsroom.context.scorer, "score", score)
    response = call(newsroom, "analyze", request())
    refusal(response, 503, "UNAVAILABLE")
    assert response.headers["Retry-After"] == "2"
