"""What operators run the switch with: systemd, Kubernetes, Prometheus and its alerts, dashboards."""
