"""Counters and heartbeats that the processes of one host share."""
