"""The application: the domain, its verbs, and the rooms that keep its promises. Importing it imports no Flask."""
