"""SLOs against the world: files, Prometheus, promtool."""
