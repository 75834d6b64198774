"""adapters/outbound."""
