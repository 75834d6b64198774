"""
RabbitMQ and nothing about orders: a port, its two drivers, topology, and tools.

The port (:mod:`broker.port`) is what an engine is written against; :mod:`broker.rabbit` and
:mod:`broker.memory` stand behind it.  Queue and exchange names are always given to this
package, never known by it.
"""
