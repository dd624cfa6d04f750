"""What operators and security officers may rely on."""
