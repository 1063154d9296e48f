"""Grafana dashboards as code. `catalogue` names them, a module each builds one, and `json/` has what they give."""
