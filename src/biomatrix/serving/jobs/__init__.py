"""Long or many requests: accepted at once, kept in SQLite, worked on in the background, fetched as JSON lines."""
