"""The command line: a composition root that starts processes by name and speaks to operators."""
