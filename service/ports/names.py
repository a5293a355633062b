"""The names that rooms agree on: tasks that a bell rings, and keys that are kept for good."""

SCORE, DELIVER, DEPART, SWEEP = "replydesk.score", "replydesk.deliver", "replydesk.depart", "replydesk.sweep"
"""The names that a bell rings: tasks carry a name, never text and never an address."""

KEPT_FOR_GOOD = "import-"
"""How the idempotency keys of imported lines begin, so that an old archive can be run again at any time.

Those that callers give are digests and never begin so."""
