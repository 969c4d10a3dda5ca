"""The doors without HTTP: the relay, Celery's tasks and beat. They call the same services and hold no rule."""
