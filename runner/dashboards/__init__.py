"""Our dashboards and those that Grafana has: what differs, and how it is put right."""
