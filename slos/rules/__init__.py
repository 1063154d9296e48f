"""What SLOs compile to: recording and alerting rules for Prometheus."""
