"""Starts the built server and Redis for everything in Python: tests, load tests, benchmarks and script/trust.

The load tests also run where this package is not, in a cluster, so what reads metrics and Redis is theirs:
loadtest/metrics.py and loadtest/redis_protocol.py.
"""
