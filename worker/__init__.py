"""The worker: the same application, entered through Celery. It never imports the web."""
