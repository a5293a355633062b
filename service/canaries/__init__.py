"""The audit of the promise: canary addresses go through every path of a running house, and every byte is searched."""
