"""
Reports from the store: pure sums over orders as :mod:`orderloom.correlation.reports_port` gives them.

Nothing is kept for them; what they count is there anyway.
"""
