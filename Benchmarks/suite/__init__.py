"""The server's benchmarks: servers.py starts who is measured, load.py measures, the parts say what, tables.py prints and writes it."""
