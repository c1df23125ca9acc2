"""Files of annotations whoever wrote them: JSON, JSON lines, CSV and parquet, and what is odd in their values."""
