"""Old comments brought in from a file: JSON Lines and WordPress exports."""
