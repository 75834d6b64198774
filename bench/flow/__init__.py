"""
Orders of four parts through the whole hub, beside the bare relay of the same messages.

Run by ``make bench`` (``python -m bench.flow --help``).  In interleaved rounds on one private RabbitMQ: the
hub on SQLite, the hub on PostgreSQL, and the floor, a process that moves as many messages of the same size
over the same queues and neither reads nor keeps them.  Ratios of one run can be compared; absolute numbers
are the machine's.

Uses what the tests use to start private servers: it runs from a checkout.
"""
