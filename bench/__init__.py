"""Measures the portal on this machine; figures are ratios within one run (see __main__)."""
