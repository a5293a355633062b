"""The classifier behind one protocol, and requests scored in one batch."""
