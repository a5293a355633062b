"""What Akismet, Coral, OpenAI and Perspective say and what we answer; nothing of the web."""
