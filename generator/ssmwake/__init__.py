"""Render what wakes a sleeping SSM agent: cloud-init user data and SSM documents."""

__version__ = "0.1.0"
