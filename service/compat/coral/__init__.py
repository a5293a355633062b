"""What we know of Coral: its signatures, its moderation phase, its webhooks, and how it is asked for a comment."""
