"""Teaching a network what similar means. The other home of torch."""
