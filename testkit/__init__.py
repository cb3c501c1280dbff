"""Starts the built server and Redis for everything in Python: tests, load tests, benchmarks and script/trust.

The load tests also run without this package, in a cluster, so the code that reads metrics and Redis is part of them:
loadtest/metrics.py and loadtest/redis_protocol.py.
"""
