"""The box around code of tenants: namespaces, a root with only what it needs, a user and limits of its own, no rights.

Only ctypes and the standard library, and everything is imported before a fork: forks of the fork server use it too.
packages/isolation/src/description.ts says what a description of a box holds; what is null or absent is not done.
"""
