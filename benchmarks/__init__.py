"""What scripts/bench runs. Ratios of one run are printed; no time is asserted."""
