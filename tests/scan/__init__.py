"""Layers in, Inventory out."""
