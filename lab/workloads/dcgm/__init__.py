"""The lab's GPUs: four simulated ones per GPU node, behind dcgm-exporter's metric names and a `dcgmi` command."""
