"""What does the work: follows the rooms, writes to them, and keeps what is declared true."""
