"""Reports on paper and on pages, drawn from words and numbers alone."""

ABSENT = "–"
"""What stands where there is no number."""
