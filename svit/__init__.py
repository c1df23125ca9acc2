"""Visual instruction data from image annotations."""

__version__ = "0.1.0"
