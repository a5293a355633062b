"""The domain: what a comment is and how it is decided. Standard library only, no I/O, no clock."""
