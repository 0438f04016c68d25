"""What calls to trunks may cost: the toll-fraud guard."""
