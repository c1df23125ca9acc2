"""Money: prices, ceilings, what requests may cost and did cost, and the ledger of all runs."""
