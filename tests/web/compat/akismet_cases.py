"""Comments as clients of Akismet tell them."""

from __future__ import annotations

SPAM = "Buy cheap viagra online now!!! Best price casino bonus http://pills.example http://casino.example click here"

HAM = "The new bridge saves me twenty minutes every morning, thank you to the city for building it."

DOUBT = f"{HAM} Quorble."
"""The courier's policy lets a person look at this word."""


def fields(text: str | None = HAM, **changes: str | None) -> dict[str, str]:
    told: dict[str, str | None] = {
        "blog": "https://courier.example",
        "user_ip": "192.0.2.7",
        "user_agent": "Mozilla/5.0",
        "referrer": "https://courier.example/bridge",
        "permalink": "https://courier.example/bridge?utm_source=x",
        "comment_type": "comment",
        "comment_author": "Ada",
        "comment_author_email": "ada@mail.example",
        "comment_author_url": "https://ada.example",
        "comment_content": text,
    }
    return {name: value for name, value in (told | changes).items() if value is not None}


def call(newsroom, path="comment-check", told=None):
    """Call 1.1 with the courier's Akismet key in its usual field."""
    data = {"api_key": newsroom.courier.akismet_key} | (fields() if told is None else told)
    return newsroom.client.post(f"/1.1/{path}", data=data)


def guid(answer):
    return answer.headers["X-akismet-guid"]
