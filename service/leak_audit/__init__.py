"""The audit of the promise: canary addresses go through every path of an installation, and every byte is searched."""
