"""What a field of an annotation means: its name, its number or text, and how its bounding boxes are written."""
