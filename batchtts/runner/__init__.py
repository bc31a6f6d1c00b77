"""The run: everything brought together."""
