"""
Routes: declared rules that turn an order into parts.  Pure: texts and values in, values out.

``rules`` reads and checks them, ``catalogue`` fills an order in, ``plan`` plans it; ``explain`` and
``selftest`` speak to people.  How to write rules: docs/routes.md.
"""
