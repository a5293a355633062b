"""The application: domain, use cases, storage, web and command line. Importing it imports no Flask."""
