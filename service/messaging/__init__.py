"""Tasks handed to Celery by name, over Redis or Valkey."""
