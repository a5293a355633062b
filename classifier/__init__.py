"""Spam and toxicity classifier: text in, one calibrated probability per label out; knows no comment and no database."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from classifier.labels import EFFORTS, LABELS, Effort, ModelError

if TYPE_CHECKING:
    from classifier.explain import Explanation, Span
    from classifier.model import Model, Score
    from classifier.pipeline import build_pipeline
    from classifier.text import Signals

__all__ = [
    "EFFORTS", "LABELS", "Effort", "Explanation", "Model", "ModelError", "Score", "Signals", "Span", "build_pipeline",
]  # fmt: skip

_HOMES = {
    "Explanation": "explain",
    "Model": "model",
    "Score": "model",
    "Signals": "text",
    "Span": "explain",
    "build_pipeline": "pipeline",
}


def __getattr__(name: str) -> Any:
    """Import what needs numpy and scikit-learn at its first use, so that `import classifier` stays cheap."""
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    return getattr(import_module(f"classifier.{_HOMES[name]}"), name)
