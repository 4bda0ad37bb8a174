"""Rows in, an order out: what is done to embeddings before and after the search. numpy only."""
