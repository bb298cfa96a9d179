"""The protections around an outgoing call, outermost first.

deadline -> cache -> retry -> breaker -> bulkhead -> timeout; each is one small module.
"""
