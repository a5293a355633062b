"""The promise kept: keys for everything secret, addresses sealed on arrival, contacts masked in texts."""
