"""The first reader: text in, seven calibrated probabilities out; knows no comment and no database."""

from classifier.errors import ModelError
from classifier.explain import Explanation, Span
from classifier.model import LABELS, Model, Score, Signals

__all__ = ["LABELS", "Explanation", "Model", "ModelError", "Score", "Signals", "Span"]
