"""Texts and the places of their characters, YAML and JSON as nodes with places, and placeholders of other programs."""
