"""What comes in and goes out, as pydantic models: the API's schema, the tools' schema, and what jobs keep."""
