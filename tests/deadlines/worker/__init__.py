"""What a real worker process needs in a test: settings without eager tasks, and kinds of work."""
