"""Template tags that any app's templates may load. Nothing here reads the database."""
