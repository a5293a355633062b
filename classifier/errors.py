"""What can go wrong between a model file and its reader."""


class ModelError(Exception):
    """The model cannot be used; the message says why and what to do about it, in one line."""
