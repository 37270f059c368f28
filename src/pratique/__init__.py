"""Pratique keeps every container image in a registry and a cluster scanned, verified, rebuilt and redeployed."""

__version__ = "0.1.0"
