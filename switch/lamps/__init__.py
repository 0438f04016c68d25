"""What phones show of others: lamps, presence and waiting messages, told by NOTIFY."""
