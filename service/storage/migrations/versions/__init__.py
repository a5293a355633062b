"""One file per step, numbered; a landed one is never changed."""
