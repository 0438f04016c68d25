"""What one core does today: `scripts/bench`, explained in docs/explanation/performance.md."""
