"""What a reply is worth: parsed, cleaned, repaired and checked against what is known of the image."""
