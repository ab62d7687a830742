"""Proxies of objects in stores."""
