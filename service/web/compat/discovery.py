"""Perspective's discovery document, by which Google's client libraries make their methods."""

from __future__ import annotations

from typing import Any, Final

METHODS: Final = (
    ("analyze", "AnalyzeComment", "Analyzes the provided text and returns scores for requested attributes."),
    ("suggestscore", "SuggestCommentScore", "Suggest comment scores as training data."),
)


def document(root_url: str) -> dict[str, object]:
    """Return the document whose methods call `root_url`, which ends in a slash."""
    return {
        "kind": "discovery#restDescription",
        "discoveryVersion": "v1",
        "id": "commentanalyzer:v1alpha1",
        "name": "commentanalyzer",
        "canonicalName": "Comment Analyzer",
        "version": "v1alpha1",
        "revision": "20261122",
        "title": "Comment Analyzer API, answered by Replydesk",
        "description": (
            "Replydesk's own scores in Perspective's shape; they are not Google's. The header X-Replydesk-Scores of "
            "each answer says on which scale they are."
        ),
        "documentationLink": "https://github.com/conversationai/perspectiveapi",
        "protocol": "rest",
        "rootUrl": root_url,
        "servicePath": "",
        "baseUrl": root_url,
        "basePath": "",
        "batchPath": "batch",
        "parameters": PARAMETERS,
        "resources": {
            "comments": {"methods": {name: _method(name, kind, said) for name, kind, said in METHODS}}
        },
        "schemas": SCHEMAS,
    }


def _method(name: str, kind: str, said: str) -> dict[str, object]:
    path = f"v1alpha1/comments:{name}"
    return {
        "id": f"commentanalyzer.comments.{name}",
        "description": said,
        "httpMethod": "POST",
        "path": path,
        "flatPath": path,
        "parameters": {},
        "parameterOrder": [],
        "request": {"$ref": f"{kind}Request"},
        "response": {"$ref": f"{kind}Response"},
    }


def _text(said: str) -> dict[str, str]:
    return {"type": "string", "description": said}


def _number(kind: str, form: str) -> dict[str, str]:
    return {"type": kind, "format": form}


def _list(items: dict[str, str]) -> dict[str, object]:
    return {"type": "array", "items": items}


def _schema(name: str, **properties: object) -> dict[str, Any]:
    return {"id": name, "type": "object", "properties": properties}


PARAMETERS: Final[dict[str, object]] = {
    "key": {"type": "string", "location": "query", "description": "The site's key."},
    "alt": {"type": "string", "location": "query", "default": "json", "enum": ["json"]},
    "fields": {"type": "string", "location": "query", "description": "Ignored."},
    "prettyPrint": {"type": "boolean", "location": "query", "default": "true", "description": "Ignored."},
    "quotaUser": {"type": "string", "location": "query", "description": "Ignored."},
}
SCHEMAS: Final[dict[str, object]] = {
    made["id"]: made
    for made in (
        _schema(
            "TextEntry",
            text=_text("At most 20,480 bytes of UTF-8."),
            type={"type": "string", "enum": ["TEXT_TYPE_UNSPECIFIED", "PLAIN_TEXT", "HTML"]},
        ),
        _schema(
            "ArticleAndParentComment", article={"$ref": "TextEntry"}, parentComment={"$ref": "TextEntry"}
        ),
        _schema(
            "Context",
            entries=_list({"$ref": "TextEntry"}),
            articleAndParentComment={"$ref": "ArticleAndParentComment"},
        ),
        _schema(
            "AttributeParameters",
            scoreType={"type": "string", "enum": ["SCORE_TYPE_UNSPECIFIED", "PROBABILITY"]},
            scoreThreshold=_number("number", "float"),
        ),
        _schema(
            "Score",
            value=_number("number", "float"),
            type={"type": "string", "enum": ["SCORE_TYPE_UNSPECIFIED", "PROBABILITY"]},
        ),
        _schema(
            "SpanScore",
            begin=_number("integer", "int32"),
            end=_number("integer", "int32"),
            score={"$ref": "Score"},
        ),
        _schema("AttributeScores", summaryScore={"$ref": "Score"}, spanScores=_list({"$ref": "SpanScore"})),
        _schema(
            "AnalyzeCommentRequest",
            comment={"$ref": "TextEntry"},
            context={"$ref": "Context"},
            requestedAttributes={
                "type": "object",
                "additionalProperties": {"$ref": "AttributeParameters"},
            },
            languages=_list({"type": "string"}),
            spanAnnotations={"type": "boolean"},
            doNotStore={"type": "boolean"},
            clientToken=_text("Comes back in the answer."),
            sessionId=_text("Ignored."),
            communityId=_text("Ignored."),
        ),
        _schema(
            "AnalyzeCommentResponse",
            attributeScores={"type": "object", "additionalProperties": {"$ref": "AttributeScores"}},
            languages=_list({"type": "string"}),
            detectedLanguages=_list({"type": "string"}),
            clientToken=_text("As it was given."),
        ),
        _schema(
            "SuggestCommentScoreRequest",
            comment={"$ref": "TextEntry"},
            context={"$ref": "Context"},
            attributeScores={"type": "object", "additionalProperties": {"$ref": "AttributeScores"}},
            languages=_list({"type": "string"}),
            communityId=_text("Ignored."),
            clientToken=_text("Comes back in the answer."),
            sessionId=_text("Ignored."),
        ),
        _schema(
            "SuggestCommentScoreResponse",
            clientToken=_text("As it was given."),
            requestedLanguages=_list({"type": "string"}),
            detectedLanguages=_list({"type": "string"}),
        ),
    )
}
