"""The writer that needs no model: samples written from the annotations alone."""
