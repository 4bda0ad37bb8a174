"""How good retrieval is: metrics and protocols. numpy only."""
