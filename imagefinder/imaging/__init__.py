"""Pixels in, pixels out. The only home of Pillow."""
