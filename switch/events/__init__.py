"""What happens in the switch, told one by one to whoever listens: WebSockets and webhooks."""
