"""adapters/inbound."""
