"""The API of version 1: comments in, verdicts out; its documentation is made from the models that check it."""
