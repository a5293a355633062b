"""Names that packages agree on: tasks, and keys that are kept for good."""

SCORE, DELIVER, PUBLISH, SWEEP = (
    "replydesk.score",
    "replydesk.deliver",
    "replydesk.publish",
    "replydesk.sweep",
)
"""Names of tasks: a message carries a name, never text and never an address."""

KEPT_FOR_GOOD = "import-"
"""How the idempotency keys of imported lines begin, so that an old archive can be run again at any time.

Those that callers give are digests and never begin so."""
