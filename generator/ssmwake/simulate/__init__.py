"""A world without AWS: a fake IMDS, a stand-in agent, a stand-in SSM endpoint, and a systemctl that supervises them.

Everything in this folder needs only the standard library (Python 3.9 or later), so that a copy runs in a container.
"""
