"""
The engine: batches of deliveries in, one transaction each, settled after the commit, published after that.

One thread, no clock of its own, no sleeping; threads live only inside the drivers behind its ports.
"""
