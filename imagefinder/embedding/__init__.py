"""Pixels in, unit vectors out. The only home of torch (with training): imported inside functions, never at start."""
