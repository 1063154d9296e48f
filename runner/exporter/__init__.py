"""What `chaos exporter` serves to Prometheus: faults in effect from the ledger, results from the store."""
