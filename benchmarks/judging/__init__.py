"""The texts that the judge is measured on, and the faults that are planted in them."""
