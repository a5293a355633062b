"""The promise kept: keys for everything secret, addresses sealed at the door, contacts masked in texts."""
