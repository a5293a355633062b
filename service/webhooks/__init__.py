"""Webhooks to sites: signatures, the retry plan, and which addresses may be called."""
